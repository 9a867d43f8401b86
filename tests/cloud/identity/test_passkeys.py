"""A passkey's word holds for this address, this challenge and this key alone, and not when somebody copied the key."""

import base64
import json
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import cbor2
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256

from cloud.identity.second.model import Passkey
from cloud.identity.second.passkeys import PasskeyRefused, Place, challenge_in, check_known

HERE = Place("https://centre.example")
CHALLENGE = b"c" * 32
PRESENT, VERIFIED = 0x01, 0x04
KEY = ec.generate_private_key(ec.SECP256R1())


def public_key() -> bytes:
    """As COSE has it (RFC 9053, section 7.1)."""
    numbers = KEY.public_key().public_numbers()
    return bytes(
        cbor2.dumps({1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32, "big"), -3: numbers.y.to_bytes(32, "big")})
    )


PASSKEY = Passkey(b"id", 1, public_key(), 5, "my phone", datetime(2026, 1, 1, tzinfo=UTC), None)


def text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def create_answer(
    *,
    origin: str = HERE.origin,
    domain: str = HERE.domain,
    challenge: bytes = CHALLENGE,
    kind: str = "webauthn.get",
    flags: int = PRESENT | VERIFIED,
    count: int = 6,
) -> dict[str, Any]:
    """What an authenticator answers (WebAuthn level 2, sections 5.8.1 and 6.1)."""
    client = json.dumps({"type": kind, "challenge": text(challenge), "origin": origin}).encode()
    seen = sha256(domain.encode()).digest() + bytes([flags]) + count.to_bytes(4, "big")
    signature = KEY.sign(seen + sha256(client).digest(), ec.ECDSA(SHA256()))
    response = {"clientDataJSON": text(client), "authenticatorData": text(seen), "signature": text(signature)}
    return {"id": text(b"id"), "rawId": text(b"id"), "type": "public-key", "response": response}


def test_a_right_answer_is_taken() -> None:
    assert check_known(HERE, CHALLENGE, PASSKEY, create_answer()) == 6
    assert challenge_in(create_answer()) == CHALLENGE


@pytest.mark.parametrize(
    "wrong",
    [
        {"origin": "https://centre.example.evil.example"},
        {"origin": "http://centre.example"},
        {"origin": "https://centre.example:8443"},
        {"origin": "https://evil.example"},
        {"domain": "evil.example"},
        {"challenge": b"d" * 32},
        {"kind": "webauthn.create"},
        {"flags": PRESENT},  # whoever holds the phone did not show who they are
        {"flags": VERIFIED},
        {"count": 5},  # the key was copied: its count goes back
        {"count": 4},
    ],
)
def test_a_wrong_answer_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(PasskeyRefused):
        check_known(HERE, CHALLENGE, PASSKEY, create_answer(**wrong))


def test_another_key_opens_nothing() -> None:
    other = replace(PASSKEY, public_key=PASSKEY.public_key[:-1] + bytes([PASSKEY.public_key[-1] ^ 1]))
    with pytest.raises(PasskeyRefused):
        check_known(HERE, CHALLENGE, other, create_answer())
    bent = create_answer()
    bent["response"]["signature"] = text(b"\x30\x06\x02\x01\x01\x02\x01\x01")
    for answer in (bent, {}, {"id": "x", "response": {"clientDataJSON": text(b"[" * 100_000)}}):
        with pytest.raises(PasskeyRefused):
            check_known(HERE, CHALLENGE, PASSKEY, answer)
