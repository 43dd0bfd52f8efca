"""apprise itself: imported on use, in a plugin's thread, since it is large and it blocks."""

from __future__ import annotations

import logging
from typing import Any

from castcore_apprise.config import Address
from castcore_apprise.outcome import Entry, failure
from castcore_sdk import CastCoreError, ConfigurationError, Notification, Severity

_KINDS = {Severity.OK: "info", Severity.WARNING: "warning", Severity.ERROR: "failure"}


class Service:
    """One address, ready to be sent to. Everything here blocks."""

    def __init__(self, address: Address) -> None:
        """Raise ConfigurationError: ``apprise.url_invalid`` for what apprise does not understand, or ``url_file``."""
        self.address = address
        self._apprise: Any = _opened(address)
        self.name = str(self._apprise[0].service_name)[:60]

    def send(self, notification: Notification) -> CastCoreError | None:
        """Send it once and return what went wrong, scrubbed; None where it was taken."""
        body = "\n\n".join(filter(None, (notification.body, notification.link))) or notification.title
        result = self._apprise.notify(
            body=body,
            title=notification.title,
            notify_type=_KINDS[notification.severity],
            body_format="text",
            log_level=logging.DEBUG,
        )
        if result:
            return None
        entries = [_entry(each) for each in result.logs()]
        url = self.address.url.get_secret_value()
        return failure(entries, service=self.name, line=self.address.line, url=url)


def _opened(address: Address) -> Any:
    import apprise

    # Its log holds addresses and whole messages: it is read here and goes nowhere else.
    log = logging.getLogger("apprise")
    log.propagate = False
    log.setLevel(logging.DEBUG)
    # At lower levels the HTTP library under it logs paths, and in those of many services stands the token.
    logging.getLogger("urllib3").setLevel(logging.ERROR)
    # No limit of its own: it would wait in threads that hold up the server's end. Sockets have theirs, 4 s and 15 s.
    asset = apprise.AppriseAsset(
        app_id="CastCore",
        app_desc="CastCore",
        app_url="",
        async_mode=False,
        # A service could otherwise lead messages on, into networks that only the server reaches.
        http_redirects=False,
        service_timeout=0,
        storage_mode=apprise.PersistentStoreMode.MEMORY,
    )
    opened = apprise.Apprise(asset=asset)
    url = address.url.get_secret_value()
    try:
        added = opened.add(url) and len(opened) == 1
    except Exception:  # whatever a service's parser trips over: the address is not for it
        added = False
    if not added:
        raise ConfigurationError("apprise.url_invalid", field="urls", params={"line": address.line})
    if _names_a_file(opened[0]):
        raise ConfigurationError("apprise.url_file", field="urls", params={"line": address.line})
    if "overflow=" not in url:
        # Better the beginning of a message than a refusal of the whole.
        opened[0].overflow_mode = apprise.OverflowMode.TRUNCATE
    return opened


def _names_a_file(service: Any) -> bool:
    """Tell whether an option such as ``template=`` names a file of this machine: its content would be sent on."""
    import apprise

    held = vars(service)
    if any(isinstance(value, apprise.AppriseAttachment) and len(value) for value in held.values()):
        return True
    return any(held.get(name) for name in ("keyfile", "subfile_specified", "pgp_key", "pgp_privkey"))


def _entry(entry: Any) -> Entry:
    return Entry(level="debug" if entry.level in ("DEBUG", "TRACE", "INFO") else "warning", text=str(entry.message))
