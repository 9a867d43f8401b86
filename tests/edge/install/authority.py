"""A certificate for a gateway, by an authority that is made for the test."""

from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID


def sign(key: EllipticCurvePublicKey, gateway: str, at: datetime) -> tuple[str, x509.Certificate]:
    """The authority's certificate (PEM), and the gateway's for 90 days from `at` on."""
    own = generate_private_key(SECP256R1())
    issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "authority")])

    def make(subject: x509.Name, public: EllipticCurvePublicKey, days: int) -> x509.Certificate:
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(issuer)
            .public_key(public)
            .serial_number(x509.random_serial_number())
            .not_valid_before(at - timedelta(hours=1))
            .not_valid_after(at + timedelta(days=days))
            .sign(own, SHA256())
        )

    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, gateway)])
    authority = make(issuer, own.public_key(), 3650)
    return authority.public_bytes(Encoding.PEM).decode(), make(subject, key, 90)
