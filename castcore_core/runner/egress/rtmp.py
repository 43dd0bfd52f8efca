"""Publish to an RTMP or RTMPS destination, in process."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from castcore_core.rtmp import Endpoint, Publisher, RtmpError, publish
from castcore_core.rtmp.tag import Tag
from castcore_core.runner.egress.session import Session
from castcore_core.runner.error import Problem, RunnerError, problem_of
from castcore_core.runner.plan import OutputPlan, RtmpEndpoint


def endpoint_of(plan: RtmpEndpoint, secrets: Mapping[str, str]) -> Endpoint:
    """Return the address with its secrets put in. Raise RunnerError (``runner.secret_unknown``)."""

    def secret(name: str | None) -> str | None:
        if name is None:
            return None
        if name not in secrets:
            raise RunnerError("runner.secret_unknown", {"name": name})
        return secrets[name]

    return Endpoint.parse(
        plan.url,
        stream_key=secret(plan.stream_key) or "",
        username=plan.username,
        password=secret(plan.password),
        ca_file=plan.ca_file,
        verify=plan.verify,
    )


class RtmpOpener:
    """Opens publish sessions, at the backup in turn."""

    def __init__(self, plan: OutputPlan, secrets: Mapping[str, str]) -> None:
        """Raise RunnerError for a plan without an address."""
        if plan.endpoint is None:
            raise RunnerError("runner.plan_invalid", detail=f"output {plan.id} without an endpoint")
        self._plans = [plan.endpoint] if plan.backup is None else [plan.endpoint, plan.backup]
        self._secrets = secrets

    async def open(self, attempt: int) -> Session:
        """Connect and publish."""
        endpoint = endpoint_of(self._plans[(attempt - 1) % len(self._plans)], self._secrets)
        return RtmpSession(await publish(endpoint))


class RtmpSession:
    """A publish session as an output sees it."""

    def __init__(self, publisher: Publisher) -> None:
        self._publisher = publisher
        loop = asyncio.get_running_loop()
        self.ready: asyncio.Future[None] = loop.create_future()
        self.ready.set_result(None)
        self.lost: asyncio.Future[Problem] = loop.create_future()
        publisher.closed.add_done_callback(self._on_closed)

    @property
    def unsent(self) -> int:
        """Bytes the kernel has not taken yet."""
        return self._publisher.unsent

    def send(self, tag: Tag) -> None:
        """Send a tag."""
        self._publisher.send(tag)

    async def close(self, seconds: float) -> None:
        """Say FCUnpublish and deleteStream, then close; cut after ``seconds``."""
        await self._publisher.close(seconds)

    def abort(self) -> None:
        """Cut the connection."""
        self._publisher.abort()

    def _on_closed(self, closed: asyncio.Future[RtmpError | None]) -> None:
        if self.lost.done():
            return
        error = None if closed.cancelled() else closed.result()
        self.lost.set_result(problem_of(error) if error is not None else Problem("rtmp.closed"))
