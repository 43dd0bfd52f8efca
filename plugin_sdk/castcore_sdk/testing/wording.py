"""What a plugin says: the texts of its catalogues, and what its errors tell."""

from __future__ import annotations

import json
import traceback
from collections.abc import Iterable, Iterator, Mapping
from importlib.resources import files
from pathlib import Path

from castcore_sdk.errors import CastCoreError


def catalogue(package: str | Path, plugin: str, language: str) -> Mapping[str, Mapping[str, str]]:
    """Return code → texts of ``locales/LANGUAGE.json`` in a package or folder; fail where there are none."""
    place = f"locales/{language}.json in {package}"
    try:
        folder = package if isinstance(package, Path) else files(package)
        text = (folder / "locales" / f"{language}.json").read_text(encoding="utf-8")
    except (OSError, TypeError):
        # A module of one file is no package.
        raise AssertionError(f"its codes need texts: there is no {place}") from None
    try:
        found = json.loads(text)
        return {f"{plugin}.{name.removeprefix(f'{plugin}.')}": dict(texts) for name, texts in found.items()}
    except (ValueError, TypeError, AttributeError) as error:
        raise AssertionError(f"{place} is not name → texts: {error}") from None


def told(error: BaseException) -> Iterator[str]:
    """Yield what a log would show of an error and of what it was raised from, each with its place."""
    seen: BaseException | None = error
    while seen is not None:
        place = "".join(f"{frame.filename}:{frame.lineno}: " for frame in traceback.extract_tb(seen.__traceback__)[-1:])
        yield f"{place}{seen!r} {seen}"
        if isinstance(seen, CastCoreError):
            yield f"{place}{seen.code} {dict(seen.params)} {seen.detail}"
        seen = seen.__cause__ or (None if seen.__suppress_context__ else seen.__context__)


def no_secret(secrets: Iterable[str], shown: Iterable[str], where: str) -> None:
    """Fail where a secret is in what is shown, and show it without the secret."""
    texts = list(shown)
    for secret in secrets:
        for text in texts:
            if secret in text:
                raise AssertionError(f"{where}: a secret is in {text.replace(secret, '•••')[:500]!r}")
