"""The key by which push services know the centre (VAPID, RFC 8292). With another, every phone subscribes anew."""

import base64
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from cloud.config import CloudConfig
from cloud.key_file import KeyRefused, read_or_make


def key_path(config: CloudConfig) -> Path:
    """A relative path starts at the data folder."""
    return Path(config.data) / config.push.key


def open_push_key(path: Path) -> EllipticCurvePrivateKey:
    """The key at `path`; made at the first time. Raises KeyRefused."""
    text = read_or_make(path, _make, purpose="of pushes", setting="push.key")
    try:
        key = load_pem_private_key(text, password=None)
    except ValueError as error:
        raise KeyRefused(f"{path} is no private key in PEM; put back the right one, or remove it") from error
    if not isinstance(key, EllipticCurvePrivateKey) or not isinstance(key.curve, SECP256R1):
        raise KeyRefused(f"{path} is a key of another kind; one on the curve P-256 is expected")
    return key


def public_text(key: EllipticCurvePrivateKey) -> str:
    """As browsers want it: the uncompressed point in base64url without padding."""
    point = key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return base64.urlsafe_b64encode(point).rstrip(b"=").decode()


def _make() -> bytes:
    return generate_private_key(SECP256R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
