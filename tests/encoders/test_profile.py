"""All encoder profiles against both ffmpeg builds: the one of the system and the bundled one."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from typing import Any

import imageio_ffmpeg

from castcore_core import i18n
from castcore_core.builtin.svtav1 import SvtAv1
from castcore_core.builtin.x264 import X264
from castcore_core.builtin.x265 import X265
from castcore_nvenc.profile import NvencAv1, NvencH264, NvencHevc
from castcore_sdk import FFmpegInfo, HardwareInfo
from castcore_sdk.testing import EncoderConformance
from castcore_vaapi.profile import VaapiAv1, VaapiH264, VaapiHevc

BUILDS = tuple(filter(None, (shutil.which("ffmpeg"), imageio_ffmpeg.get_ffmpeg_exe())))


class Everything(EncoderConformance):
    """A build and a machine that have it all; the judges are the real builds."""

    executables = BUILDS
    ffmpeg = FFmpegInfo(
        version=(9, 0, 2),
        encoders=frozenset(
            {"libx264", "libx265", "libsvtav1"}
            | {f"{codec}_{kind}" for codec in ("h264", "hevc", "av1") for kind in ("nvenc", "vaapi")}
        ),
        filters=frozenset({"format", "hwupload"}),
        hwaccels=frozenset({"cuda", "vaapi"}),
    )
    hardware = HardwareInfo(gpus=("NVIDIA L4",), render_nodes=("/dev/dri/renderD128",), cpu_count=2)


class Builtin(Everything):
    def catalogue(self, language: str) -> Mapping[str, Mapping[str, str]]:
        return i18n.catalogue(language)


class TestX264(Builtin):
    extension = X264
    config: Mapping[str, Any] = {"tune": "film", "threads": 1}


class TestX265(Builtin):
    extension = X265
    config: Mapping[str, Any] = {"threads": 1}


class TestSvtAv1(Builtin):
    extension = SvtAv1
    config: Mapping[str, Any] = {"threads": 1}


class TestNvencH264(Everything):
    extension = NvencH264
    config: Mapping[str, Any] = {"gpu": 0}


class TestNvencHevc(Everything):
    extension = NvencHevc


class TestNvencAv1(Everything):
    extension = NvencAv1


class TestVaapiH264(Everything):
    extension = VaapiH264


class TestVaapiHevc(Everything):
    extension = VaapiHevc
    config: Mapping[str, Any] = {"low_power": True}


class TestVaapiAv1(Everything):
    extension = VaapiAv1
