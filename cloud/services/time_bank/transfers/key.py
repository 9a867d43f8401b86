"""The key by which this bank signs, and what it knows of its partners."""

import base64
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from cloud.key_file import KeyRefused, read_or_make
from cloud.services.time_bank.transfers.messages import public_key
from cloud.time_bank_config import TimeBank


@dataclass(frozen=True)
class Bank:
    """Who we are among banks."""

    name: str
    key: Ed25519PrivateKey
    partners: dict[str, Ed25519PublicKey]
    addresses: dict[str, str]

    @property
    def shown_key(self) -> str:
        """What partners write into their configuration."""
        return base64.b64encode(self.key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)).decode()


def open_bank(config: TimeBank, data: Path) -> Bank:
    """Makes the key the first time. Raises KeyRefused."""
    path = data / config.key
    raw = read_or_make(path, _make, purpose="that signs transfers of hours", setting="time_bank.key")
    try:
        key = Ed25519PrivateKey.from_private_bytes(raw)
    except ValueError as error:
        raise KeyRefused(f"{path} holds no key; put the right file back, or remove it and tell partners") from error
    return Bank(
        config.name,
        key,
        {one.name: public_key(one.public_key) for one in config.partners},
        {one.name: one.address.rstrip("/") for one in config.partners},
    )


def _make() -> bytes:
    return Ed25519PrivateKey.generate().private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption())
