"""The list of a release's files, signed (Ed25519, RFC 8032) with a key that is kept off line.

    signature over "doorstep release 1" and a line feed and the text

The text is JSON of `Manifest`, character by character what was signed. A centre only hands it on: who has broken into a
centre can give gateways no program of their own.
"""

import re
from datetime import datetime
from typing import Annotated

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from protocols.errors import DecodeError

MANIFEST = "release.json"
RELEASE_PATH = "/api/v1/release"
"""HTTPS of the enrolment: a signed request (protocols.enrolment.reports) with `AskFile` gets the file's bytes."""
MOST_WHEELS = 200
MOST_BYTES = 500_000_000
_TITLE = b"doorstep release 1\n"
_VERSION = r"[0-9][0-9A-Za-z.+!]{0,40}"
_WHEEL = re.compile(
    r"(?P<name>[A-Za-z0-9_.]+)-(?P<version>[A-Za-z0-9_.!+]+)(-[0-9][A-Za-z0-9_.]*)?"
    r"-(?P<python>[A-Za-z0-9_.]+)-(?P<abi>[A-Za-z0-9_.]+)-(?P<platform>[A-Za-z0-9_.]+)\.whl"
)


class Wheel(msgspec.Struct, frozen=True, kw_only=True):
    file: Annotated[str, msgspec.Meta(max_length=200)]
    """NAME-VERSION-PYTHON-ABI-PLATFORM.whl, no folder."""
    sha256: Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]
    bytes: Annotated[int, msgspec.Meta(ge=1, le=MOST_BYTES)]


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    version: Annotated[str, msgspec.Meta(pattern=f"^{_VERSION}$")]
    """Of Doorstep."""
    made_at: datetime
    wheels: Annotated[tuple[Wheel, ...], msgspec.Meta(min_length=1, max_length=MOST_WHEELS)]
    """Doorstep's own and all that it needs, perhaps for several kinds of machine."""


class SignedManifest(msgspec.Struct, frozen=True, kw_only=True):
    """What stands in release.json."""

    text: str
    key: bytes
    """Public, 32 bytes."""
    signature: bytes


def sign_manifest(manifest: Manifest, key: Ed25519PrivateKey) -> SignedManifest:
    text = msgspec.json.encode(manifest).decode()
    return SignedManifest(
        text=text, key=key.public_key().public_bytes_raw(), signature=key.sign(_TITLE + text.encode())
    )


def decode_manifest(data: bytes, public_key: bytes) -> Manifest:
    """What `release.json` says, where the holder of `public_key` (32 bytes) signed it. Raises DecodeError."""
    try:
        signed = msgspec.json.decode(data, type=SignedManifest)
        Ed25519PublicKey.from_public_bytes(public_key).verify(signed.signature, _TITLE + signed.text.encode())
        manifest = msgspec.json.decode(signed.text, type=Manifest)
    except InvalidSignature as error:
        raise DecodeError("the release is not signed with the key that this gateway believes", offset=0) from error
    except (ValueError, RecursionError) as error:  # msgspec's errors are ValueErrors
        raise DecodeError(f"not a release: {error}", offset=0) from error
    for wheel in manifest.wheels:
        parse_wheel_name(wheel.file)
    return manifest


class AskFile(msgspec.Struct, frozen=True, kw_only=True):
    version: Annotated[str, msgspec.Meta(pattern=f"^{_VERSION}$")]
    file: Annotated[str, msgspec.Meta(pattern=r"^([A-Za-z0-9_.!+-]+\.whl|release\.json)$", max_length=200)]


class WheelName(msgspec.Struct, frozen=True, kw_only=True):
    """PEP 427."""

    name: str
    version: str
    python: tuple[str, ...]
    abi: tuple[str, ...]
    platform: tuple[str, ...]


def parse_wheel_name(file: str) -> WheelName:
    """Raises DecodeError where `file` is not a wheel's name."""
    match = _WHEEL.fullmatch(file)
    if match is None:
        raise DecodeError(f"{file!r} is not the name of a wheel", offset=0)
    tags = {part: tuple(match[part].split(".")) for part in ("python", "abi", "platform")}
    return WheelName(name=match["name"].lower().replace("_", "-"), version=match["version"], **tags)


def fits_machine(wheel: WheelName, python: tuple[int, int], machine: str) -> bool:
    """Whether CPython of version `python` on Linux on `machine` (x86_64, aarch64, armv7l) may be able to use it."""
    major, minor = python
    if not any(
        tag == "any"
        or tag.endswith(f"linux_{machine}")
        or (tag.startswith("manylinux") and tag.endswith(f"_{machine}"))
        for tag in wheel.platform
    ):
        return False
    for tag in wheel.python:
        if tag in (f"py{major}", f"cp{major}{minor}", f"py{major}{minor}"):
            return True
        if "abi3" in wheel.abi and tag.startswith(f"cp{major}") and tag[3:].isdecimal() and int(tag[3:]) <= minor:
            return True
    return False
