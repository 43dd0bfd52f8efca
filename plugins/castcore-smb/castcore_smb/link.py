"""One connection to one share."""

from __future__ import annotations

import logging
import socket
import struct
import threading
import time
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Self
from uuid import uuid4

from smbprotocol import Dialects
from smbprotocol.connection import Commands, Connection, SMB2NegotiateResponse
from smbprotocol.exceptions import AccessDenied, SMBException
from smbprotocol.header import NtStatus
from smbprotocol.open import DirectoryAccessMask
from smbprotocol.session import Session
from smbprotocol.transport import Tcp
from smbprotocol.tree import SMB2TreeConnectResponse, TreeConnect

from castcore_sdk import AuthenticationError, ConfigurationError, PermanentError, TemporaryError
from castcore_smb.config import SmbConfig
from castcore_smb.failure import Silent

CREDITS = 512
"""What is asked for: 32 reads of 1 MiB under way (MS-SMB2 3.3.1.2: Windows grants up to 512)."""
DIALECTS: Mapping[int, str] = {
    Dialects.SMB_2_0_2: "2.0.2",
    Dialects.SMB_2_1_0: "2.1",
    Dialects.SMB_3_0_0: "3.0",
    Dialects.SMB_3_0_2: "3.0.2",
    Dialects.SMB_3_1_1: "3.1.1",
}
GUEST = "guest"
# It tells every request, and with a traceback what its callers are told as an exception.
logging.getLogger("smbprotocol").setLevel(logging.CRITICAL)


class StrictTcp(Tcp):  # type: ignore[misc]
    """A TCP connection that takes no lengths which no SMB server sends."""

    def connect(self) -> None:
        """Connect; the kernel gives up what the server does not take, also while it is alive but stands still."""
        super().connect()
        sock: Any = self._sock
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int((self.timeout or 60) * 1000))
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)

    def _recv(self, length: int, timeout: float) -> Any:
        # The first byte is zero (MS-SMB2 2.1); what smbprotocol allocates for other servers is up to 4 GiB.
        if length > self.MAX_SIZE:
            raise SMBException("no SMB")
        return super()._recv(length, timeout)


class PatientConnection(Connection):  # type: ignore[misc]
    """A connection whose answers are waited for within a limit, and which keeps the server's clock."""

    def __init__(self, config: SmbConfig) -> None:
        self._transport: Tcp | None = None
        # Guests have no key to sign with.
        super().__init__(uuid4(), config.host, config.port, require_signing=bool(config.username))
        self._patience = config.timeout
        self.server_time: datetime | None = None
        """When the connection began, by the server's clock."""
        self.access = 0
        """What the user may do on the share at most."""

    @property
    def transport(self) -> Tcp | None:
        """The TCP connection."""
        return self._transport

    @transport.setter
    def transport(self, tcp: Tcp | None) -> None:
        self._transport = tcp and StrictTcp(tcp.server, tcp.port, tcp.timeout)

    def receive(
        self, request: Any, wait: bool = True, timeout: float | None = None, resolve_symlinks: bool = True
    ) -> Any:
        """Wait for the answer; links are not followed, they may lead anywhere. Raise Silent."""
        if not request.response_event.wait(self._patience if timeout is None else timeout):
            self.disconnect(False)
            raise Silent
        answer = super().receive(request, wait, self._patience, resolve_symlinks=False)
        command = answer["command"].get_value()
        if command == Commands.SMB2_NEGOTIATE:
            self.server_time = _unpacked(SMB2NegotiateResponse(), answer)["system_time"].get_value()
        elif command == Commands.SMB2_TREE_CONNECT:
            self.access = _unpacked(SMB2TreeConnectResponse(), answer)["maximal_access"].get_value()
        return answer


def _unpacked(structure: Any, answer: Any) -> Any:
    structure.unpack(answer["data"].get_value())
    return structure


