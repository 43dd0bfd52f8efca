"""Build the arguments that make a rendition's slate: two seconds of picture and silence."""

from __future__ import annotations

import math
from dataclasses import dataclass

from castcore_core.ffmpeg.overlay import drawn_text
from castcore_core.ffmpeg.profile import AudioSettings, TextOverlay
from castcore_core.ffmpeg.sound import silent_input, sound_options
from castcore_core.ffmpeg.video import VideoPlan
from castcore_core.runner.plan import Argument, Ref, SlatePlan

SECONDS = 2
START = ("-hide_banner", "-nostdin", "-nostats", "-loglevel", "level+warning")
FLV = ("-flvflags", "no_duration_filesize", "-flush_packets", "1", "-f", "flv")


@dataclass(frozen=True, slots=True, kw_only=True)
class SlateLook:
    """What is shown while the source is silent."""

    color: str = "#101418"
    text: str | None = None


def build_slate(video: VideoPlan | None, audio: AudioSettings | None, look: SlateLook, font: str) -> SlatePlan | None:
    """Return the slate of a rendition with these encoders, None where it encodes nothing.

    Encoder arguments, size, rate and colours are the rendition's own, so that the parameter sets are the same bytes.
    """
    inputs: list[Argument] = []
    outputs: list[str] = []
    if video is not None:
        inputs += [*video.encoder.input_options, "-f", "lavfi", "-i", _ground(video, look)]
        text = [drawn_text(TextOverlay(text=look.text, position="center", box=False), font)] if look.text else []
        outputs += ["-map", "0:v:0", "-vf", ",".join([*text, *video.ending]), *video.encoder.output_options]
        if video.picture.fps is None:
            outputs += video.forced_keyframes()
        else:
            outputs += ["-frames:v", str(math.ceil(SECONDS * video.picture.fps))]
    if audio is not None:
        kind, lavfi, option, source = silent_input(audio)
        inputs += [kind, lavfi, option, f"{source}:d={SECONDS}"]
        outputs += ["-map", "1:a:0" if video is not None else "0:a:0", *sound_options(audio)]
    return SlatePlan(arguments=(*START, *inputs, *outputs, *FLV, "pipe:1")) if inputs else None


def _ground(video: VideoPlan, look: SlateLook) -> Argument:
    """Return the source of the picture; what is unknown is what the running encoder says of itself."""
    size = video.picture
    parts: tuple[str | Ref, ...] = (
        f"color=c=0x{look.color[1:]}:d={SECONDS}:s=",
        str(size.width) if size.width and size.height else Ref(kind="value", name="width"),
        "x",
        str(size.height) if size.width and size.height else Ref(kind="value", name="height"),
        ":r=",
        str(size.fps) if size.fps else Ref(kind="value", name="fps"),
    )
    return "".join(part for part in parts if isinstance(part, str)) if all(isinstance(p, str) for p in parts) else parts
