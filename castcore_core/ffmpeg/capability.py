"""Learn what a build really can here: by encoding, not by believing its lists."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import os
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from castcore_core.ffmpeg.build import CLASSIC_CODECS, FFmpegBuild
from castcore_core.ffmpeg.diagnosis import diagnose
from castcore_core.ffmpeg.hardware import hardware_fingerprint
from castcore_core.ffmpeg.listing import list_features
from castcore_core.ffmpeg.process import Outcome, run
from castcore_sdk import EncoderArguments, EncodeRequest, FFmpegInfo

PROBE_SECONDS = 15.0
"""Time for one probe; a second of 320x180 takes a healthy encoder a fraction of one."""
_PARALLEL = 2
_FORMAT = 1
_QUIET = ("-hide_banner", "-nostdin", "-loglevel", "level+warning")
_PICTURE = ("-f", "lavfi", "-i", "testsrc=s=320x180:r=30:d=1")
_TONE = ("-f", "lavfi", "-i", "sine=f=440:r=48000:d=1")
_BUS_PROBES: Mapping[str, tuple[str, ...]] = {
    "h264": (*_PICTURE, "-pix_fmt", "yuv420p", "-c:v", "libx264", "-preset", "ultrafast"),
    "hevc": (
        *_PICTURE,
        "-pix_fmt",
        "yuv420p",
        "-c:v",
        "libx265",
        "-preset",
        "ultrafast",
    ),
    "av1": (*_PICTURE, "-pix_fmt", "yuv420p", "-c:v", "libsvtav1", "-preset", "9", "-frames:v", "10"),
    "aac": (*_TONE, "-c:a", "aac"),
    "opus": (*_TONE, "-c:a", "libopus"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What came of one probe."""

    works: bool
    code: str = ""
    """Why not."""
    params: Mapping[str, str | int | float | bool] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """What a build lists, and which codecs it carries through FLV and back."""

    info: FFmpegInfo
    protocols: frozenset[str]
    bus_codecs: frozenset[str]


def probe_request(codec: str, *, pixel_format: str = "yuv420p") -> EncodeRequest:
    """Return the request to ask an encoder for the arguments of its probe."""
    return EncodeRequest(
        width=320,
        height=180,
        fps=30,
        video_bitrate=500_000,
        keyframe_interval=timedelta(seconds=1),
        codec=codec,
        pixel_format=pixel_format,
    )