class Link:
    """A connection, the session of one user and the share, opened. Threads may use it together."""

    def __init__(self, connection: PatientConnection, session: Session, tree: TreeConnect) -> None:
        self.connection: Any = connection
        self.session: Any = session
        self.tree: Any = tree
        self.since = time.time()
        """When the connection began, by the clock of this machine."""
        self.credits = threading.Lock()
        """Held from looking at the credits until the request that takes them is sent."""
        self._forgotten: list[Any] = []
        self._forgetting = threading.Lock()

    @classmethod
    def open(cls, config: SmbConfig) -> Self:
        """Connect. Raise CastCoreError where the answer is clear, else what smbprotocol raises."""
        connection = PatientConnection(config)
        try:
            _greet(connection, config)
            session = _session(connection, config)
            return cls(connection, session, _tree(session, config))
        except BaseException:
            if connection.transport is not None:
                connection.disconnect(False)
            raise

    @property
    def alive(self) -> bool:
        """Whether the connection was still there when somebody last looked."""
        return bool(self.connection.transport.connected)

    @property
    def encrypted(self) -> bool:
        """Whether what is read and written is encrypted on its way."""
        return bool(self.session.encrypt_data or self.tree.encrypt_data)

    @property
    def dialect(self) -> str:
        """The version of SMB, such as ``3.1.1``."""
        return DIALECTS.get(self.connection.dialect, "?")

    @property
    def may_add_files(self) -> bool:
        """Whether the server lets this user write to the share at all."""
        return bool(self.connection.access & DirectoryAccessMask.FILE_ADD_FILE)

    def free_credits(self) -> int:
        """Return how many more requests of 64 KiB the server takes now."""
        window = self.connection.sequence_window
        return int(window["high"] - window["low"])

    def forget(self, request: Any) -> None:
        """Let nobody wait for an answer. smbprotocol keeps each until it is taken: those that came are let go here."""
        with self._forgetting:
            waiting = [*self._forgotten, request]
            self._forgotten = [each for each in waiting if not _is_answered(each)]
            for each in waiting:
                if each not in self._forgotten:
                    self.connection.outstanding_requests.pop(each.message["message_id"].get_value(), None)

    def close(self) -> None:
        """Log off and disconnect. No error where the server is gone."""
        try:
            if self.alive:
                self.session.disconnect(False, timeout=2)
        except (SMBException, OSError, KeyError):
            self.connection.disconnect(False)  # It was gone already, or it is now.
        self.connection.disconnect(False)


def _is_answered(request: Any) -> bool:
    """Tell whether the last word on a request has come; a server that takes its time says so first."""
    if not request.response_event.is_set():
        return False
    return request.response is None or request.response["status"].get_value() != NtStatus.STATUS_PENDING


def _greet(connection: Any, config: SmbConfig) -> None:
    try:
        connection.connect(timeout=config.timeout)
    except Silent:
        raise
    except Exception as error:
        # Whatever is no SMB 2 breaks off somewhere in the greeting, with any error of a parser.
        if connection.transport is None or not isinstance(error, (SMBException, LookupError, struct.error, ValueError)):
            raise
        if isinstance(error.__cause__, OSError):
            raise
        raise TemporaryError("smb.no_smb", params={"host": config.host, "port": config.port}) from None


def _session(connection: Any, config: SmbConfig) -> Session:
    params = {"host": config.host}
    if config.encryption and not connection.supports_encryption:
        raise ConfigurationError("smb.encryption_impossible", field="encryption", params=params)
    name = f"{config.domain}\\{config.username}" if config.domain and config.username else config.username
    password = config.password.get_secret_value() if config.password and config.username else ""
    session = Session(connection, name or GUEST, password, require_encryption=config.encryption)
    try:
        session.connect()
    except SMBException as error:
        if "guest" not in str(error):
            raise
        if config.username:
            raise AuthenticationError("smb.user_unknown", params=params) from None
        raise ConfigurationError("smb.guest_cannot_sign", field="username", params=params) from None
    return session


def _tree(session: Any, config: SmbConfig) -> TreeConnect:
    tree = TreeConnect(session, rf"\\{config.host}\{config.share}")
    try:
        tree.connect(require_secure_negotiate=session.signing_key is not None)
    except AccessDenied:
        params = {"host": config.host, "share": config.share}
        raise PermanentError("smb.share_denied", params=params) from None
    # Files are asked for by their path on this share; links to other servers are told, not followed.
    tree.is_dfs_share = False
    session.connection.echo(sid=session.session_id, timeout=config.timeout, credit_request=CREDITS)
    return tree
