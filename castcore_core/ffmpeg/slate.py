"""Build the arguments that make a rendition's slate: a loop of picture and silence."""

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
    picture: str | None = None
    """Absolute path of a picture or a film that stands on the colour, as large as fits; without the text."""
    seconds: float = SECONDS
    """Length of the loop."""


def build_slate(video: VideoPlan | None, audio: AudioSettings | None, look: SlateLook, font: str) -> SlatePlan | None:
    """Return the slate of a rendition with these encoders, None where it encodes nothing.

    Encoder arguments, size, rate and colours are the rendition's own, so that the parameter sets are the same bytes.
    """
    inputs: list[Argument] = []
    outputs: list[Argument] = []
    count = 0
    if video is not None:
        inputs += [*video.encoder.input_options, "-f", "lavfi", "-i", _ground(video, look)]
        count = 1
        if look.picture is not None:
            inputs += ["-i", f"file:{look.picture}"]
            outputs += ["-filter_complex", _laid_on(video), "-map", "[slate]"]
            count = 2
        else:
            text = [drawn_text(TextOverlay(text=look.text, position="center", box=False), font)] if look.text else []
            outputs += ["-map", "0:v:0", "-vf", ",".join([*text, *video.ending])]
        outputs += video.encoder.output_options
        if video.picture.fps is None:
            outputs += video.forced_keyframes()
        else:
            outputs += ["-frames:v", str(math.ceil(look.seconds * video.picture.fps))]
    if audio is not None:
        kind, lavfi, option, source = silent_input(audio)
        inputs += [kind, lavfi, option, f"{source}:d={SECONDS}"]
        outputs += ["-map", f"{count}:a:0", *sound_options(audio)]
    return SlatePlan(arguments=(*START, *inputs, *outputs, *FLV, "pipe:1")) if inputs else None


def _ground(video: VideoPlan, look: SlateLook) -> Argument:
    """Return the source of the picture; what is unknown is what the running encoder says of itself."""
    width, height = _size(video)
    rate = str(video.picture.fps) if video.picture.fps else Ref(kind="value", name="fps")
    return _joined(f"color=c=0x{look.color[1:]}:d={look.seconds:g}:s=", width, "x", height, ":r=", rate)


def _laid_on(video: VideoPlan) -> Argument:
    """Return the graph that fits the second input into the ground; its last picture stays where it is the shorter."""
    width, height = _size(video)
    # both scalers: which of them leaves RGB is ffmpeg's choice
    colours = f":out_range=tv:out_color_matrix={video.picture.colours}"
    fit = f":force_original_aspect_ratio=decrease:force_divisible_by=2{colours}"
    square = f"scale=w=iw*sar:h=ih{colours},setsar=1"
    ending = ",".join(["overlay=(W-w)/2:(H-h)/2", *video.ending])
    return _joined(
        *(f"[1:v:0]{square},scale=", width, ":", height, f"{fit},format=yuva420p[shown];"),
        # colours on both sides, or ffmpeg 9 takes those of the ground for others and converts the picture back
        f"[0:v:0]setparams=range=tv:colorspace={video.picture.colours}[ground];[ground][shown]{ending}[slate]",
    )


def _size(video: VideoPlan) -> tuple[str | Ref, str | Ref]:
    size = video.picture
    if size.width and size.height:
        return str(size.width), str(size.height)
    return Ref(kind="value", name="width"), Ref(kind="value", name="height")


def _joined(*parts: str | Ref) -> Argument:
    """Return parts as one argument, as text where nothing is open in it."""
    texts = [part for part in parts if isinstance(part, str)]
    return "".join(texts) if len(texts) == len(parts) else parts
