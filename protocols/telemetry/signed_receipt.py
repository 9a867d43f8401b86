"""Receipts carry the signature of the centre's store (Ed25519, RFC 8032): an outbox is emptied on its word alone.

A signature costs more than storing the readings of a message, so those receipts that go out together are signed
together: they are the leaves of a hash tree, its root is signed, and each receipt brings its way to the root.

    leaf = SHA-256 of 00 and signed_bytes        node = SHA-256 of 01, left and right
    signature over "doorstep receipts 1" and a line feed and the root
    links = SHA-256 of 02 and a line for each: number, space, hash in hexadecimal, line feed
    given up = SHA-256 of 03 and a line for each range: first, "-", last, line feed

Of a level with an odd number of nodes the last goes up as it is. A step of the way is one byte for the side on which
the other node stands (00 left, 01 right), and that node. The leaf names the gateway, so that no receipt can be given
to another home. What a receipt names of running hashes, and then what it names of ranges that were given up, are signed
as the first steps of its way: a gateway that does not know of them sees one step more.
"""

from collections.abc import Sequence
from hashlib import sha256

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from protocols.telemetry.messages import Receipt

MAX_STEPS = 40
_TITLE = b"doorstep receipts 1\n"
_LEFT, _RIGHT = b"\x00", b"\x01"


def signed_bytes(gateway: str, receipt: Receipt) -> bytes:
    """Lines of ASCII: a title, gateway, store, epoch, through, and the ranges beyond as `first-last`, with spaces."""
    beyond = " ".join(f"{first}-{last}" for first, last in receipt.beyond)
    lines = ("doorstep receipt 1", gateway, str(receipt.store), str(receipt.epoch), str(receipt.through), beyond)
    return "\n".join(lines).encode()


def sign_all(receipts: Sequence[tuple[str, Receipt]], key: Ed25519PrivateKey) -> list[tuple[str, Receipt]]:
    """Gateways and their receipts, with one signature by `key`, the public half of it, and each its way to the root."""
    if not receipts:
        return []
    ways = [_named(receipt) for _, receipt in receipts]
    level = [_leaf(gateway, receipt) for gateway, receipt in receipts]
    for place, way in enumerate(ways):
        for step in way:
            level[place] = _node(level[place], step[1:])
    at = list(range(len(level)))  # where each receipt's node stands in the level
    while len(level) > 1:
        for place, way in zip(at, ways, strict=True):
            other = place ^ 1
            if other < len(level):
                way.append((_LEFT if other < place else _RIGHT) + level[other])
        level = [
            _node(level[left], level[left + 1]) if left + 1 < len(level) else level[left]
            for left in range(0, len(level), 2)
        ]
        at = [place // 2 for place in at]
    public, signature = key.public_key().public_bytes_raw(), key.sign(_TITLE + level[0])
    return [
        (gateway, msgspec.structs.replace(receipt, key=public, signature=signature, way=tuple(way)))
        for (gateway, receipt), way in zip(receipts, ways, strict=True)
    ]


def sign(gateway: str, receipt: Receipt, key: Ed25519PrivateKey) -> Receipt:
    """`receipt` for `gateway`, signed alone."""
    ((_, signed),) = sign_all([(gateway, receipt)], key)
    return signed


def is_signed_by(gateway: str, receipt: Receipt, public_key: bytes) -> bool:
    """Whether the holder of `public_key` (32 bytes) gave this receipt to `gateway`."""
    named = _named(receipt)
    if len(receipt.way) > MAX_STEPS or list(receipt.way[: len(named)]) != named:
        return False
    root = _leaf(gateway, receipt)
    for step in receipt.way:
        side, other = step[:1], step[1:]
        if len(other) != len(root) or side not in (_LEFT, _RIGHT):
            return False
        root = _node(other, root) if side == _LEFT else _node(root, other)
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(receipt.signature, _TITLE + root)
    except (InvalidSignature, ValueError):
        return False
    return True


def _leaf(gateway: str, receipt: Receipt) -> bytes:
    return sha256(b"\x00" + signed_bytes(gateway, receipt)).digest()


def _named(receipt: Receipt) -> list[bytes]:
    """The first steps of its way."""
    steps = []
    if receipt.links:
        lines = b"".join(b"%d %s\n" % (at, link.hex().encode()) for at, link in receipt.links)
        steps.append(_RIGHT + sha256(b"\x02" + lines).digest())
    if receipt.given_up:
        lines = b"".join(b"%d-%d\n" % span for span in receipt.given_up)
        steps.append(_RIGHT + sha256(b"\x03" + lines).digest())
    return steps


def _node(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x01" + left + right).digest()
