"""Put what happened into words: in the reader's language, without secrets, as short as the notifier wants it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from castcore_core.i18n import Text, catalogue, translate
from castcore_core.notifications.event import Happening, Reason
from castcore_core.notifications.incident import Told
from castcore_core.secrets import scrubber
from castcore_sdk import Params

_TITLE = 200
_BODY = 10_000

Texts = Callable[[str], Mapping[str, Mapping[str, str]]]
"""Returns the plugins' texts of a language."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Worded:
    """A message as it is read."""

    title: str
    body: str
    link: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Writer:
    """Writes for all readers of this server."""

    server: str
    """Its name, in front of every title."""
    language: str
    """Of readers who have chosen none."""
    public_url: str | None
    texts: Texts

    def write(self, told: Told, language: str | None, longest: int | None) -> Worded:
        """Return the message in ``language``; the body has ``longest`` characters at most."""
        language = language or self.language
        text = translate(told.what.kind.text, told.what.params, language=language)
        parts = [text.cause, *self._reason(told.what, text, language), *_count(told, language)]
        return Worded(
            title=one_line(f"{self.server}: {text.message}", _TITLE),
            body=shortened(scrubber.scrub("\n".join(filter(None, parts))), min(longest or _BODY, _BODY)),
            link=self.link(told.what),
        )

    def link(self, what: Happening) -> str | None:
        """Return the address of the page that shows more, where one is known."""
        if self.public_url is None or not what.kind.page:
            return None
        return self.public_url + what.kind.page.replace("{subject}", what.subject.partition("/")[0])

    def _reason(self, what: Happening, text: Text, language: str) -> Iterator[str]:
        remedy = text.remedy
        if what.reason is not None:
            reason = self._translated(what.reason, language)
            yield f"{reason.message} {reason.cause}".strip()
            remedy = reason.remedy or remedy
        yield remedy

    def _translated(self, reason: Reason, language: str) -> Text:
        known = reason.code in catalogue(language)
        return translate(reason.code, reason.params, language=language, extra=None if known else self.texts(language))


def one_line(text: str, longest: int) -> str:
    """Return ``text`` without secrets and line breaks, shortened."""
    clean = " ".join("".join(each if each.isprintable() else " " for each in scrubber.scrub(text)).split())
    return shortened(clean, longest)


def shortened(text: str, longest: int) -> str:
    """Return at most ``longest`` characters of ``text``, with … where something is left out."""
    return text if len(text) <= longest else f"{text[: max(0, longest - 1)].rstrip()}…"


def short(params: Params) -> dict[str, str | int | float | bool]:
    """Return values for programs: without secrets, every text a line of at most 256 characters."""
    return {key: one_line(value, 256) if isinstance(value, str) else value for key, value in params.items()}


def duration(seconds: float) -> str:
    """Return a length of time as people of any language read it: ``45 s``, ``12 min``, ``3 h 05 min``."""
    if seconds < 60:
        return f"{max(1, round(seconds))} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02d} min"


def _count(told: Told, language: str) -> Iterator[str]:
    """Say how often and how long it was so."""
    if told.ends:
        code = "lasted" if told.times == 1 else "flapped"
    elif told.times > 1:
        code = "again" if told.what.kind.topic else "repeated"
    else:
        return
    params = {"times": told.times, "duration": duration(told.seconds)}
    yield translate(f"notifications.{code}", params, language=language).message
