"""The first-run wizard over HTTP: each step is one POST."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from uuid import UUID

from quart import Blueprint, g
from quart_schema import security_scheme, tag_blueprint, validate_request, validate_response

from castcore_core.accounts.actor import Account
from castcore_core.accounts.limit import SETUP_ADDRESS, Limits, address_key
from castcore_core.accounts.routes.session import open_session
from castcore_core.accounts.schemas import SignedIn
from castcore_core.api.rule import current_core
from castcore_core.audit import caller
from castcore_core.ffmpeg.build import find_build
from castcore_core.settings import Settings
from castcore_core.setup.schemas import (
    AdminStep,
    CheckAnswer,
    CheckLine,
    FfmpegStep,
    FoldersStep,
    LanguageStep,
    Step,
    StepState,
    StorageStep,
    WizardAnswer,
)
from castcore_core.setup.syscheck import LEVELS, SystemCheck, level_of
from castcore_core.setup.wizard import STEPS, Wizard

blueprint = Blueprint("setup", __name__)
tag_blueprint(blueprint, ["setup"])


@blueprint.get("/setup/state")
@validate_response(WizardAnswer)
@security_scheme([])
async def state() -> WizardAnswer:
    """Tell how far the wizard is; 409 once it is over."""
    return await _state()


@blueprint.post("/setup/step/language")
@validate_request(LanguageStep)
@validate_response(WizardAnswer)
@security_scheme([])
async def language(data: LanguageStep) -> WizardAnswer:
    """Choose the language of the server."""
    await _check("language", data)
    return await _apply("language", {"language": data.language, "time_zone": data.time_zone})


@blueprint.post("/setup/step/admin")
@validate_request(AdminStep)
@validate_response(SignedIn)
@security_scheme([])
async def admin(data: AdminStep) -> SignedIn:
    """Make the first admin and sign in; from now on the rest of the API answers."""
    _count()
    wizard = current_core().get(Wizard)
    user = await wizard.make_admin(data.username, data.password.get_secret_value(), data.token)
    return await open_session(user, by_cookie=data.cookie)


@blueprint.post("/setup/step/ffmpeg")
@validate_request(FfmpegStep)
@validate_response(WizardAnswer)
@security_scheme([])
async def ffmpeg(data: FfmpegStep) -> WizardAnswer:
    """Choose the ffmpeg; one that does not work is refused."""
    await _check("ffmpeg", data)
    if data.path is not None:
        await find_build(Path(data.path))
    return await _apply("ffmpeg", {"ffmpeg_path": data.path})


@blueprint.post("/setup/step/folders")
@validate_request(FoldersStep)
@validate_response(WizardAnswer)
@security_scheme([])
async def folders(data: FoldersStep) -> WizardAnswer:
    """Choose the media folders."""
    await _check("folders", data)
    return await _apply("folders", {"media_roots": data.media_roots})


@blueprint.post("/setup/step/storage")
@validate_request(StorageStep)
@validate_response(WizardAnswer)
@security_scheme([])
async def storage(data: StorageStep) -> WizardAnswer:
    """Choose where media may come from; sources themselves are added later."""
    await _check("storage", data)
    return await _apply("storage", {"private_addresses": data.private_addresses})


@blueprint.post("/setup/step/plugins")
@validate_request(Step)
@validate_response(WizardAnswer)
@security_scheme([])
async def plugins(data: Step) -> WizardAnswer:
    """Keep the plugins that are installed; they are switched on and off on their own page."""
    await _check("plugins", data)
    return await _apply("plugins", {})


@blueprint.post("/setup/syscheck")
@validate_response(CheckAnswer)
@security_scheme([])
async def syscheck() -> CheckAnswer:
    """Look whether the machine is fit: ffmpeg, encoders that really encode, folders, disk, memory, database."""
    _count()
    core = current_core()
    await core.get(Wizard).check("syscheck", _actor_id(), None)
    lines = await core.get(SystemCheck).examine()
    await core.get(Wizard).mark("syscheck")
    checks = [CheckLine(code=line.code, level=LEVELS[line.severity], params=dict(line.params)) for line in lines]
    return CheckAnswer(level=level_of(lines), checks=checks)


@blueprint.post("/setup/complete")
@validate_response(WizardAnswer)
@security_scheme([])
async def complete() -> WizardAnswer:
    """Close the wizard for good; what was not chosen keeps its default."""
    _count()
    await current_core().get(Wizard).finish(_actor_id())
    steps = [StepState(name=step, done=True) for step in STEPS]
    return WizardAnswer(admin_exists=True, token_needed=False, steps=steps)


async def _check(step: str, data: Step) -> None:
    _count()
    await current_core().get(Wizard).check(step, _actor_id(), data.token)


async def _apply(step: str, values: Mapping[str, Any]) -> WizardAnswer:
    core = current_core()
    if values:
        await core.get(Settings).change(values)
    await core.get(Wizard).mark(step)
    return await _state()


async def _state() -> WizardAnswer:
    progress = await current_core().get(Wizard).progress(_actor_id())
    steps = [StepState(name=step, done=step in progress.done) for step in STEPS]
    return WizardAnswer(admin_exists=progress.admin_exists, token_needed=not progress.admin_exists, steps=steps)


def _count() -> None:
    current_core().get(Limits).take(SETUP_ADDRESS, address_key(caller().address))


def _actor_id() -> UUID | None:
    # A person only: the wizard belongs to who has made it, not to a token that they might have given away.
    account = g.actor
    return account.user_id if isinstance(account, Account) and account.session_id is not None else None
