"""A folder of wheels becomes a release: their digests, signed with a key that is kept off line."""

import hashlib
import os
from datetime import datetime
from pathlib import Path

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from cloud.errors import CloudError
from protocols.errors import DecodeError
from protocols.releases.manifest import MANIFEST, Manifest, Wheel, parse_wheel_name, sign_manifest

_PROJECT = "doorstep"


class ReleaseRefused(CloudError):
    """The release cannot be made or kept; the message says what to do."""


def make_key(path: Path) -> str:
    """A new key at `path`, mode 0600; its public half, 64 hexadecimal digits. Raises ReleaseRefused, OSError."""
    key = Ed25519PrivateKey.generate()
    text = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        raise ReleaseRefused(f"{path} is there already; a new key would leave every gateway behind") from error
    with open(descriptor, "wb") as file:
        file.write(text)
    return key.public_key().public_bytes_raw().hex()


def read_key(path: Path) -> Ed25519PrivateKey:
    """Raises ReleaseRefused."""
    try:
        if path.stat().st_mode & 0o077:
            raise ReleaseRefused(f"{path} can be read by others than its owner; `chmod 600` it, if nobody did")
        key = load_pem_private_key(path.read_bytes(), password=None)
    except (OSError, ValueError) as error:
        raise ReleaseRefused(f"{path}: no release key can be read there ({error})") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise ReleaseRefused(f"{path} is a key of another kind; `doorstep-cloud release key` makes one")
    return key


def make_release(folder: Path, key: Ed25519PrivateKey, now: datetime) -> Manifest:
    """Writes release.json beside the wheels in `folder`. Raises ReleaseRefused."""
    try:
        wheels = tuple(_wheel(path) for path in sorted(folder.glob("*.whl")))
        names = [parse_wheel_name(wheel.file) for wheel in wheels]
        own = {name.version for name in names if name.name == _PROJECT}
        if len(own) != 1:
            raise ReleaseRefused(f"{folder}: expected one wheel of {_PROJECT}, found {len(own)} versions of it")
        told = Manifest(version=own.pop(), made_at=now, wheels=wheels)
        manifest = msgspec.json.decode(
            msgspec.json.encode(told), type=Manifest
        )  # what no gateway takes is refused here
        (folder / MANIFEST).write_bytes(msgspec.json.encode(sign_manifest(manifest, key)))
    except (OSError, DecodeError, msgspec.ValidationError) as error:
        raise ReleaseRefused(f"{folder}: {error}") from error
    return manifest


def _wheel(path: Path) -> Wheel:
    data = path.read_bytes()
    return Wheel(file=path.name, sha256=hashlib.sha256(data).hexdigest(), bytes=len(data))
