"""Letters between banks: only a partner's own words, to us, are heard."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from cloud.errors import RejectedMessage
from cloud.services.time_bank.transfers.messages import Letter, Message, decode_letter, encode_letter, read, sign

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
EAST = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
OFFER = Message(
    step="offer", transfer=UUID(int=7), by="east", to="west", giver="ABCD", taker="WXYZ", minutes=90, at=NOW,
    ends_at=NOW + timedelta(hours=72),
)  # fmt: skip
PARTNERS = {"east": EAST.public_key()}


def test_a_partners_letter_is_read() -> None:
    assert read(decode_letter(encode_letter(sign(OFFER, EAST))), PARTNERS, "west") == OFFER


def test_others_are_not() -> None:
    letter = sign(OFFER, EAST)
    changed = Letter(body=letter.body.replace(b"90", b"91"), signature=letter.signature)
    forged = sign(OFFER, Ed25519PrivateKey.generate())
    unknown = sign(msgspec.structs.replace(OFFER, by="north"), EAST)
    for wrong, own_name in ((changed, "west"), (forged, "west"), (unknown, "west"), (letter, "south")):
        with pytest.raises(RejectedMessage):
            read(wrong, PARTNERS, own_name)


@given(st.binary(max_size=400))
def test_any_bytes_are_refused_in_a_sentence(data: bytes) -> None:
    with pytest.raises(RejectedMessage):
        read(decode_letter(data), PARTNERS, "west")
