"""A configuration as the centre signs it (Ed25519, RFC 8032), with the key that signs its receipts.

    signature over "doorstep configuration 1" and a line feed and the text

The text is JSON of `HomeConfiguration`, character by character what was signed. It names its gateway, so that it cannot
be given to another home, and its version, so that an older one is known for what it is.
"""

from datetime import datetime
from typing import Annotated

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from protocols.errors import DecodeError
from protocols.remote.wanted import Wanted
from protocols.telemetry.messages import ConfigurationMessage

_TITLE = b"doorstep configuration 1\n"


class HomeConfiguration(msgspec.Struct, frozen=True, kw_only=True):
    """What one gateway is to do from now on, instead of all that was said before."""

    gateway: str
    version: Annotated[int, msgspec.Meta(ge=1, lt=2**53)]
    """Grows by one with each."""
    made_at: datetime
    wanted: Wanted


class _Heading(msgspec.Struct, frozen=True, kw_only=True):
    gateway: str
    version: Annotated[int, msgspec.Meta(ge=1, lt=2**53)]


def text_of(configuration: HomeConfiguration) -> str:
    return msgspec.json.encode(configuration).decode()


def sign(text: str, key: Ed25519PrivateKey) -> ConfigurationMessage:
    public = key.public_key().public_bytes_raw()
    return ConfigurationMessage(text=text, key=public, signature=key.sign(_TITLE + text.encode()))


def is_signed_by(message: ConfigurationMessage, public_key: bytes) -> bool:
    """Whether the holder of `public_key` (32 bytes) said it."""
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(message.signature, _TITLE + message.text.encode())
    except (InvalidSignature, ValueError):
        return False
    return True


def heading_of(text: str) -> tuple[str, int]:
    """Gateway and version, also where the rest is of a later time than ours. Raises DecodeError."""
    try:
        heading = msgspec.json.decode(text, type=_Heading)
    except (ValueError, RecursionError) as error:
        raise DecodeError(f"not a configuration: {error}", offset=0) from error
    return heading.gateway, heading.version


def parse_configuration(text: str) -> HomeConfiguration:
    """Raises DecodeError that says which key is not one that a centre may set, or which value is wrong."""
    try:
        return msgspec.json.decode(text, type=HomeConfiguration)
    except (ValueError, RecursionError) as error:  # msgspec's errors are ValueErrors
        raise DecodeError(f"not a configuration: {error}", offset=0) from error
