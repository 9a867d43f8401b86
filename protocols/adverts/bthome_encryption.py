"""Encryption of BTHome v2 (bthome.io/encryption): AES-128-CCM, 4-byte tag.

nonce = address (6, as it is written) | D2 FC | device information byte | counter (4, little-endian).
on the air: device information byte | ciphertext | counter | tag. Nothing but the nonce binds the information byte.
"""

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESCCM

from protocols.errors import ChecksumMismatch

KEY_LENGTH = 16
TAG_LENGTH = 4
COUNTER_LENGTH = 4
_UUID_ON_AIR = bytes.fromhex("d2fc")


def encrypt(plain: bytes, *, key: bytes, address: bytes, information: int, counter: int) -> bytes:
    """Ciphertext and tag of `plain`. Raises ValueError for a key that is not of 16 bytes."""
    return _cipher(key).encrypt(_nonce(address, information, counter), plain, None)


def decrypt(sealed: bytes, *, key: bytes, address: bytes, information: int, counter: int) -> bytes:
    """The plain text of ciphertext and tag.

    Raises ChecksumMismatch for another key, address or counter, or changed bytes; ValueError for a key of a wrong
    length.
    """
    try:
        return _cipher(key).decrypt(_nonce(address, information, counter), sealed, None)
    except InvalidTag as error:
        raise ChecksumMismatch(
            "the tag is not that of this key, address and counter", offset=max(len(sealed) - TAG_LENGTH, 0)
        ) from error


def _cipher(key: bytes) -> AESCCM:
    if len(key) != KEY_LENGTH:
        raise ValueError(f"a bind key has {KEY_LENGTH} bytes (32 hexadecimal digits), not {len(key)}")
    return AESCCM(key, tag_length=TAG_LENGTH)


def _nonce(address: bytes, information: int, counter: int) -> bytes:
    return address + _UUID_ON_AIR + bytes((information,)) + counter.to_bytes(COUNTER_LENGTH, "little")
