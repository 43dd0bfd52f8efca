"""Turn what ffmpeg logged, its exit status and how long it lived into a code with parameters.

Standard library only: the runner imports this module by itself. Messages are matched by their text, never by their
place: build 9 puts ``[out#0/flv @ …]`` before lines that build 5.1 writes bare. Callers scrub secrets by value before
they call; parameters are host names, numbers and names of codecs, options and filters, never whole addresses.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache

Params = Mapping[str, str | int | float | bool]

SRT_TIMEOUT_SECONDS = 1.5
"""A wrong passphrase is refused in 0.1 to 1.0 s; where nobody listens ffmpeg waits at least its time-out of 2 s."""

_CONSIDERED = 400
"""Last lines of the log that are looked at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """Why ffmpeg ended, or what it complains about."""

    code: str
    params: Params = field(default_factory=dict)


# The first rule that matches any line wins: causes stand before the consequences that ffmpeg logs after them.
_CAUSES = (
    (r"No space left on device", "ffmpeg.disk_full"),
    (r"Disk quota exceeded", "ffmpeg.disk_full"),
    (r"Read-only file system", "ffmpeg.read_only"),
    (r"Failed to resolve hostname (?P<host>[^\s:]+)", "ffmpeg.host_not_found"),
    (r"certificate verify failed|Peer certificate failed verification", "ffmpeg.tls_untrusted"),
    (r"certificate's owner does not match", "ffmpeg.tls_untrusted"),
    (r"wrong version number|packet length.*too long|unexpected TLS packet", "ffmpeg.tls_failed"),
    (r"\[tls[^\]]*\].*(IO error|pull function|handshake)|Cannot open connection tls:", "ffmpeg.tls_failed"),
    (r"Incorrect passphrase|BADSECRET|UNSECURE", "ffmpeg.srt_passphrase"),
    (r"Server error: .*(AccessManager\.Reject|authfailed|code=403)", "ffmpeg.rtmp_login"),
    (r"No credentials set|Incorrect username/password", "ffmpeg.rtmp_login"),
    (r"\[rtmp[^\]]*\].*Server error: (?P<reason>.{1,200})", "ffmpeg.rtmp_refused"),
    (r"OpenEncodeSessionEx failed: out of memory|Too many concurrent sessions", "ffmpeg.encoder_sessions"),
    (r"incompatible client key|OpenEncodeSessionEx failed: (unsupported|no encode) device", "ffmpeg.encoder_no_device"),
    (r"Driver does not support the required nvenc API|minimum required Nvidia driver", "ffmpeg.driver_too_old"),
    (r"Cannot load (libcuda|libnvidia-encode|nvcuda|nvEncodeAPI)", "ffmpeg.encoder_no_device"),
    (r"No (NVENC )?capable devices found|CUDA_ERROR_NO_DEVICE", "ffmpeg.encoder_no_device"),
    (r"No VA display found|Failed to initialise VAAPI|internal MFX session", "ffmpeg.encoder_no_device"),
    (r"No usable encoding (profile|entrypoint) found|Driver does not support .* RC mode", "ffmpeg.encoder_unsupported"),
    (r"Device creation failed|Error creating a (MFX|QSV|CUDA|VAAPI)", "ffmpeg.encoder_no_device"),
    (r"Unknown encoder '(?P<encoder>[\w.-]+)'", "ffmpeg.encoder_missing"),
    (r"(Unknown decoder '|Decoder \(codec )(?P<codec>\w+)", "ffmpeg.decoder_missing"),
    (r"No such filter: '?(?P<filter>\w+)", "ffmpeg.filter_missing"),
    (r"Cannot find a valid font|Could not load font|Cannot load default config file", "ffmpeg.font_missing"),
    (r"(Video|Audio) codec (?P<codec>\w+) not compatible with flv", "ffmpeg.codec_not_in_container"),
    (r"Could not find tag for codec (?P<codec>\w+)", "ffmpeg.codec_not_in_container"),
    (
        r"Video codec \(c0\) is not implemented|Unsupported video codec|Video codec .* not (implemented|supported)",
        "ffmpeg.codec_unreadable",
    ),
    (r"Unrecognized option '(?P<option>[\w:-]+)'", "ffmpeg.option_unknown"),
    (r"Option (?P<option>[\w:-]+) not found", "ffmpeg.option_unknown"),
    (r"Stream map '.*' matches no streams", "ffmpeg.stream_missing"),
    (r"File '.*' already exists", "ffmpeg.file_exists"),
    (r"Failed to open file 'https?:", "ffmpeg.upload_failed"),
    (r"Format not on whitelist", "ffmpeg.source_replaced"),
    (r"moov atom not found", "ffmpeg.source_no_index"),
    (
        r"Cannot open video device|Cannot open audio device|cannot open display|Could not open X display",
        "ffmpeg.device_missing",
    ),
    (r"Device or resource busy", "ffmpeg.device_busy"),
    (r"Server returned 401|HTTP error 401", "ffmpeg.http_unauthorized"),
    (r"Server returned 403|HTTP error 403", "ffmpeg.http_forbidden"),
    (r"Server returned 404|HTTP error (404|410)|method DESCRIBE failed: 404", "ffmpeg.http_not_found"),
    (r"method \w+ failed: 401", "ffmpeg.http_unauthorized"),
    (r"(HTTP error|method \w+ failed:) (?P<status>[45]\d\d)", "ffmpeg.http_error"),
    (r"Server returned (?P<status>[45]\w\w) ", "ffmpeg.http_error"),
)

