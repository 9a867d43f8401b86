"""A report as it is kept."""

import hashlib
from dataclasses import dataclass
from datetime import datetime

import msgspec
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding

from protocols.enrolment.proof import signed_bytes
from protocols.enrolment.reports import PROOF_PATH, ProofReport, Signed


@dataclass(frozen=True)
class StoredReport:
    prove_report_id: int
    gateway_id: str
    home_code: str
    address: str
    time_zone: str
    stored_at: datetime
    body: str
    said_at: str
    signature: bytes
    certificate: str

    def report(self) -> ProofReport:
        return msgspec.json.decode(self.body, type=ProofReport)

    def is_signed(self) -> bool:
        """Whether what is stored is what the certificate's key signed; anybody who has both can ask this again."""
        told = Signed(certificate=self.certificate, body=self.body, at=self.said_at, signature=self.signature)
        return signer_of(told, PROOF_PATH) is not None


def signer_of(told: Signed, path: str) -> x509.Certificate | None:
    """The certificate whose key signed the request to `path`; None where none did. Who gave it is not looked at."""
    try:
        certificate = x509.load_pem_x509_certificate(told.certificate.encode())
        key = certificate.public_key()
        if not isinstance(key, EllipticCurvePublicKey):
            return None
        said = signed_bytes(path, certificate.public_bytes(Encoding.DER), told.body, told.at)
        key.verify(told.signature, said, ECDSA(SHA256()))
    except (ValueError, InvalidSignature):
        return None
    return certificate


def digest_of(gateway: str, body: str) -> bytes:
    return hashlib.sha256(gateway.encode() + b"\n" + body.encode()).digest()
