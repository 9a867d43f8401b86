"""What gateway and centre show each other at an enrolment, so that a short code is enough to trust both ways.

Neither ever sends the code's secret. Each shows, by an HMAC under the key made of it (`ClaimCode.key`), that it knows
the secret and which authority it sees at the other end of the line. Somebody in between has another authority: the
centre then refuses the gateway's proof, and cannot be made to give one of its own that the gateway would accept.

    gateway -> centre   HMAC-SHA-256 of "doorstep enrol gateway 1", line feed, and SHA-256 of authority, of request,
                        nonce
    centre -> gateway   HMAC-SHA-256 of "doorstep enrol centre 1", line feed, and SHA-256 of authority, of certificate,
                        of settings, nonce

Certificates and the signing request count as DER, settings as the bytes of their text. A nonce is 32 bytes.
"""

import hashlib
import hmac

NONCE_BYTES = 32
_GATEWAY = b"doorstep enrol gateway 1\n"
_CENTRE = b"doorstep enrol centre 1\n"
_RENEWAL = b"doorstep renew 1\n"
SETTINGS_TITLE = b"doorstep settings 1\n"
"""Stands before the settings' text where the authority signs it (ECDSA with SHA-256)."""


def gateway_proof(key: bytes, authority: bytes, request: bytes, nonce: bytes) -> bytes:
    """That the gateway knows the code and sees this authority."""
    return hmac.digest(key, _GATEWAY + _digest(authority) + _digest(request) + nonce, "sha256")


def centre_proof(key: bytes, authority: bytes, certificate: bytes, settings: bytes, nonce: bytes) -> bytes:
    """That the centre knows the code and gives these."""
    told = _digest(authority) + _digest(certificate) + _digest(settings) + nonce
    return hmac.digest(key, _CENTRE + told, "sha256")


def fits(proof: bytes, expected: bytes) -> bool:
    """Compared in constant time."""
    return hmac.compare_digest(proof, expected)


def renewal_bytes(certificate: bytes, request: bytes, at: str) -> bytes:
    """What a gateway signs with the key of its present certificate (ECDSA, SHA-256) to get the next."""
    return _RENEWAL + _digest(certificate) + _digest(request) + at.encode()


def signed_bytes(path: str, certificate: bytes, body: str, at: str) -> bytes:
    """What a gateway signs of a request to `path` (protocols/enrolment/reports.py); no other path takes it."""
    return f"doorstep {path} 1\n".encode() + _digest(certificate) + _digest(body.encode()) + at.encode()


def _digest(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()
