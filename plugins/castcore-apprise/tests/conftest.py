"""A real mail server for the tests."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

USER, PASSWORD = "castcore", "canary-mail-password-51d7"


@dataclass
class MailServer:
    """What came in; ``replies`` are given to recipients in front of the usual one."""

    port: int = 0
    messages: list[EmailMessage] = field(default_factory=list)
    replies: list[str] = field(default_factory=list)

    async def handle_RCPT(  # noqa: N802
        self, server: Any, session: Any, envelope: Any, address: str, options: Any
    ) -> str:
        """Take a recipient, or not."""
        if self.replies:
            return self.replies.pop(0)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        """Take a message."""
        message = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(message, EmailMessage)
        self.messages.append(message)
        return "250 OK"

    def url(self, *, user: str = USER, password: str = PASSWORD, **options: str) -> str:
        """Return the address of a mailbox there."""
        values = {"to": "ops@example.com", "from": "castcore@example.com", **options}
        query = "&".join(f"{name}={value}" for name, value in values.items())
        return f"mailto://{user}:{password}@127.0.0.1:{self.port}?{query}"


def _authenticate(server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
    known = isinstance(data, LoginPassword) and (data.login, data.password) == (USER.encode(), PASSWORD.encode())
    return AuthResult(success=known, handled=False)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@pytest.fixture
def mail() -> Iterator[MailServer]:
    """A mail server that wants a login."""
    box = MailServer()
    controller = Controller(
        box,
        hostname="127.0.0.1",
        port=_free_port(),
        authenticator=_authenticate,
        auth_required=True,
        auth_require_tls=False,
        server_hostname="mail.example",
    )
    controller.start()
    box.port = controller.port
    try:
        yield box
    finally:
        controller.stop()
