"""The conformance suite for destinations."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, ClassVar

import httpx2 as httpx

from castcore_sdk.config import parse_config
from castcore_sdk.destination import (
    BroadcastMetadata,
    BroadcastPhase,
    BroadcastRequest,
    BroadcastStatus,
    Destination,
    PublishProtocol,
    PublishTarget,
    StreamLimits,
    SupportsMetadata,
    SupportsStatus,
    SupportsThumbnail,
)
from castcore_sdk.errors import CastCoreError, ConfigurationError, NotFoundError
from castcore_sdk.testing.context import TOKEN, MemoryContext
from castcore_sdk.testing.extension import CANARY, ExtensionConformance
from castcore_sdk.testing.fault import FAILING, PASSING, answers
from castcore_sdk.testing.patience import running, unblocked
from castcore_sdk.testing.wording import no_secret, told

_CODEC = re.compile(r"[a-z0-9_]+")
_PATHS = frozenset({PublishProtocol.FILE, PublishProtocol.HLS})
TITLES = ("Live", "Übertragung 東京 🎬", "a " * 2000, "line\nbreak", "<b>&amp;</b>", " ")
"""Titles that people and programs give; the first two have to be taken."""
PICTURE = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c49444154"
    "789c63f8cfc0000003010100c9fe92ef0000000049454e44ae426082"
)
"""A PNG of one red pixel."""
BAD_URLS = (
    "",
    "{scheme}",
    "{scheme}:",
    "{scheme}://",
    "{scheme}:///",
    "{scheme}://[::1/app/key",
    "{scheme}://host:99999/app/key",
    "{scheme}://host:port/app/key",
    "{scheme}://user:{canary}@host:0/app",
    "{scheme}://ho st/{canary}",
    "{scheme}://host/app/{canary}\n",
    "{scheme}://host/app\x00/{canary}",
    "{scheme}://host/app/\ud800{canary}",
    "{scheme}://host?passphrase={canary}&a=%zz",
    "{scheme}://user:{canary}@host/" + "a" * 10_000,
    "unknown-scheme://host/{canary}",
)


class DestinationConformance(ExtensionConformance):
    """Inherit it, set ``extension`` and ``config``, and ``urls`` where it has URL schemes.

    The configuration's secrets should be long and unlike anything else: they are searched for in what comes out.
    """

    extension: ClassVar[type[Destination[Any]]]
    """The destination under test."""
    urls: ClassVar[tuple[str, ...]] = ()
    """URLs that ``config_from_url`` takes: at least one for each of ``url_schemes``."""

    def test_protocols_are_declared(self) -> None:
        """``protocols`` holds at least one protocol."""
        protocols = getattr(self.extension, "protocols", None)
        assert isinstance(protocols, frozenset), "protocols has to be a frozenset"
        assert protocols, "protocols is empty"
        assert all(isinstance(protocol, PublishProtocol) for protocol in protocols), protocols

    def test_limits_make_sense(self) -> None:
        """Limits are positive, codecs are lower-case names and at least one of each kind."""
        _check_limits(self.extension.limits)

    def test_limits_by_picture_make_sense(self) -> None:
        """``limits_for`` answers every picture, the odd ones too."""
        destination = self.extension(self.settings(), MemoryContext())
        for width, height, fps in ((1920, 1080, 30.0), (1080, 1920, 59.94), (2, 2, 1.0), (7680, 4320, 120.0)):
            for codec in ("h264", "hevc", "av1", "unknown"):
                _check_limits(destination.limits_for(width, height, fps, codec))

    def test_it_opens_and_closes(self) -> None:
        """A broadcast has a reference and an address that fits its protocol, and closing it twice is no error."""

        async def run(destination: Destination[Any], context: MemoryContext) -> None:
            target = await unblocked(lambda: destination.open_broadcast(request()))
            assert isinstance(target, PublishTarget), target
            assert target.reference, "the reference is empty"
            assert target.protocol in self.extension.protocols, f"{target.protocol} is not in protocols"
            for url in filter(None, (target.url, target.backup_url)):
                fits = url.startswith("/") if target.protocol in _PATHS else url.startswith(f"{target.protocol}://")
                assert fits, f"the url does not fit {target.protocol}"
            await unblocked(lambda: destination.close_broadcast(target.reference))
            await destination.close_broadcast(target.reference)

        self._with(run)

    def test_opening_again_gives_the_same_broadcast(self) -> None:
        """The same ``broadcast_id`` is the same broadcast: core asks again after a crash."""

        async def run(destination: Destination[Any], context: MemoryContext) -> None:
            first = await destination.open_broadcast(request())
            second = await destination.open_broadcast(request())
            assert first.reference == second.reference, "a second broadcast for the same broadcast_id"
            await destination.close_broadcast(first.reference)

        self._with(run)

    def test_no_secret_is_in_sight(self) -> None:
        """No secret of the configuration, and no token, is in what is shown, logged or published."""

        async def run(destination: Destination[Any], context: MemoryContext) -> None:
            target = await destination.open_broadcast(request())
            await destination.close_broadcast(target.reference)
            shown = [repr(target), target.url, target.reference, target.backup_url or "", *target.options.values()]
            no_secret(self._hidden(), [*shown, *context.lines, *map(repr, context.events)], "what is shown")

        self._with(run)

    def test_failures_tell_no_secret(self) -> None:
        """No secret is in an error, what it was raised from, or what is logged while the platform fails."""
        for answer in answers():
            shown: list[str] = []

            async def run(destination: Destination[Any], context: MemoryContext, shown: list[str] = shown) -> None:
                try:
                    await _open_and_close(destination, context)
                except Exception as error:  # whatever it is, it must not tell
                    shown += told(error)
                shown += [*context.lines, *map(repr, context.events)]

            with suppress(CastCoreError):  # from the start
                self._with(run, transport=httpx.MockTransport(answer), limit=FAILING)
            no_secret(self._hidden(), shown, answer.__name__)

    def test_failures_of_the_platform_are_typed(self) -> None:
        """No network, odd answers and errors end in a CastCoreError; those that pass are TemporaryErrors."""
        for answer in answers():
            try:
                self._with(_open_and_close, transport=httpx.MockTransport(answer), limit=FAILING)
            except CastCoreError as error:
                if answer.__name__ in PASSING and not error.retryable:
                    message = f"{answer.__name__}: {type(error).__name__} is not retryable"
                    raise AssertionError(message) from error
            except AssertionError as error:
                raise AssertionError(f"{answer.__name__}: {error}") from None
            except Exception as error:
                raise AssertionError(f"{answer.__name__}: {type(error).__name__} instead of a CastCoreError") from error

    def test_metadata_takes_any_text(self) -> None:
        """Any title is shown, or refused with a CastCoreError; a reference that is unknown with NotFoundError."""

        async def run(destination: Destination[Any], context: MemoryContext) -> None:
            if not destination.offers(SupportsMetadata):
                return
            assert isinstance(destination, SupportsMetadata)
            target = await destination.open_broadcast(request())
            for title in TITLES:
                metadata = BroadcastMetadata(title=title, description=title * 3, tags=(title, ""), language="de")
                try:
                    await destination.update_metadata(target.reference, metadata)
                except CastCoreError as error:
                    if title in TITLES[:2]:
                        raise AssertionError(f"{title!r} refused: {error.code}") from error
            try:
                await destination.update_metadata(f"unknown-{CANARY}", BroadcastMetadata(title="x"))
            except NotFoundError:
                return
            raise AssertionError("an unknown reference has to raise NotFoundError")

        if issubclass(self.extension, SupportsMetadata):
            self._with(run)

    def test_status_is_told(self) -> None:
        """An open broadcast has a status; after its end it is not live."""

        async def run(destination: Destination[Any], context: MemoryContext) -> None:
            if not destination.offers(SupportsStatus):
                return
            assert isinstance(destination, SupportsStatus)
            target = await destination.open_broadcast(request())
            status = await destination.status(target.reference)
            assert isinstance(status, BroadcastStatus), status
            await destination.close_broadcast(target.reference)
            try:
                ended = await destination.status(target.reference)
            except NotFoundError:
                return
            assert ended.phase is not BroadcastPhase.LIVE, "live after its end"

        if issubclass(self.extension, SupportsStatus):
            self._with(run)

    def test_thumbnails_are_shown(self) -> None:
        """A picture is taken; what is none, and what has an unknown reference, is refused with a CastCoreError."""

        async def run(destination: Destination[Any], context: MemoryContext) -> None:
            if not destination.offers(SupportsThumbnail):
                return
            assert isinstance(destination, SupportsThumbnail)
            target = await destination.open_broadcast(request())
            await destination.set_thumbnail(target.reference, PICTURE, "image/png")
            for image, media_type in ((b"", "image/png"), (b"<svg/>", "image/jpeg"), (PICTURE, "text/html")):
                try:
                    await destination.set_thumbnail(target.reference, image, media_type)
                except CastCoreError:
                    continue
                raise AssertionError(f"{image!r} was taken as {media_type}")
            try:
                await destination.set_thumbnail(f"unknown-{CANARY}", PICTURE, "image/png")
            except NotFoundError:
                return
            raise AssertionError("an unknown reference has to raise NotFoundError")

        if issubclass(self.extension, SupportsThumbnail):
            self._with(run)

    def test_urls_become_configurations(self) -> None:
        """Each of ``urls`` gives a valid configuration, and each scheme has one."""
        schemes = self.extension.url_schemes
        assert all(scheme == scheme.lower() for scheme in schemes), "schemes are lower-case"
        assert {url.partition(":")[0] for url in self.urls} == set(schemes), "urls has to show every scheme once"
        for url in self.urls:
            parse_config(self.extension.config_model, self.extension.config_from_url(url))

    def test_bad_urls_are_refused(self) -> None:
        """Nonsense ends in a ConfigurationError that does not quote a secret, never in anything else."""
        for scheme in self.extension.url_schemes:
            for form in BAD_URLS:
                url = form.replace("{scheme}", scheme).replace("{canary}", CANARY)
                try:
                    parse_config(self.extension.config_model, self.extension.config_from_url(url))
                except ConfigurationError as error:
                    no_secret([CANARY], [*told(error), repr(error.__context__)], f"the error about {form[:80]!r}")
                except Exception as error:
                    message = f"{form[:80]!r}: {type(error).__name__} instead of ConfigurationError"
                    raise AssertionError(message) from error

    def _hidden(self) -> list[str]:
        return [*self.secrets(), TOKEN]

    def _with(
        self,
        run: Callable[[Any, MemoryContext], Awaitable[None]],
        transport: httpx.AsyncBaseTransport | None = None,
        limit: float | None = None,
    ) -> None:
        async def main() -> None:
            async with self.opened(transport) as (destination, context):
                await run(destination, context)

        running(main(), limit=limit)


def _check_limits(limits: object) -> None:
    assert isinstance(limits, StreamLimits), "limits have to be StreamLimits"
    numbers = (limits.max_video_bitrate, limits.max_audio_bitrate, limits.max_width, limits.max_height)
    for number in (*numbers, limits.max_fps):
        assert number is None or number > 0, f"a limit of {number}"
    interval = limits.keyframe_interval
    assert interval is None or interval.total_seconds() > 0, f"a keyframe interval of {interval}"
    assert limits.video_codecs or limits.audio_codecs, "it takes no codec"
    for codec in limits.video_codecs | limits.audio_codecs:
        assert _CODEC.fullmatch(codec), f"codec {codec!r}: lower case, as ffmpeg calls it"


def request() -> BroadcastRequest:
    """Return the broadcast that the suite asks for."""
    return BroadcastRequest(broadcast_id="conformance-1", metadata=BroadcastMetadata(title="Conformance"))


async def _open_and_close(destination: Destination[Any], context: MemoryContext) -> None:
    target = await destination.open_broadcast(request())
    await destination.close_broadcast(target.reference)
