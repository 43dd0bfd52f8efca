"""The wizard's steps on their way in and out."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from castcore_core.accounts.schemas import NewPassword, UserName
from castcore_core.settings.model import Language, Path, TimeZone

Token = Annotated[str, Field(max_length=64)]


class Step(BaseModel):
    """A step that keeps the defaults; ``token`` is the server's setup token, needed until the admin has signed in."""

    model_config = ConfigDict(extra="forbid")

    token: Token | None = None


class LanguageStep(Step):
    """The language and time zone where users choose none."""

    language: Language
    time_zone: TimeZone | None = None


class AdminStep(Step):
    """The first admin, who is signed in by the answer."""

    username: UserName
    password: NewPassword
    cookie: bool = Field(default=False, description="Sign in by an HttpOnly cookie instead of tokens.")


class FfmpegStep(Step):
    """Which ffmpeg to use; null takes the newest that is found."""

    path: Path | None = None


class FoldersStep(Step):
    """Folders that sources of kind file may read from."""

    media_roots: Annotated[list[Path], Field(max_length=64)] = []


class StorageStep(Step):
    """Whether sources and destinations may use private and loopback addresses."""

    private_addresses: bool = True


class StepState(BaseModel):
    """One step."""

    name: str
    done: bool


class WizardAnswer(BaseModel):
    """How far the wizard is."""

    admin_exists: bool
    token_needed: bool = Field(description="The next steps need the token that the server has printed.")
    steps: list[StepState]


class CheckLine(BaseModel):
    """One thing that was looked at; the code is in the catalogue."""

    code: str
    level: Literal["green", "yellow", "red"]
    params: dict[str, Any]


class CheckAnswer(BaseModel):
    """The system check; the level is that of the worst line."""

    level: Literal["green", "yellow", "red"]
    checks: list[CheckLine]
