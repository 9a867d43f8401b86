"""The key that signs receipts. Whoever has it can make every gateway delete what the database does not have."""

from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from cloud.config import CloudConfig
from cloud.key_file import KeyRefused, read_or_make


def key_path(config: CloudConfig) -> Path:
    """A relative path starts at the data folder."""
    return Path(config.data) / config.ingest.receipt_key


def open_receipt_key(path: Path) -> Ed25519PrivateKey:
    """The key at `path`; made at the first time. Raises KeyRefused."""
    text = read_or_make(path, _make, purpose="that signs receipts", setting="ingest.receipt_key")
    try:
        key = load_pem_private_key(text, password=None)
    except ValueError as error:
        raise KeyRefused(f"{path} is no private key in PEM; put back the right one from your back-up") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise KeyRefused(f"{path} is a key of another kind; an Ed25519 key is expected")
    return key


def _make() -> bytes:
    return Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
