"""The key ring: a file of AES-256 keys outside the database, and what is locked with them.

A locked value is ``cc1.KEY.TEXT``: the key's id, then nonce and ciphertext of AES-GCM (NIST SP 800-38D: 96-bit nonces,
chosen at random, safe for 2**32 values under one key) in URL-safe base64. The place where the value stands is
authenticated with it, so a value copied to another row or column does not open there.
"""

from __future__ import annotations

import base64
import binascii
import json
import os
import secrets
import stat
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from castcore_core.secrets.scrub import scrubber
from castcore_sdk.errors import ConfigurationError, PermanentError

_FORMAT = "cc1"
_NONCE = 12
_KEY_BYTES = 32


class KeyRing:
    """Lock and unlock secrets; the newest key locks, every key of the ring unlocks."""

    def __init__(self, path: Path, keys: dict[str, bytes], active: str) -> None:
        self._path = path
        self._keys = keys
        self._active = active

    def __repr__(self) -> str:
        return f"KeyRing({str(self._path)!r}, {len(self._keys)} keys)"

    @classmethod
    def open(cls, path: Path) -> KeyRing:
        """Read the ring at ``path``, or create it with one key for the owner alone; safe when several start at once.

        Raises ConfigurationError: ``secrets.ring_unusable`` or, where others may read the file, ``secrets.ring_open``.
        """
        try:
            if not path.exists():
                _create(path, cls(path, *_first_key()).dump())
            if stat.S_IMODE(path.stat().st_mode) & 0o077:
                raise ConfigurationError("secrets.ring_open", field="key_ring", params={"path": str(path)})
            return cls.load(path, path.read_bytes())
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ConfigurationError(
                "secrets.ring_unusable", field="key_ring", params={"path": str(path), "reason": type(error).__name__}
            ) from None

    @classmethod
    def load(cls, path: Path, content: bytes) -> KeyRing:
        """Return the ring that :meth:`dump` wrote. Raises ValueError, KeyError or TypeError for anything else."""
        document = json.loads(content)
        keys = {name: base64.b64decode(key, validate=True) for name, key in document["keys"].items()}
        if (
            document["version"] != 1
            or document["active"] not in keys
            or any(len(k) != _KEY_BYTES for k in keys.values())
        ):
            raise ValueError("not a key ring")
        return cls(path, keys, document["active"])

    def dump(self) -> bytes:
        """Return the ring as its file holds it."""
        keys = {name: base64.b64encode(key).decode() for name, key in self._keys.items()}
        return json.dumps({"version": 1, "active": self._active, "keys": keys}, indent=2).encode() + b"\n"

    def lock(self, secret: str, place: str) -> str:
        """Return ``secret`` encrypted for ``place``, such as ``destinations/UUID/stream_key``."""
        nonce = secrets.token_bytes(_NONCE)
        sealed = AESGCM(self._keys[self._active]).encrypt(nonce, secret.encode(), place.encode())
        return f"{_FORMAT}.{self._active}.{base64.urlsafe_b64encode(nonce + sealed).decode()}"

    def unlock(self, locked: str, place: str, *, remember: bool = True) -> str:
        """Return the secret and remember it for the scrubber, unless it is a whole document.

        Raises PermanentError ``secrets.unreadable`` where key, place or text do not fit.
        """
        try:
            form, name, text = locked.split(".")
            content = base64.urlsafe_b64decode(text.encode())
            if form != _FORMAT:
                raise ValueError(form)
            opened = AESGCM(self._keys[name]).decrypt(content[:_NONCE], content[_NONCE:], place.encode()).decode()
        except (ValueError, KeyError, InvalidTag, binascii.Error):
            raise PermanentError("secrets.unreadable", params={"place": place}) from None
        if remember:
            scrubber.add(opened)
        return opened

    def is_current(self, locked: str) -> bool:
        """Tell whether the value is locked with the newest key; if not, lock it again after :meth:`rotate`."""
        return locked.startswith(f"{_FORMAT}.{self._active}.")

    def rotate(self) -> None:
        """Add a new key that locks from now on; the old ones stay for what they have locked."""
        keys, active = _first_key()
        self._keys |= keys
        self._active = active
        _replace(self._path, self.dump())

    def derive(self, purpose: str) -> bytes:
        """Return 32 bytes for ``purpose``, such as signing access tokens; :meth:`rotate` changes them (RFC 5869)."""
        return HKDF(SHA256(), 32, salt=None, info=purpose.encode()).derive(self._keys[self._active])


def _first_key() -> tuple[dict[str, bytes], str]:
    name = secrets.token_hex(4)
    return {name: AESGCM.generate_key(bit_length=256)}, name


def _write(path: Path, content: bytes) -> Path:
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    return draft


def _create(path: Path, content: bytes) -> None:
    draft = _write(path, content)
    try:
        # A link fails where the name exists: of servers that start at once, one wins and the others read its ring.
        os.link(draft, path)
    except FileExistsError:
        return
    finally:
        draft.unlink()


def _replace(path: Path, content: bytes) -> None:
    _write(path, content).replace(path)
