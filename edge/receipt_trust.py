"""Whose receipts empty the outbox: the centre's whose key is in the configuration, or who was the first to sign one.

A receipt with another signature is refused and counted; somebody has to look, since nothing leaves the outbox then.
"""

import os
import threading
from datetime import datetime, timedelta
from pathlib import Path

import structlog

from protocols.telemetry.messages import Receipt
from protocols.telemetry.signed_receipt import is_signed_by

_log = structlog.get_logger()

LATELY = timedelta(hours=1)
"""So long after the last refusal the gateway is not called well."""
_KEY_BYTES = 32


class ReceiptTrust:
    """Safe to use from any thread."""

    def __init__(self, gateway: str, pinned: bytes | None, first_seen: Path) -> None:
        """`first_seen` is the file of the key that was trusted first; it is not looked at where one is pinned."""
        self._gateway = gateway
        self._first_seen = first_seen
        self._lock = threading.Lock()
        self._key = _read_key(first_seen) if pinned is None else pinned
        self._refused = 0
        self._refused_at: datetime | None = None

    @property
    def key(self) -> bytes | None:
        """The centre's public key; None before one is known."""
        return self._key

    @property
    def refused(self) -> int:
        """Since the gateway started."""
        return self._refused

    def accepts(self, receipt: Receipt, now: datetime) -> bool:
        """Whether `receipt` may empty the outbox. Until a key is known, one without a signature may.

        The first key that signs is written down before anything is believed; raises OSError where that fails.
        """
        with self._lock:
            if self._key is None and not receipt.signature:
                return True  # a centre of an earlier version
            trusted = receipt.key if self._key is None else self._key
            if not is_signed_by(self._gateway, receipt, trusted):
                self._refused += 1
                if self._refused_at is None or now - self._refused_at > LATELY:
                    _log.error("receipt_refused", problem="its signature is not the centre's", refused=self._refused)
                self._refused_at = now
                return False
            if self._key is None:
                _write_key(self._first_seen, trusted)
                self._key = trusted
                _log.info("centre_key_trusted", key=trusted.hex())
            return True

    def problem(self, now: datetime) -> str | None:
        """In a sentence, while receipts were refused lately."""
        with self._lock:
            if self._refused_at is None or now - self._refused_at > LATELY:
                return None
            return (
                f"{self._refused} receipts were refused: their signature is not the centre's; when the centre has a "
                f"new key, put it into receipts.public_key, or remove {self._first_seen.name} from the data folder"
            )


def _read_key(path: Path) -> bytes | None:
    try:
        key = bytes.fromhex(path.read_text(encoding="ascii"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError):  # never "no key": whoever damages the file would be trusted next
        key = b""
    if len(key) != _KEY_BYTES:
        _log.error("centre_key_unreadable", path=str(path), what="no receipt is taken; write it anew, or remove it")
    return key


def _write_key(path: Path, key: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    unfinished = path.with_suffix(".unfinished")
    with open(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="ascii") as file:
        file.write(key.hex() + "\n")
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(path)
