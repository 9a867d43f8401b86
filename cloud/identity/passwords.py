"""Passwords at rest: scrypt, with its parameters in the stored text so that they can be raised later.

scrypt$16384$8$1$SALT$HASH      cost n, block size r, parallelism p; salt and hash in base64
"""

import base64
import binascii
import functools
import hashlib
import hmac
import os

_N, _R, _P = 16384, 8, 1  # 16 MiB and some 40 ms on a small server
_SALT_BYTES = 16
_HASH_BYTES = 32
_MAX_MEMORY = 128 * 1024 * 1024
MAX_PASSWORD_CHARACTERS = 1024


def hash_password(password: str) -> str:
    """A stored text for `password`, with a salt of its own. Raises ValueError for an empty or endless one."""
    if not 0 < len(password) <= MAX_PASSWORD_CHARACTERS:
        raise ValueError(f"a password has 1 to {MAX_PASSWORD_CHARACTERS} characters")
    salt = os.urandom(_SALT_BYTES)
    digest = _scrypt(password, salt, _N, _R, _P)
    return f"scrypt${_N}${_R}${_P}${_text(salt)}${_text(digest)}"


def verify_password(password: str, stored: str) -> bool:
    """Whether `password` is the one behind `stored`, compared in constant time. A broken text fits no password."""
    try:
        kind, n, r, p, salt, digest = stored.split("$")
        if kind != "scrypt" or len(password) > MAX_PASSWORD_CHARACTERS:
            return False
        found = _scrypt(password, base64.b64decode(salt, validate=True), int(n), int(r), int(p))
        return hmac.compare_digest(found, base64.b64decode(digest, validate=True))
    except (ValueError, binascii.Error):
        return False


@functools.cache
def nobodys_hash() -> str:
    """Verified when a login is unknown, so that the answer takes as long as for a known one."""
    return hash_password(base64.b64encode(os.urandom(24)).decode())


def _scrypt(password: str, salt: bytes, n: int, r: int, p: int) -> bytes:
    return hashlib.scrypt(password.encode(), salt=salt, n=n, r=r, p=p, maxmem=_MAX_MEMORY, dklen=_HASH_BYTES)


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()
