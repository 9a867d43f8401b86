"""A file that moves a home from one gateway to the next, sealed under a passphrase.

    DOORSTEP HOME 1, line feed, salt (16 bytes), nonce (12), then AES-256-GCM over a tar

The key is scrypt of the passphrase. It holds keys of devices and bonds: who has it and the passphrase has the home.
"""

import hashlib
import io
import os
import tarfile
from pathlib import PurePosixPath

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from edge.errors import Permanent

_HEAD = b"DOORSTEP HOME 1\n"
_SALT, _NONCE = 16, 12
_N, _R, _P = 65536, 8, 1  # 64 MiB
_MEMORY = 96 * 1024 * 1024
LEAST_PASSPHRASE = 12
MOST_BYTES = 2_000_000_000


def seal(files: dict[str, bytes], passphrase: str) -> bytes:
    """`files` by a relative path. Raises Permanent for a short passphrase."""
    need_passphrase(passphrase)
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as tar:
        for name, data in files.items():
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(data), 0o600
            tar.addfile(entry, io.BytesIO(data))
    salt, nonce = os.urandom(_SALT), os.urandom(_NONCE)
    return _HEAD + salt + nonce + AESGCM(_key(passphrase, salt)).encrypt(nonce, packed.getvalue(), _HEAD)


def need_parcel(data: bytes) -> None:
    """Raises Permanent where `data` cannot be a parcel."""
    if not data.startswith(_HEAD):
        raise Permanent("this is not a file of `doorstep-edge replace export`")


def need_passphrase(passphrase: str) -> None:
    """Raises Permanent for a short one."""
    if len(passphrase) < LEAST_PASSPHRASE:
        raise Permanent(f"the passphrase has {len(passphrase)} characters; {LEAST_PASSPHRASE} are the least")


def unseal(parcel: bytes, passphrase: str) -> dict[str, bytes]:
    """Raises Permanent where it is no parcel, was changed, or the passphrase is another one."""
    need_parcel(parcel)
    begin = len(_HEAD)
    salt, nonce = parcel[begin : begin + _SALT], parcel[begin + _SALT : begin + _SALT + _NONCE]
    try:
        packed = AESGCM(_key(passphrase, salt)).decrypt(nonce, parcel[begin + _SALT + _NONCE :], _HEAD)
    except (InvalidTag, ValueError):
        raise Permanent("the passphrase is another one, or the file was changed on its way") from None
    found: dict[str, bytes] = {}
    with tarfile.open(fileobj=io.BytesIO(packed), mode="r:gz") as tar:
        for entry in tar:
            path = PurePosixPath(entry.name)
            data = tar.extractfile(entry) if entry.isreg() else None
            if data is None or path.is_absolute() or ".." in path.parts or entry.size > MOST_BYTES:
                raise Permanent(f"the file holds {entry.name!r}, which no gateway wrote")
            found[entry.name] = data.read()
    return found


def _key(passphrase: str, salt: bytes) -> bytes:
    return hashlib.scrypt(passphrase.encode(), salt=salt, n=_N, r=_R, p=_P, maxmem=_MEMORY, dklen=32)
