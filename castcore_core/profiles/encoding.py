"""From a kept profile to the encoder that carries it out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from castcore_core.ffmpeg.profile import PRESETS, Profile
from castcore_core.ffmpeg.video import VideoEncoder
from castcore_core.plugins.host import PluginHost
from castcore_core.plugins.registry import Registered
from castcore_core.streams.encoder import GuardedEncoder
from castcore_sdk import ConfigurationError, EncoderArguments, EncodeRequest, EncoderProfile

DEFAULT = PRESETS["source"]
"""What encodes a job without a profile."""


class ExpertEncoder:
    """An encoder with a user's own arguments behind those of the plugin; of two alike ffmpeg takes the last."""

    def __init__(self, encoder: GuardedEncoder, arguments: Sequence[str]) -> None:
        self._encoder = encoder
        self._arguments = tuple(arguments)

    @property
    def codecs(self) -> frozenset[str]:
        """Return the codecs that it writes."""
        return self._encoder.codecs

    def arguments(self, request: EncodeRequest, /) -> EncoderArguments:
        """Return its ffmpeg arguments. Raises CastCoreError."""
        made = self._encoder.arguments(request)
        return replace(made, output_options=(*made.output_options, *self._arguments))


def read_profile(name: str, settings: Mapping[str, Any]) -> Profile:
    """Return a kept profile. Raises ConfigurationError ``profiles.unreadable`` for what this version cannot read."""
    try:
        return Profile.model_validate({"name": name, **settings})
    except ValueError:
        raise ConfigurationError("profiles.unreadable", params={"name": name}) from None


def guarded(host: PluginHost, registered: Registered[type[EncoderProfile[Any]]], profile: Profile) -> GuardedEncoder:
    """Return an encoder with what the profile says of it. Raises ConfigurationError."""
    tune = profile.video.tune if profile.video else None
    takes_tune = tune is not None and "tune" in registered.item.config_model.model_fields
    settings = {"tune": tune, **profile.encoder_options} if takes_tune else profile.encoder_options
    return GuardedEncoder(host.create(registered, settings))


def encoder_for(
    host: PluginHost, profile: Profile, expert_args: Sequence[str] = (), *, device: str | None = None
) -> VideoEncoder | None:
    """Return the encoder of a profile, on ``device`` where one was chosen; None where no picture is encoded.

    Raises ConfigurationError ``streams.encoder_unknown`` where its plugin is not there.
    """
    if profile.video is None or profile.copies_video:
        return None
    registered = host.registry.encoder_profiles.get(profile.encoder)
    if registered is None:
        known = ", ".join(sorted(host.registry.encoder_profiles))
        raise ConfigurationError("streams.encoder_unknown", params={"name": profile.encoder, "known": known})
    encoder = guarded(host, registered, profile).on(device)
    return ExpertEncoder(encoder, expert_args) if expert_args else encoder
