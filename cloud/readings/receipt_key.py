"""The key that signs receipts. Whoever has it can make every gateway delete what the database does not have."""

import contextlib
import os
import secrets
from pathlib import Path

import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from cloud.config import CloudConfig
from cloud.errors import CloudError

log = structlog.get_logger()


class ReceiptKeyRefused(CloudError):
    """The key cannot be made or used; the message says what to do."""


def key_path(config: CloudConfig) -> Path:
    """A relative path starts at the data folder."""
    return Path(config.data) / config.ingest.receipt_key


def open_receipt_key(path: Path) -> Ed25519PrivateKey:
    """The key at `path`; made at the first time, readable by its owner only. Safe to call from many processes.

    Raises ReceiptKeyRefused.
    """
    try:
        if not path.exists():
            _make(path)
        if path.stat().st_mode & 0o077:
            raise ReceiptKeyRefused(f"{path} can be read by others than its owner; `chmod 600` it, if nobody did")
        key = load_pem_private_key(path.read_bytes(), password=None)
    except OSError as error:
        raise ReceiptKeyRefused(
            f"{path}: the key that signs receipts cannot be made or read: {error.strerror}; mend the folder, or name "
            "another by ingest.receipt_key or `data`"
        ) from error
    except ValueError as error:
        raise ReceiptKeyRefused(f"{path} is no private key in PEM; put back the right one from your back-up") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise ReceiptKeyRefused(f"{path} is a key of another kind; an Ed25519 key is expected")
    return key


def _make(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    text = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    unfinished = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    with open(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    try:
        with contextlib.suppress(FileExistsError):  # another process was faster: its key is everybody's
            os.link(unfinished, path)
            log.info("receipt_key_made", path=str(path))
    finally:
        unfinished.unlink()
