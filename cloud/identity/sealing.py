"""Secrets that must be read again (second factors) at rest: AES-256-GCM by a key that lies beside the database.

Whoever copies the database or a back-up of it has no second factors. All web processes of a centre need the same key.
"""

import contextlib
import os
import secrets
from pathlib import Path

import structlog
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from cloud.errors import CloudError

log = structlog.get_logger()

_NONCE_BYTES = 12
_KEY_BYTES = 32


class SealingKeyRefused(CloudError):
    """The key cannot be made or used; the message says what to do."""


class Seal:
    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)

    def close(self, secret: bytes, owner: str) -> bytes:
        """`secret` sealed for `owner`, such as `totp:12`: in another's row it does not open."""
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, secret, owner.encode())

    def open(self, sealed: bytes, owner: str) -> bytes:
        """Raises SealingKeyRefused where another key sealed it, or it is another's."""
        try:
            return self._cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], owner.encode())
        except (InvalidTag, ValueError) as error:
            raise SealingKeyRefused(
                "a second factor was sealed by another key; put back the key of web.sealing_key from your back-up, or "
                "let the person set it up anew: doorstep-cloud staff reset-second-factor LOGIN"
            ) from error


def open_seal(path: Path) -> Seal:
    """With the key at `path`; made at the first time, readable by its owner only. Raises SealingKeyRefused."""
    try:
        if not path.exists():
            _make(path)
        if path.stat().st_mode & 0o077:
            raise SealingKeyRefused(f"{path} can be read by others than its owner; `chmod 600` it, if nobody did")
        key = path.read_bytes()
    except OSError as error:
        raise SealingKeyRefused(
            f"{path}: the key that seals second factors cannot be made or read: {error.strerror}; mend the folder, or "
            "name another by web.sealing_key or `data`"
        ) from error
    if len(key) != _KEY_BYTES:
        raise SealingKeyRefused(f"{path} holds no key of {_KEY_BYTES} bytes; put back the right one from your back-up")
    return Seal(key)


def _make(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    with open(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(AESGCM.generate_key(bit_length=8 * _KEY_BYTES))
        file.flush()
        os.fsync(file.fileno())
    try:
        with contextlib.suppress(FileExistsError):  # another process was faster: its key is everybody's
            os.link(unfinished, path)
            log.info("sealing_key_made", path=str(path))
    finally:
        unfinished.unlink()
