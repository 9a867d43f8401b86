"""Receipts become the word of this database: its generation on them, and the centre's signature."""

from collections.abc import Sequence

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from protocols.telemetry.messages import Receipt
from protocols.telemetry.signed_receipt import sign_all


class ReceiptSigner:
    """Safe to use from any thread."""

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key

    def sign(self, receipts: Sequence[tuple[str, Receipt]], generation: int) -> list[tuple[str, Receipt]]:
        """Gateways and receipts, of a database of `generation`."""
        told = [(gateway, msgspec.structs.replace(receipt, store=generation)) for gateway, receipt in receipts]
        return sign_all(told, self._key)
