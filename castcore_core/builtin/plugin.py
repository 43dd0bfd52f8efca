"""The hooks of the core's own plugins: software encoders, destinations, the local folder, the webhook."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from castcore_core.builtin.file import FileDestination
from castcore_core.builtin.folder import LocalFolder
from castcore_core.builtin.hls import HlsDestination
from castcore_core.builtin.rtmp import RtmpDestination
from castcore_core.builtin.srt import SrtDestination
from castcore_core.builtin.svtav1 import SvtAv1
from castcore_core.builtin.udp import UdpDestination
from castcore_core.builtin.webhook import Webhook
from castcore_core.builtin.x264 import X264
from castcore_core.builtin.x265 import X265
from castcore_sdk import Destination, EncoderProfile, Notifier, StorageBackend, hookimpl


@hookimpl
def castcore_register_destinations() -> Sequence[type[Destination[Any]]]:
    """Return the generic destinations: RTMP(S), SRT, UDP, HLS folder, file."""
    return (RtmpDestination, SrtDestination, UdpDestination, HlsDestination, FileDestination)


@hookimpl
def castcore_register_encoder_profiles() -> Sequence[type[EncoderProfile[Any]]]:
    """Return the software encoders."""
    return (X264, X265, SvtAv1)


@hookimpl
def castcore_register_storage_backends() -> Sequence[type[StorageBackend[Any]]]:
    """Return the local folder."""
    return (LocalFolder,)


@hookimpl
def castcore_register_notifiers() -> Sequence[type[Notifier[Any]]]:
    """Return the signed webhook."""
    return (Webhook,)
