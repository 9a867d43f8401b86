"""The key by which push services know the centre (VAPID, RFC 8292). With another, every phone subscribes anew."""

import base64
import contextlib
import os
import secrets
from pathlib import Path

import structlog
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from cloud.config import CloudConfig
from cloud.errors import CloudError

log = structlog.get_logger()


class PushKeyRefused(CloudError):
    """The key cannot be made or used; the message says what to do."""


def key_path(config: CloudConfig) -> Path:
    """A relative path starts at the data folder."""
    return Path(config.data) / config.push.key


def open_push_key(path: Path) -> EllipticCurvePrivateKey:
    """The key at `path`; made at the first time, readable by its owner only. Safe to call from many processes.

    Raises PushKeyRefused.
    """
    try:
        if not path.exists():
            _make(path)
        if path.stat().st_mode & 0o077:
            raise PushKeyRefused(f"{path} can be read by others than its owner; `chmod 600` it, if nobody did")
        key = load_pem_private_key(path.read_bytes(), password=None)
    except OSError as error:
        raise PushKeyRefused(
            f"{path}: the key of pushes cannot be made or read: {error.strerror}; mend the folder, or name another by "
            "push.key or `data`"
        ) from error
    except ValueError as error:
        raise PushKeyRefused(f"{path} is no private key in PEM; put back the right one, or remove it") from error
    if not isinstance(key, EllipticCurvePrivateKey) or not isinstance(key.curve, SECP256R1):
        raise PushKeyRefused(f"{path} is a key of another kind; one on the curve P-256 is expected")
    return key


def public_text(key: EllipticCurvePrivateKey) -> str:
    """As browsers want it: the uncompressed point in base64url without padding."""
    point = key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return base64.urlsafe_b64encode(point).rstrip(b"=").decode()


def _make(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    key = generate_private_key(SECP256R1())
    text = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    unfinished = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    with open(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    try:
        with contextlib.suppress(FileExistsError):  # another process was faster: its key is everybody's
            os.link(unfinished, path)
            log.info("push_key_made", path=str(path))
    finally:
        unfinished.unlink()
