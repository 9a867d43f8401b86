"""Secrets that must be read again (second factors) at rest: AES-256-GCM by a key that lies beside the database.

Whoever copies the database or a back-up of it has no second factors. All web processes of a centre need the same key.
"""

import os
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from cloud.key_file import KeyRefused, read_or_make

_NONCE_BYTES = 12
_KEY_BYTES = 32


class Seal:
    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)

    def close(self, secret: bytes, owner: str) -> bytes:
        """`secret` sealed for `owner`, such as `totp:12`: in another's row it does not open."""
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, secret, owner.encode())

    def open(self, sealed: bytes, owner: str) -> bytes:
        """Raises KeyRefused where another key sealed it, or it is another's."""
        try:
            return self._cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], owner.encode())
        except (InvalidTag, ValueError) as error:
            raise KeyRefused(
                "a second factor was sealed by another key; put back the key of web.sealing_key from your back-up, or "
                "let the person set it up anew: doorstep-cloud staff reset-second-factor LOGIN"
            ) from error


def open_seal(path: Path) -> Seal:
    """With the key at `path`; made at the first time. Raises KeyRefused."""
    key = read_or_make(path, _make, purpose="that seals second factors", setting="web.sealing_key")
    if len(key) != _KEY_BYTES:
        raise KeyRefused(f"{path} holds no key of {_KEY_BYTES} bytes; put back the right one from your back-up")
    return Seal(key)


def _make() -> bytes:
    return AESGCM.generate_key(bit_length=8 * _KEY_BYTES)
