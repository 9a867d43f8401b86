"""Who was erased, in a folder beside the database: whatever back-up is restored, they are erased from it again.

The folder holds a key and a list. A line of the list is two keyed digests and a moment: of the elder's code and number,
which finds them in a restored database, and of the code alone, which keeps a community file from making them anew. Who
has the list without the key learns nothing of anybody.
"""

import fcntl
import hmac
import os
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path

import msgspec

from cloud.errors import CloudError
from cloud.key_file import read_or_make

KEY = "key"
LIST = "erasures.jsonl"
_KEY_BYTES = 32


class LedgerRefused(CloudError):
    """The list cannot be read or written; the message says what to do."""


class Erasure(msgspec.Struct, frozen=True):
    digest: str
    """Of code and number, hexadecimal."""
    code_digest: str
    """Of the code, hexadecimal."""
    erased_at: datetime


@dataclass(frozen=True)
class Ledger:
    folder: Path
    key: bytes

    def of(self, elder_id: int, code: str, at: datetime) -> Erasure:
        return Erasure(self.digest_of(elder_id, code), self.code_digest_of(code), at)

    def digest_of(self, elder_id: int, code: str) -> str:
        return self._keyed(f"elder\0{elder_id}\0{code}")

    def code_digest_of(self, code: str) -> str:
        return self._keyed(f"code\0{code}")

    def _keyed(self, text: str) -> str:
        return hmac.new(self.key, text.encode(), sha256).hexdigest()

    def read(self) -> list[Erasure]:
        """All of it. Raises LedgerRefused where a line is no line of it."""
        found = []
        try:
            text = (self.folder / LIST).read_bytes()
        except FileNotFoundError:
            return []
        except OSError as error:
            raise LedgerRefused(f"{self.folder / LIST} cannot be read: {error.strerror}") from error
        for number, line in enumerate(text.splitlines(), 1):
            try:
                found.append(msgspec.json.decode(line, type=Erasure))
            except msgspec.DecodeError as error:
                raise LedgerRefused(
                    f"{self.folder / LIST}: line {number} was changed or cut short; put back a copy of the file, and "
                    "do not restore or seed before"
                ) from error
        return found

    def add(self, erasures: Iterable[Erasure]) -> None:
        """Those that it does not hold yet. On the disk when this returns. Raises LedgerRefused."""
        path = self.folder / LIST
        try:
            with open(os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600), "ab") as file:
                fcntl.flock(file, fcntl.LOCK_EX)
                known = {one.digest for one in self.read()}
                for one in erasures:
                    if one.digest not in known:
                        known.add(one.digest)
                        file.write(msgspec.json.encode(one) + b"\n")
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise LedgerRefused(f"{path} cannot be written: {error.strerror}; nobody was erased") from error


def open_ledger(folder: Path) -> Ledger:
    """The ledger in `folder`; made at the first time. Raises KeyRefused."""
    key = read_or_make(
        folder / KEY, lambda: os.urandom(_KEY_BYTES), purpose="of the erasures", setting="privacy.erasures"
    )
    return Ledger(folder, key)


def known_ledger(folder: Path) -> Ledger | None:
    """The ledger in `folder`; None where nobody was erased yet. Raises KeyRefused."""
    return open_ledger(folder) if (folder / LIST).exists() else None