# Consequences and closing words: looked at when nothing above was found.
_EFFECTS = (
    (r"Connection to \w+://(?P<host>[^\s/?]+)\S* failed: Connection refused", "ffmpeg.refused"),
    (r"Connection to \w+://(?P<host>[^\s/?]+)\S* failed: (Connection|Operation) timed out", "ffmpeg.unreachable"),
    (r"Connection to srt://(?P<host>[^\s/?]+)\S* failed", "ffmpeg.srt_refused"),
    (r"(Network is unreachable|No route to host)", "ffmpeg.unreachable"),
    (r"Connection refused", "ffmpeg.refused"),
    (r"Address already in use", "ffmpeg.address_in_use"),
    (r"(to the muxer|av_interleaved_write_frame\(\)): No such file or directory", "ffmpeg.file_missing"),
    (r"(to the muxer|av_interleaved_write_frame\(\)): Permission denied", "ffmpeg.permission_denied"),
    (
        r"(submitting a packet to the muxer|av_interleaved_write_frame\(\)|Error muxing a packet)",
        "ffmpeg.connection_lost",
    ),
    (r"Protocol not found", "ffmpeg.protocol_missing"),
    (r"Cannot allocate memory", "ffmpeg.out_of_memory"),
    (r"No such device\b", "ffmpeg.device_missing"),
    (r"No such file or directory", "ffmpeg.file_missing"),
    (r"Is a directory", "ffmpeg.is_directory"),
    (r"Permission denied", "ffmpeg.permission_denied"),
    (r"maybe incorrect parameters such as bit_rate|Error while opening encoder", "ffmpeg.encoder_failed"),
    (r"Error (parsing|reinitializing|initializing).*filter", "ffmpeg.filter_failed"),
    (r"partial file", "ffmpeg.source_cut_short"),
    (r"Invalid data found when processing input", "ffmpeg.source_invalid"),
    (r"(Connection|Operation) timed out", "ffmpeg.timed_out"),
    (r"Broken pipe|Connection reset by peer|End of file", "ffmpeg.connection_lost"),
    (r"Operation not permitted", "ffmpeg.refused_by_peer"),
    (r"Error opening (output|input).*Input/output error|://\S*: Input/output error", "ffmpeg.closed_by_peer"),
)

_SIGNALS = {
    9: "ffmpeg.killed",
    4: "ffmpeg.crashed",
    6: "ffmpeg.crashed",
    7: "ffmpeg.crashed",
    8: "ffmpeg.crashed",
    11: "ffmpeg.crashed",
}


def diagnose(log: str | Iterable[str], *, status: int | None = None, seconds: float | None = None) -> Diagnosis:
    """Name the cause. ``status`` is the exit status (negative: the signal), ``seconds`` how long the process lived.

    Returns ``ffmpeg.failed`` with the status where no message tells more.
    """
    lines = (log.splitlines() if isinstance(log, str) else list(log))[-_CONSIDERED:]
    if status is not None and status < 0 and -status in _SIGNALS:
        return Diagnosis(code=_SIGNALS[-status], params={"signal": -status})
    for rules in (_CAUSES, _EFFECTS):
        for expression, code in rules:
            pattern = _compiled(expression)
            for line in lines:
                if match := pattern.search(line):
                    return _refine(code, _params(code, match, lines), lines, seconds)
    return Diagnosis(code="ffmpeg.failed", params={"status": "?" if status is None else status})


@cache
def _compiled(expression: str) -> re.Pattern[str]:
    """Compile a rule when it is first needed: all of them take 15 ms, which every runner would pay at its start."""
    return re.compile(expression, re.IGNORECASE)


_NAMES_HOST = frozenset({"ffmpeg.refused", "ffmpeg.unreachable", "ffmpeg.srt_refused"})
_HOST = re.compile(r"\w+://(?:[^/@\s]*@)?([\w.\[\]:-]+)")


def _params(code: str, match: re.Match[str], lines: list[str]) -> dict[str, str | int | float | bool]:
    params: dict[str, str | int | float | bool] = {
        name: value.strip() for name, value in match.groupdict().items() if value
    }
    if code in _NAMES_HOST and "host" not in params:
        hosts = (found[1] for line in lines if (found := _HOST.search(line)))
        params["host"] = next(hosts, "?")
    return params


def _refine(code: str, params: Params, lines: list[str], seconds: float | None) -> Diagnosis:
    """Tell apart what the line alone does not: what an RTMP peer does, SRT's two refusals, a folder that is gone."""
    if any("Cannot read RTMP handshake response" in line for line in lines):
        if code == "ffmpeg.timed_out":
            return Diagnosis(code="ffmpeg.handshake_silent", params=params)
        if code in ("ffmpeg.connection_lost", "ffmpeg.closed_by_peer"):
            return Diagnosis(code="ffmpeg.handshake_closed", params=params)
    if code == "ffmpeg.srt_refused" and seconds is not None and seconds < SRT_TIMEOUT_SECONDS:
        return Diagnosis(code="ffmpeg.srt_passphrase")
    if code == "ffmpeg.file_missing" and any(map(_SEGMENT.search, lines)):
        return Diagnosis(code="ffmpeg.folder_missing")
    if code == "ffmpeg.connection_lost" and not any(map(_NETWORK_END.search, lines)):
        return Diagnosis(code="ffmpeg.write_failed", params=params)
    return Diagnosis(code=code, params=params)


_SEGMENT = re.compile(r"\[hls[^\]]*\].*(Failed to open|failed to rename) file '?file:")
"""The words of the muxer; the demuxer says it otherwise."""
_NETWORK_END = re.compile(r"Broken pipe|Connection reset|Input/output error|End of file|timed out", re.IGNORECASE)
