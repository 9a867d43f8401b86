"""Passwords at rest: argon2id (RFC 9106) with its parameters in the stored text, so that they can be raised later.

$argon2id$v=19$m=19456,t=2,p=1$SALT$HASH      what is written today: 19 MiB, two passes
scrypt$16384$8$1$SALT$HASH                    what was written before: still opens, and is renewed at the next log-in
"""

import base64
import binascii
import functools
import hashlib
import hmac
import os

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError
from argon2.low_level import Type

_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1, type=Type.ID)
"""Some 30 ms on a small server, and little enough memory that many may sign in at once on it."""
_SCRYPT_HASH_BYTES = 32
_SCRYPT_MEMORY = 128 * 1024 * 1024
MAX_PASSWORD_CHARACTERS = 1024


def hash_password(password: str) -> str:
    """A stored text for `password`, with a salt of its own. Raises ValueError for an empty or endless one."""
    if not 0 < len(password) <= MAX_PASSWORD_CHARACTERS:
        raise ValueError(f"a password has 1 to {MAX_PASSWORD_CHARACTERS} characters")
    return _HASHER.hash(password)


def verify_password(password: str, stored: str) -> bool:
    """Whether `password` is the one behind `stored`, compared in constant time. A broken text fits no password."""
    if len(password) > MAX_PASSWORD_CHARACTERS:
        return False
    if stored.startswith("scrypt$"):
        return _fits_scrypt(password, stored)
    try:
        return _HASHER.verify(stored, password)
    except (Argon2Error, InvalidHashError, ValueError):
        return False


def needs_renewal(stored: str) -> bool:
    """Whether `stored` was made in an older way or at another cost than `hash_password` takes today."""
    if not stored.startswith("$argon2id$"):
        return True
    try:
        return _HASHER.check_needs_rehash(stored)
    except InvalidHashError:
        return True


@functools.cache
def nobodys_hash() -> str:
    """Verified when a login is unknown, so that the answer takes as long as for a known one."""
    return hash_password(base64.b64encode(os.urandom(24)).decode())


def _fits_scrypt(password: str, stored: str) -> bool:
    try:
        _, n, r, p, salt, digest = stored.split("$")
        found = hashlib.scrypt(
            password.encode(),
            salt=base64.b64decode(salt, validate=True),
            n=int(n),
            r=int(r),
            p=int(p),
            maxmem=_SCRYPT_MEMORY,
            dklen=_SCRYPT_HASH_BYTES,
        )
        return hmac.compare_digest(found, base64.b64decode(digest, validate=True))
    except (ValueError, binascii.Error):
        return False
