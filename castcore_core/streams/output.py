"""Turn what a destination answered into the runner's plan for it. Pure: no I/O."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from castcore_core.ffmpeg.egress import check_container, hls_folder, recording, transport_stream
from castcore_core.runner.plan import Argument, OutputPlan, RenditionPlan, RtmpEndpoint
from castcore_core.streams.secret import SecretBook
from castcore_sdk import PermanentError, PublishProtocol, PublishTarget

_DEFAULT_CONTAINER = "matroska"


def plan_output(
    output: str,
    name: str,
    target: PublishTarget,
    rendition: RenditionPlan,
    secrets: SecretBook,
    *,
    codecs: frozenset[str],
    ca_file: str,
    revision: str = "",
) -> OutputPlan:
    """Return the plan of one output; its secrets go into ``secrets``.

    ``codecs`` are those of the rendition, as far as they are known. Raises PermanentError ``streams.sound_alone`` and
    ConfigurationError ``ffmpeg.codec_not_in_container``.
    """
    hidden = {key: value.get_secret_value() for key, value in target.secret_options.items()}
    if target.protocol in (PublishProtocol.RTMP, PublishProtocol.RTMPS):
        endpoint, backup = _endpoints(output, target, hidden, secrets, ca_file)
        return OutputPlan(
            id=output,
            name=name,
            rendition=rendition.id,
            kind="rtmp",
            revision=revision,
            endpoint=endpoint,
            backup=backup,
        )
    _check_picture(target, rendition, name)
    arguments = _arguments(output, target, rendition, hidden, secrets, codecs)
    return OutputPlan(
        id=output, name=name, rendition=rendition.id, kind="ffmpeg", revision=revision, arguments=arguments
    )


def _endpoints(
    output: str, target: PublishTarget, hidden: Mapping[str, str], secrets: SecretBook, ca_file: str
) -> tuple[RtmpEndpoint, RtmpEndpoint | None]:
    key = target.stream_key.get_secret_value() if target.stream_key else None
    key_name = secrets.add(f"{output}.stream_key", key)
    password_name = secrets.add(f"{output}.password", hidden.get("password"))
    endpoint = RtmpEndpoint(
        url=target.url,
        stream_key=key_name,
        username=target.options.get("username"),
        password=password_name,
        ca_file=target.options.get("ca_file") or ca_file,
        verify=target.options.get("verify") != "0",
    )
    return endpoint, replace(endpoint, url=target.backup_url) if target.backup_url else None


def _check_picture(target: PublishTarget, rendition: RenditionPlan, name: str) -> None:
    if target.options.get("audio_only") and rendition.video:
        raise PermanentError("streams.sound_alone", params={"destination": name})


def _arguments(
    output: str,
    target: PublishTarget,
    rendition: RenditionPlan,
    hidden: Mapping[str, str],
    secrets: SecretBook,
    codecs: frozenset[str],
) -> tuple[Argument, ...]:
    options = dict(target.options)
    match target.protocol:
        case PublishProtocol.HLS:
            check_container("mp4" if options.get("hls_segment_type") == "fmp4" else "mpegts", codecs)
            playlist = options.pop("playlist", "index.m3u8")
            return hls_folder(target.url, rendition, playlist=playlist, options=options)
        case PublishProtocol.FILE:
            container = options.get("format", _DEFAULT_CONTAINER)
            check_container(container, codecs)
            return recording(target.url, rendition, container=container, overwrite=bool(options.get("overwrite")))
        case _:
            check_container("mpegts", codecs)
            names = {option: f"{output}.{option}" for option in hidden}
            secrets.take({names[option]: value for option, value in hidden.items()}, in_argv=True)
            return transport_stream(target.url, rendition, options=options, secrets=names)
