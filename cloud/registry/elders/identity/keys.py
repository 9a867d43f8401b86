"""Identity numbers at rest: sealed by AES-256-GCM, and found by a keyed hash (HMAC-SHA-256).

Both keys come (HKDF) from one that lies beside the database. Whoever copies the database or a back-up of it has no
numbers, and cannot try all of them against the hashes either.
"""

import hmac
import secrets
from pathlib import Path

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from cloud.identity.sealing import Seal
from cloud.key_file import KeyRefused, read_or_make

_KEY_BYTES = 32


class IdentityKeys:
    def __init__(self, key: bytes) -> None:
        self._seal = Seal(_derived(key, b"doorstep identity seal"))
        self._search = _derived(key, b"doorstep identity search")

    def close(self, number: str, what: str, elder_id: int) -> bytes:
        """`what` is `number` or `card`: sealed for this elder and this use, it opens nowhere else."""
        return self._seal.close(number.encode(), f"{what}:{elder_id}")

    def open(self, sealed: bytes, what: str, elder_id: int) -> str:
        """Raises KeyRefused where another key sealed it, or it is another elder's."""
        try:
            return self._seal.open(sealed, f"{what}:{elder_id}").decode()
        except KeyRefused as error:
            raise KeyRefused(
                "an identity number was sealed by another key; put back the key of registry.identity_key from your "
                "back-up, or write the number down anew"
            ) from error

    def hash(self, number: str) -> bytes:
        """The same for the same number, and of no use without the key."""
        return hmac.digest(self._search, number.encode(), "sha256")


def open_identity_keys(path: Path) -> IdentityKeys:
    """With the key at `path`; made at the first time. Raises KeyRefused."""
    key = read_or_make(
        path, lambda: secrets.token_bytes(_KEY_BYTES), purpose="of identity numbers", setting="registry.identity_key"
    )
    if len(key) != _KEY_BYTES:
        raise KeyRefused(f"{path} holds no key of {_KEY_BYTES} bytes; put back the right one from your back-up")
    return IdentityKeys(key)


def _derived(key: bytes, use: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=_KEY_BYTES, salt=None, info=use).derive(key)