class CapabilityProbe:
    """Probes one build on this machine; what was learnt is kept in ``folder`` until build or hardware change.

    Failures are not kept: a device may be busy now and free in a minute.
    """

    def __init__(self, build: FFmpegBuild, folder: Path | None = None, *, root: Path = Path("/")) -> None:
        self.build = build
        key = f"{_FORMAT}:{build.identity}:{hardware_fingerprint(root)}"
        name = hashlib.sha256(key.encode()).hexdigest()[:24]
        self._file = folder / f"ffmpeg-{name}.json" if folder is not None else None
        self._known: dict[str, Any] = {}
        self._read = False
        self._turns = asyncio.Semaphore(_PARALLEL)

    async def capabilities(self) -> Capabilities:
        """Return what the build lists and carries. Raises TemporaryError ``ffmpeg.no_answer``."""
        await self._load()
        with contextlib.suppress(KeyError, TypeError, ValueError):  # nothing kept, or nothing that can be read
            return _capabilities(self._known["capabilities"])
        info, protocols = await list_features(self.build)
        # older builds refuse the others, and the SVT-AV1 of 5.1 hangs over the refusal
        wanted = [codec for codec in _BUS_PROBES if codec in CLASSIC_CODECS or self.build.enhanced_flv]
        carried = await asyncio.gather(*(self._carries(_BUS_PROBES[codec]) for codec in wanted))
        codecs = frozenset(codec for codec, works in zip(wanted, carried, strict=True) if works)
        found = Capabilities(info=info, protocols=protocols, bus_codecs=codecs)
        await self._keep("capabilities", _plain(found))
        return found

    async def prove(self, arguments: EncoderArguments, *, pixel_format: str = "yuv420p") -> Proof:
        """Encode a second of picture with exactly these arguments and say whether that worked, and if not, why."""
        await self._load()
        command = _probe_command(arguments, pixel_format)
        key = hashlib.sha256("\0".join(command).encode()).hexdigest()[:24]
        if self._known.get(key) is True:
            return Proof(works=True)
        async with self._turns:
            outcome = await run([self.build.path, *command], timeout=PROBE_SECONDS)
        proof = _judge(outcome)
        if proof.works:
            await self._keep(key, True)
        return proof

    async def _carries(self, encode: tuple[str, ...]) -> bool:
        async with self._turns:
            written = await run([self.build.path, *_QUIET, *encode, "-f", "flv", "pipe:1"], timeout=PROBE_SECONDS)
            if written.status != 0 or not written.output:
                return False
            command = [self.build.path, *_QUIET, "-f", "flv", "-i", "pipe:0", "-map", "0", "-f", "framecrc", "pipe:1"]
            read = await run(command, timeout=PROBE_SECONDS, stdin=written.output)
        return read.status == 0 and any(line[:1].isdigit() for line in read.output.decode().splitlines())

    async def _load(self) -> None:
        if not self._read and self._file is not None:
            self._known = await asyncio.to_thread(_load, self._file)
        self._read = True

    async def _keep(self, key: str, value: object) -> None:
        self._known[key] = value
        if self._file is not None:
            await asyncio.to_thread(_save, self._file, dict(self._known))


def _probe_command(arguments: EncoderArguments, pixel_format: str) -> list[str]:
    chain = ",".join((f"format={pixel_format}", *arguments.filters))
    return [*_QUIET, *arguments.input_options, *_PICTURE, "-vf", chain, *arguments.output_options, "-f", "null", "-"]


def _judge(outcome: Outcome) -> Proof:
    if outcome.timed_out:
        return Proof(works=False, code="ffmpeg.probe_timeout", params={"seconds": round(PROBE_SECONDS)})
    if outcome.status == 0:
        return Proof(works=True)
    found = diagnose(outcome.log, status=outcome.status, seconds=outcome.seconds)
    return Proof(works=False, code=found.code, params=found.params)


def _plain(found: Capabilities) -> dict[str, Any]:
    info = {key: sorted(value) if isinstance(value, frozenset) else value for key, value in asdict(found.info).items()}
    return {"info": info, "protocols": sorted(found.protocols), "bus_codecs": sorted(found.bus_codecs)}


def _capabilities(data: Mapping[str, Any]) -> Capabilities:
    info = data["info"]
    return Capabilities(
        info=FFmpegInfo(
            version=tuple(int(part) for part in info["version"]),
            **{name: _words(info[name]) for name in ("encoders", "filters", "hwaccels")},
        ),
        protocols=_words(data["protocols"]),
        bus_codecs=_words(data["bus_codecs"]),
    )


def _words(value: list[str]) -> frozenset[str]:
    if not all(isinstance(word, str) for word in value):
        raise ValueError("words are wanted")
    return frozenset(value)


def _load(file: Path) -> dict[str, Any]:
    """Return what was kept; a file that is missing, cut or damaged is as good as none."""
    try:
        data = json.loads(file.read_bytes())
    except (OSError, ValueError):
        return {}
    return data if isinstance(data, dict) else {}


def _save(file: Path, data: dict[str, Any]) -> None:
    """Replace the file as a whole. A folder that cannot be written costs probes next time, nothing else."""
    with contextlib.suppress(OSError):
        file.parent.mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(dir=file.parent, prefix=file.name)
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as copy:
                json.dump(data, copy)
            Path(name).replace(file)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
