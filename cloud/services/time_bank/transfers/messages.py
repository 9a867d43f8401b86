"""What banks tell each other, signed by Ed25519 (RFC 8032). Pure."""

import base64
import binascii
from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from cloud.errors import RejectedMessage

MOST_BYTES = 4096
Kind = Literal["offer", "accept", "refuse", "commit", "cancel", "receipt"]


class Message(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One step of a transfer, as its bytes are signed."""

    version: Literal[1] = 1
    step: Kind
    transfer: UUID
    by: str
    """The bank that says it."""
    to: str
    giver: str
    """Code of the account that gives, with the bank that offers."""
    taker: str
    """Code of the account over there."""
    minutes: Annotated[int, msgspec.Meta(ge=1, le=100_000)]
    ends_at: datetime
    at: datetime


class Letter(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A message on its way: JSON, both in base64."""

    body: bytes
    signature: bytes


def sign(message: Message, key: Ed25519PrivateKey) -> Letter:
    body = msgspec.json.encode(message)
    return Letter(body=body, signature=key.sign(body))


def read(letter: Letter, keys: dict[str, Ed25519PublicKey], own_name: str) -> Message:
    """Raises RejectedMessage where it is none, is not to us, or is not by the bank that it names."""
    try:
        message = msgspec.json.decode(letter.body, type=Message)
    except msgspec.DecodeError as error:
        raise RejectedMessage(f"no message of a time bank: {error}") from error
    if message.to != own_name:
        raise RejectedMessage(f"this is for the bank {message.to!r}, and we are {own_name!r}")
    key = keys.get(message.by)
    if key is None:
        raise RejectedMessage(f"no partner is called {message.by!r}; name it in time_bank.partners")
    try:
        key.verify(letter.signature, letter.body)
    except InvalidSignature as error:
        raise RejectedMessage(f"the signature is not by the key of {message.by!r}") from error
    if message.at.tzinfo is None or message.ends_at.tzinfo is None:
        raise RejectedMessage("at, ends_at: expected times with their offset")
    return message


def decode_letter(data: bytes) -> Letter:
    """Raises RejectedMessage."""
    if len(data) > MOST_BYTES:
        raise RejectedMessage(f"a letter of a time bank has at most {MOST_BYTES} bytes")
    try:
        return msgspec.json.decode(data, type=Letter)
    except msgspec.DecodeError as error:
        raise RejectedMessage(f"no letter of a time bank: {error}") from error


def encode_letter(letter: Letter) -> bytes:
    return msgspec.json.encode(letter)


def public_key(text: str) -> Ed25519PublicKey:
    """32 bytes in base64, as `doorstep-cloud time-bank key` prints them. Raises ValueError."""
    try:
        return Ed25519PublicKey.from_public_bytes(base64.b64decode(text, validate=True))
    except binascii.Error as error:
        raise ValueError(f"no key: {error}") from error
