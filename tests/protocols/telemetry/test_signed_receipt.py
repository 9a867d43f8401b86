import hashlib
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given

from protocols.errors import DecodeError
from protocols.telemetry.messages import Receipt, decode, encode
from protocols.telemetry.signed_receipt import is_signed_by, sign, sign_all, signed_bytes
from tests.protocols.telemetry.test_messages import receipts

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC = KEY.public_key().public_bytes_raw()
RECEIPT = Receipt(epoch=7, through=10, beyond=((12, 15), (20, 20)), store=3)


def test_what_is_signed() -> None:
    assert signed_bytes("gw-1", RECEIPT) == b"doorstep receipt 1\ngw-1\n3\n7\n10\n12-15 20-20"


def test_a_signed_receipt_crosses_the_wire() -> None:
    arrived = decode(Receipt, encode(sign("gw-1", RECEIPT, KEY)))
    assert arrived.key == PUBLIC
    assert is_signed_by("gw-1", arrived, PUBLIC)


@pytest.mark.parametrize(
    "changes",
    [
        {"epoch": 8},
        {"through": 11},
        {"beyond": ((12, 15),)},
        {"store": 4},
        {"signature": b""},
        {"signature": bytes(64)},
        {"signature": bytes(65)},
        {"way": (bytes(33),)},
        {"way": (b"\x02" + bytes(32),)},
        {"way": (b"",) * 41},
    ],
)
def test_a_changed_receipt_is_not_signed(changes: dict[str, Any]) -> None:
    changed = msgspec.structs.replace(sign("gw-1", RECEIPT, KEY), **changes)
    assert not is_signed_by("gw-1", changed, PUBLIC)


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 7, 8, 33])
def test_receipts_that_are_signed_together_are_signed_each(count: int) -> None:
    receipts = [(f"gw-{number}", msgspec.structs.replace(RECEIPT, through=number)) for number in range(count)]
    signed = sign_all(receipts, KEY)
    assert len({receipt.signature for _, receipt in signed}) == 1
    for (gateway, receipt), (_, plain) in zip(signed, receipts, strict=True):
        assert signed_bytes(gateway, receipt) == signed_bytes(gateway, plain)
        assert is_signed_by(gateway, decode(Receipt, encode(receipt)), PUBLIC)
        assert not is_signed_by("gw-x", receipt, PUBLIC)
        assert not is_signed_by(gateway, msgspec.structs.replace(receipt, through=count), PUBLIC)
        for step in range(len(receipt.way)):
            shorter = receipt.way[:step] + receipt.way[step + 1 :]
            assert not is_signed_by(gateway, msgspec.structs.replace(receipt, way=shorter), PUBLIC)
    assert sign_all([], KEY) == []


def test_a_signature_computed_by_hand() -> None:
    leaf = hashlib.sha256(b"\x00doorstep receipt 1\ngw-1\n3\n7\n10\n12-15 20-20").digest()
    assert sign("gw-1", RECEIPT, KEY).signature == KEY.sign(b"doorstep receipts 1\n" + leaf)
    other = hashlib.sha256(b"\x00doorstep receipt 1\ngw-2\n3\n7\n10\n12-15 20-20").digest()
    root = hashlib.sha256(b"\x01" + leaf + other).digest()
    (_, one), (_, two) = sign_all([("gw-1", RECEIPT), ("gw-2", RECEIPT)], KEY)
    assert one.signature == two.signature == KEY.sign(b"doorstep receipts 1\n" + root)
    assert (one.way, two.way) == ((b"\x01" + other,), (b"\x00" + leaf,))


@pytest.mark.parametrize("links", [(), ((9, bytes(32)),)])
def test_what_was_given_up_is_signed_and_who_does_not_know_of_it_sees_a_step_more(links: Any) -> None:
    named = msgspec.structs.replace(RECEIPT, links=links, given_up=((3, 4), (12, 12)))
    (_, signed), (_, plain) = sign_all([("gw-1", named), ("gw-2", RECEIPT)], KEY)
    assert is_signed_by("gw-1", decode(Receipt, encode(signed)), PUBLIC)
    assert is_signed_by("gw-2", plain, PUBLIC)
    for ranges in (((3, 4),), ((3, 12),)):
        assert not is_signed_by("gw-1", msgspec.structs.replace(signed, given_up=ranges), PUBLIC)
    assert is_signed_by("gw-1", msgspec.structs.replace(signed, given_up=()), PUBLIC), "an older gateway"


def test_a_receipt_of_another_home_or_another_key_is_not_ours() -> None:
    signed = sign("gw-1", RECEIPT, KEY)
    assert not is_signed_by("gw-2", signed, PUBLIC)
    other = Ed25519PrivateKey.generate()
    assert not is_signed_by("gw-1", sign("gw-1", RECEIPT, other), PUBLIC)
    assert not is_signed_by("gw-1", signed, b"short")


@given(receipts)
def test_whatever_came_is_judged_without_a_fall(receipt: Receipt) -> None:
    assert not is_signed_by("gw-1", receipt, receipt.key)


def test_a_store_number_that_no_file_holds_is_refused() -> None:
    with pytest.raises(DecodeError, match="store"):
        decode(Receipt, b'{"epoch": 1, "through": 0, "store": 9223372036854775808}')
