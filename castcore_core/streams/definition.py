"""What a job is made of, as users write it."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Discriminator, Field, SecretStr, StringConstraints
from pydantic_core import PydanticCustomError

from castcore_sdk import ConfigurationError, storage_path

Text = Annotated[str, StringConstraints(pattern=r"^[^\x00-\x1f\x7f]+$")]
Name = Annotated[Text, Field(min_length=1, max_length=100)]
Tag = Annotated[str, StringConstraints(pattern=r"^[^\x00-\x1f\x7f|,%_\\]+$", min_length=1, max_length=40)]

_KEY = re.compile(r"[A-Za-z0-9._~-]{8,200}")


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True, hide_input_in_errors=True)


class PlayedInput(_Part):
    """What is played from a beginning, at its own speed."""

    loop: bool = False
    start_at: float = Field(default=0.0, ge=0, le=10_000_000)
    """Seconds into the file."""
    audio_track: int = Field(default=0, ge=0, le=63)


class FileInput(PlayedInput):
    """A file of this machine."""

    kind: Literal["file"]
    path: Annotated[Text, Field(max_length=4096)]
    """Absolute path, inside the media roots."""


def _inside(value: str) -> str:
    try:
        path = storage_path(value)
    except ConfigurationError as error:
        raise PydanticCustomError(error.code.partition(".")[2], "a path below the root of the source") from None
    if not path:
        raise PydanticCustomError("path_invalid", "a path below the root of the source")
    return path


class StorageInput(PlayedInput):
    """A file of a storage source."""

    kind: Literal["storage"]
    source_id: UUID
    path: Annotated[Text, Field(max_length=4096), AfterValidator(_inside)]
    """Relative to the root of the source."""


class UrlInput(_Part):
    """An address that is played."""

    kind: Literal["url"]
    url: SecretStr = Field(min_length=3, max_length=4096)
    """rtmp, rtmps, srt, rtsp, rtsps, http, https (also HLS) or udp; comes back without what is secret in it."""


def _key(value: SecretStr) -> SecretStr:
    if not _KEY.fullmatch(value.get_secret_value()):
        raise PydanticCustomError("key_character", "8 to 200 of A-Z a-z 0-9 . _ ~ -")
    return value


class IngestInput(_Part):
    """A port of this job's own that one publisher pushes RTMP to."""

    kind: Literal["ingest"]
    key: Annotated[SecretStr, AfterValidator(_key)] | None = None
    """What the publisher must know; made by the server where it is missing, and shown in that answer only."""
    port: int | None = Field(default=None, ge=1024, le=65535)
    """Chosen by the server where it is missing."""
    host: Annotated[str, StringConstraints(pattern=r"^[0-9A-Fa-f.:]+$", max_length=45)] | None = None
    """Address to listen on; missing: the server's own."""


class DeviceInput(_Part):
    """A camera of this machine."""

    kind: Literal["device"]
    device: Annotated[str, StringConstraints(pattern=r"^/dev/video[0-9]{1,3}$")]


class PatternInput(_Part):
    """A moving test picture with a tone."""

    kind: Literal["test"]
    width: int = Field(default=1280, ge=16, le=8192, multiple_of=2)
    height: int = Field(default=720, ge=16, le=8192, multiple_of=2)
    fps: float = Field(default=30.0, ge=1, le=240)


class MediaItemInput(PlayedInput):
    """An item of the media library."""

    kind: Literal["media_item"]
    media_id: UUID


class PlaylistInput(_Part):
    """A playlist; not available yet."""

    kind: Literal["playlist"]
    playlist_id: str = Field(max_length=64)


Input = Annotated[
    FileInput | StorageInput | UrlInput | IngestInput | DeviceInput | PatternInput | MediaItemInput | PlaylistInput,
    Discriminator("kind"),
]


class Fallback(_Part):
    """What is shown while the source is silent."""

    kind: Literal["none", "still", "video", "color"] = "still"
    """``still``: a picture, or the built-in slate with the job's name; ``video``: a film, without its sound; ``color``:
    one colour."""
    asset_id: UUID | None = None
    """The picture or the film: see ``/assets``."""
    color: Annotated[str, Field(pattern=r"^#[0-9a-fA-F]{6}$")] = "#101418"
    after_ms: int = Field(default=600, ge=200, le=60_000)
    """Milliseconds of silence after which it is shown."""
    return_: Literal["automatic", "manual"] = Field(default="automatic", alias="return")
    """``manual`` is not available yet."""

    @property
    def shown_asset(self) -> UUID | None:
        """The asset that the slate is made of."""
        return self.asset_id if self.kind in ("still", "video") else None


class Backoff(_Part):
    """Waiting before the next attempt, in seconds; doubled each time."""

    first: float = Field(default=1.0, ge=0.1, le=3600)
    most: float = Field(default=30.0, ge=0.1, le=3600)


class Restart(_Part):
    """What happens after a failure."""

    max_attempts: int | None = Field(default=None, ge=0, le=1_000_000)
    """Attempts in a row before the job is given up; null: without end, 0: none."""
    backoff: Backoff = Backoff()


class Recording(_Part):
    """A copy of what is sent."""

    enabled: bool = False
    container: Literal["mkv", "mp4", "ts"] = "mkv"
    folder: Annotated[Text, Field(max_length=4000)] | None = None
    """Absolute path; null: ``media/recordings`` in the data folder."""


def dump(part: BaseModel) -> dict[str, Any]:
    """Return a part as it is stored."""
    return part.model_dump(mode="json", by_alias=True)
