"""What goes over HTTPS at an enrolment and at a renewal: JSON; bytes in base64, certificates in PEM."""

from datetime import datetime
from typing import Annotated

import msgspec

MAX_BYTES = 65_536
"""Of any of these messages."""
AUTHORITY_PATH = "/api/v1/authority"
ENROL_PATH = "/api/v1/enrol"
RENEW_PATH = "/api/v1/renew"

Pem = Annotated[str, msgspec.Meta(max_length=8192)]
Word = Annotated[str, msgspec.Meta(max_length=200)]
Proof = Annotated[bytes, msgspec.Meta(min_length=32, max_length=32)]
Signature = Annotated[bytes, msgspec.Meta(max_length=128)]


class Refusal(msgspec.Struct, frozen=True, kw_only=True):
    """The body of every answer that is not 200."""

    error: str
    """A sentence for the person who installs."""


class AuthorityAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """Asked for before anything is trusted: it is believed only after the centre's proof."""

    authority: Pem
    at: datetime
    """The centre's clock: a gateway whose own is wrong would refuse every certificate."""


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """What a gateway says of the machine that it is."""

    version: Word
    """Of Doorstep."""
    machine: Word = ""
    """Board or model, as the system names it."""
    system: Word = ""


class EnrolRequest(msgspec.Struct, frozen=True, kw_only=True):
    locator: Annotated[str, msgspec.Meta(min_length=4, max_length=4)]
    request: Pem
    """A PKCS#10 signing request; the name in it is not looked at, the claim names the gateway."""
    nonce: Proof
    proof: Proof
    facts: Facts


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """What the centre tells a gateway about its home and about itself."""

    gateway: str
    home: str
    time_zone: str
    broker: str
    """mqtts://HOST:PORT"""
    server: str
    """https://HOST:PORT, for renewals."""
    receipt_key: str
    """64 hexadecimal digits, for `receipts.public_key`."""


class Certified(msgspec.Struct, frozen=True, kw_only=True):
    """The answer to both requests."""

    certificate: Pem
    authority: Pem
    settings: Annotated[str, msgspec.Meta(max_length=8192)]
    """`Settings` as JSON, character by character what `settings_signature` was made over."""
    settings_signature: Signature
    """By the authority's key; see `proof.SETTINGS_TITLE`."""
    proof: bytes = b""
    """The centre's, at an enrolment; a renewal has the authority known already."""


class RenewRequest(msgspec.Struct, frozen=True, kw_only=True):
    certificate: Pem
    """The present one."""
    request: Pem
    at: Word
    """Now, ISO 8601 with a zone."""
    signature: Signature
    """By the present key; see `proof.renewal_bytes`."""
