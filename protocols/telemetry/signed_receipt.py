"""Receipts carry the signature of the centre's store (Ed25519, RFC 8032): an outbox is emptied on its word alone.

Signed is what a receipt says together with the gateway that it is for, so that none can be given to another home.
"""

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from protocols.telemetry.messages import Receipt


def signed_bytes(gateway: str, receipt: Receipt) -> bytes:
    """Lines of ASCII: a title, gateway, store, epoch, through, and the ranges beyond as `first-last`, with spaces."""
    beyond = " ".join(f"{first}-{last}" for first, last in receipt.beyond)
    lines = ("doorstep receipt 1", gateway, str(receipt.store), str(receipt.epoch), str(receipt.through), beyond)
    return "\n".join(lines).encode()


def sign(gateway: str, receipt: Receipt, key: Ed25519PrivateKey) -> Receipt:
    """`receipt` for `gateway` with the signature and the public half of `key`."""
    signature = key.sign(signed_bytes(gateway, receipt))
    return msgspec.structs.replace(receipt, key=key.public_key().public_bytes_raw(), signature=signature)


def is_signed_by(gateway: str, receipt: Receipt, public_key: bytes) -> bool:
    """Whether the holder of `public_key` (32 bytes) gave this receipt to `gateway`."""
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(receipt.signature, signed_bytes(gateway, receipt))
    except (InvalidSignature, ValueError):
        return False
    return True
