"""Install and remove plugins over the API, where a setting allows it: one change at a time, in the background."""

from __future__ import annotations

import asyncio
import logging
import threading
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from castcore_core.audit import Audit
from castcore_core.audit.service import Target
from castcore_core.core import Core
from castcore_core.db import utc_now
from castcore_core.error import ConflictError, ForbiddenError
from castcore_core.plugins.follower import Follower
from castcore_core.plugins.host import PluginHost
from castcore_core.plugins.installer import Installer, Outcome, Wanted
from castcore_core.plugins.state import Reason
from castcore_core.settings import Settings
from castcore_sdk import CastCoreError, NotFoundError

Action = Literal["install", "upgrade", "uninstall"]
_log = logging.getLogger(__name__)


@dataclass(slots=True)
class Installation:
    """One change; ``step`` is what it is at: plan, keep, install, try, remove or take_back."""

    action: Action
    requirement: str
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    state: Literal["running", "done", "failed"] = "running"
    step: str = "plan"
    started_at: datetime = field(default_factory=utc_now)
    ended_at: datetime | None = None
    outcome: Outcome | None = None
    error: Reason | None = None


class Installations:
    """The change under way, or the last one."""

    def __init__(self, core: Core, installer: Callable[[Callable[[str], None]], Installer]) -> None:
        self._core = core
        self._installer = installer
        self._last: Installation | None = None
        self._task: asyncio.Task[None] | None = None

    @property
    def last(self) -> Installation:
        """Return the change under way, or the last one. Raises NotFoundError ``plugins.install_none``."""
        if self._last is None:
            raise NotFoundError("plugins.install_none")
        return self._last

    async def start(self, action: Action, requirement: str) -> Installation:
        """Begin a change.

        Raises ForbiddenError ``plugins.install_off``, ConflictError ``plugins.install_busy`` and, for a requirement
        that cannot be one or a place where nothing can be installed, ConfigurationError.
        """
        if not (await self._core.get(Settings).read()).plugin_install:
            raise ForbiddenError("plugins.install_off")
        if self._last is not None and self._last.state == "running":
            raise ConflictError("plugins.install_busy")
        wanted = [] if action == "uninstall" else [Wanted.parse(requirement, local=False)]
        begun = Installation(action, requirement)
        loop = asyncio.get_running_loop()

        def tell(step: str) -> None:
            loop.call_soon_threadsafe(setattr, begun, "step", step)

        installer = self._installer(tell)
        installer.require_changeable()
        self._last = begun

        def work() -> Outcome:
            if action == "uninstall":
                return installer.uninstall([requirement])
            return installer.install(wanted, upgrade=action == "upgrade")

        self._task = asyncio.create_task(self._carry_out(begun, work), name=f"plugins: {action}")
        return begun

    async def upgrade(self, plugin: str) -> Installation:
        """Begin to upgrade an installed plugin, by its id. Raises NotFoundError too."""
        return await self.start("upgrade", self._core.get(PluginHost).record(plugin).manifest.distribution)

    async def _carry_out(self, begun: Installation, work: Callable[[], Outcome]) -> None:
        try:
            begun.outcome = await _in_thread(work)
        except CastCoreError as error:
            begun.error = Reason(error.code, error.params, error.detail)
            _log.warning("plugins: %s %s: %s %s", begun.action, begun.requirement, error.code, error.detail)
        except Exception as error:
            begun.error = Reason("server.internal", {"request_id": begun.id})
            _log.error("plugins: %s %s", begun.action, begun.requirement, exc_info=error)
        try:
            await self._core.get(Follower).follow()
            await self._record(begun)
        finally:
            begun.ended_at = utc_now()
            begun.state = "failed" if begun.error else "done"

    async def _record(self, begun: Installation) -> None:
        params = {"requirement": begun.requirement} | ({"code": begun.error.code} if begun.error else {})
        await self._core.get(Audit).record(
            f"plugins.{begun.action}",
            target=Target("plugin", None, begun.requirement),
            params=params,
            outcome="failed" if begun.error else "done",
        )


async def _in_thread(work: Callable[[], Outcome]) -> Outcome:
    """Run ``work`` in a thread that the end of the process does not wait for: pip goes on by itself."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[Outcome] = loop.create_future()

    def settle(outcome: Outcome | None, error: BaseException | None) -> None:
        if future.cancelled():
            return
        if error is not None:
            future.set_exception(error)
        elif outcome is not None:
            future.set_result(outcome)

    def run() -> None:
        try:
            answer: tuple[Outcome | None, BaseException | None] = (work(), None)
        except BaseException as error:
            answer = (None, error)
        if not loop.is_closed():
            loop.call_soon_threadsafe(settle, *answer)

    threading.Thread(target=run, name="castcore-installer", daemon=True).start()
    return await future
