"""What ``castcore plugin list|info|check`` show, without loading a third-party plugin into this process."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path

from packaging.specifiers import SpecifierSet

import castcore_sdk
from castcore_core.plugins import catalogue
from castcore_core.plugins.breadcrumb import Trail
from castcore_core.plugins.discovery import Manifest
from castcore_core.plugins.fingerprint import code_folder
from castcore_core.plugins.loading import load_module
from castcore_core.plugins.offer import BUILTIN
from castcore_core.plugins.project import Opened, installed_of, opened, source_of
from castcore_core.plugins.registry import Claims
from castcore_core.plugins.review import review
from castcore_core.plugins.review.material import Material
from castcore_core.plugins.standing import StandingFile
from castcore_core.plugins.state import LoadError, PluginState, Reason, Refusal
from castcore_core.plugins.survey import BUILTIN_MODULE, PluginRecord, builtin_record, find, find_record, survey, trials
from castcore_core.plugins.trial import Trial, Trials
from castcore_sdk import CheckResult, ConfigurationError, Severity


@dataclass(frozen=True, slots=True)
class PluginInfo:
    """Everything that is known about one plugin."""

    record: PluginRecord
    homepage: str
    licence: str
    author: str
    requires: tuple[str, ...]
    languages: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PluginReport:
    """Answers for one installation; the fields are those of `PluginHost`. ``limit`` is for a trial, in seconds."""

    data: Path
    cache: Path
    builtin: str = BUILTIN_MODULE
    path: Sequence[str] | None = None
    limit: float = 10.0

    def list(self) -> tuple[PluginRecord, ...]:
        """Return all plugins as they would be loaded now; LOADED means that nothing stands against it."""
        standing = StandingFile(self.data / "plugins").read()
        first, claims = self._builtin(), Claims()
        claims.take(BUILTIN, first.offers)
        return first, *survey(find(standing, self.path), standing, self._trials(), claims)

    def info(self, plugin: str) -> PluginInfo:
        """Return what is known about ``plugin``. Raises NotFoundError ``plugins.unknown``."""
        record = find_record(self.list(), plugin)
        folder = code_folder(record.manifest.module, self.path)
        languages = [
            language for language in ("en", "de") if folder and (folder / "locales" / f"{language}.json").is_file()
        ]
        try:
            about = metadata(record.manifest.distribution or "-").json
        except PackageNotFoundError:  # found on another path, or run from a source tree
            return PluginInfo(record, "", "", "", (), tuple(languages))
        pages = dict(line.split(", ", 1) for line in about.get("project_url", ()) if ", " in line)
        return PluginInfo(
            record,
            homepage=str(about.get("home_page") or pages.get("Homepage", "")),
            licence=str(about.get("license_expression") or about.get("license") or ""),
            author=str(about.get("author") or about.get("author_email") or ""),
            requires=tuple(about.get("requires_dist", ())),
            languages=tuple(languages),
        )

    def texts(self, language: str) -> Mapping[str, Mapping[str, str]]:
        """Return the texts of all installed plugins, for `castcore_core.i18n.translate`."""
        manifests = find(StandingFile(self.data / "plugins").read(), self.path)
        found = ((manifest.id, code_folder(manifest.module, self.path)) for manifest in manifests)
        return catalogue.merged(((plugin, folder) for plugin, folder in found if folder), language)

    def check(self, target: str, *, tests: bool = True) -> tuple[CheckResult, ...]:
        """Hold one plugin against the contract, always with a fresh trial, and review its files.

        ``target`` is an id, or the path of a wheel, of a source folder with a pyproject.toml, or of a folder with
        distributions. ``tests`` also runs the tests of a source folder. Raises NotFoundError ``plugins.unknown`` or
        ConfigurationError ``plugins.target_unreadable``.
        """
        path = Path(target)
        if "/" not in target and not path.exists():
            manifest = find_record(self.list(), target).manifest
            if manifest.id == BUILTIN:
                raise ConfigurationError("plugins.builtin_fixed")
            project = source_of(manifest.distribution)
            about = installed_of(manifest.distribution, self.path)
            found = Opened((manifest,), list(self.path or ()), about, project)
            return tuple(self._lines(found, self._trials(), tests=tests))
        with opened(path) as found:
            if not found.manifests:
                raise ConfigurationError("plugins.target_unreadable", params={"target": target[:300]})
            tries = trials(self.cache / "check", found.path, self.limit)
            return tuple(self._lines(found, tries, tests=tests))

    def _builtin(self) -> PluginRecord:
        record = builtin_record(self.builtin)
        try:
            inspection = load_module(Trail(), BUILTIN, self.builtin)
        except LoadError as error:
            return record.refused(Refusal(PluginState.FAILED, error.reason))
        return PluginRecord(record.manifest, record.state, None, tuple(item.offer for item in inspection.contributions))

    def _trials(self) -> Trials:
        return trials(self.cache, self.path, self.limit)

    def _lines(self, found: Opened, tries: Trials, *, tests: bool) -> Iterator[CheckResult]:
        outcomes = tries.run((manifest for manifest in found.manifests if manifest.refusal is None), afresh=True)
        for manifest in found.manifests:
            if manifest.refusal:
                yield _bad(manifest.refusal.reason)
                continue
            trial, folder = outcomes[manifest.id], code_folder(manifest.module, found.path or None)
            lines = [*_metadata_lines(manifest), *_trial_lines(manifest, trial)]
            if conflict := self._conflict(manifest, trial):
                lines.append(_bad(conflict))
            lines += _text_lines(manifest, folder)
            yield from lines
            if folder:
                material = Material(manifest, folder, found.about.get(manifest.distribution), found.project)
                yield from review(material, trial.offers, trial.notes, lines, tests=tests)

    def _conflict(self, manifest: Manifest, trial: Trial) -> Reason | None:
        claims = Claims()
        for record in self.list():
            if record.id != manifest.id and record.state is PluginState.LOADED:
                claims.take(record.id, record.offers)
        return claims.conflict(manifest.id, trial.offers)


def _bad(reason: Reason) -> CheckResult:
    params = {**reason.params, "detail": reason.detail} if reason.detail else dict(reason.params)
    return CheckResult(code=reason.code, severity=Severity.ERROR, params=params)


def _good(code: str, **params: str | int | float) -> CheckResult:
    return CheckResult(code=code, severity=Severity.OK, params=params)


def _metadata_lines(manifest: Manifest) -> Iterator[CheckResult]:
    yield _good(
        "plugins.check_metadata",
        plugin=manifest.id,
        distribution=manifest.distribution,
        version=manifest.version,
        module=manifest.module,
    )
    yield _good("plugins.check_sdk", required=manifest.sdk_range, installed=castcore_sdk.__version__)
    if not any(clause.operator in ("<", "<=", "==", "~=") for clause in SpecifierSet(manifest.sdk_range)):
        params = {"required": manifest.sdk_range}
        yield CheckResult(code="plugins.sdk_range_open", severity=Severity.WARNING, params=params)


def _trial_lines(manifest: Manifest, trial: Trial) -> Iterator[CheckResult]:
    if not any(fault.code.startswith(("plugins.import_", "plugins.trial_")) for fault in trial.faults):
        yield _good("plugins.check_import", module=manifest.module, seconds=round(trial.seconds, 2))
    for fault in trial.faults:
        yield _bad(fault)
    if not trial.faults and not trial.offers:
        yield CheckResult(code="plugins.offers_none", severity=Severity.WARNING, params={"plugin": manifest.id})
    elif not trial.faults:
        offers = ", ".join(f"{offer.kind.value} {offer.id}" for offer in trial.offers)
        yield _good("plugins.check_offers", count=len(trial.offers), offers=offers)


def _text_lines(manifest: Manifest, folder: Path | None) -> Iterator[CheckResult]:
    found = list(catalogue.problems(folder, manifest.id)) if folder else []
    for language, problem in found:
        params = {"language": language, "problem": problem}
        yield CheckResult(code="plugins.text_missing", severity=Severity.ERROR, params=params)
    if not found:
        yield _good("plugins.check_texts", plugin=manifest.id)
