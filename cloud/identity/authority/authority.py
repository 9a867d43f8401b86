"""What the authority signs: server and gateway certificates, the list of revoked ones, settings for gateways.

All keys are EC P-256. Nothing here reads a file or a clock. Certificates begin an hour before `now`, because clocks
in homes are not exact.
"""

import hashlib
import ipaddress
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDSA,
    SECP256R1,
    EllipticCurvePrivateKey,
    EllipticCurvePublicKey,
    generate_private_key,
)
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

AUTHORITY_LIFE = timedelta(days=365 * 20)
SERVER_LIFE = timedelta(days=730)
GATEWAY_LIFE = timedelta(days=90)
REVOCATIONS_LIFE = timedelta(days=365)
"""Made anew long before: a list that ended would keep every gateway out."""
NOT_OURS = (
    ValueError,
    TypeError,
    InvalidSignature,
    UnsupportedAlgorithm,
    x509.DuplicateExtension,
    x509.ExtensionNotFound,
    x509.UnsupportedGeneralNameType,
)
"""What judging a certificate from outside raises where it is broken, odd, or another authority's."""

_SKEW = timedelta(hours=1)


@dataclass(frozen=True)
class Authority:
    key: EllipticCurvePrivateKey
    certificate: x509.Certificate

    def __repr__(self) -> str:
        return f"Authority({self.fingerprint})"  # never the key

    @property
    def der(self) -> bytes:
        return self.certificate.public_bytes(Encoding.DER)

    @property
    def pem(self) -> str:
        return self.certificate.public_bytes(Encoding.PEM).decode()

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the certificate, 64 hexadecimal digits."""
        return hashlib.sha256(self.der).hexdigest()

    def certify_server(self, key: EllipticCurvePublicKey, names: Sequence[str], now: datetime) -> x509.Certificate:
        """For a server that is reached under `names`, host names or addresses."""
        return (
            self._begin(key, names[0], now, SERVER_LIFE)
            .add_extension(x509.SubjectAlternativeName([general_name(name) for name in names]), critical=False)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .sign(self.key, SHA256())
        )

    def certify_gateway(self, key: EllipticCurvePublicKey, gateway: str, home: str, now: datetime) -> x509.Certificate:
        """Its common name is the gateway's, which the broker takes as the user's; the home's code stands beside it."""
        return (
            self._begin(key, gateway, now, GATEWAY_LIFE)
            .add_extension(
                x509.SubjectAlternativeName([x509.UniformResourceIdentifier(f"doorstep:home/{home}")]), critical=False
            )
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
            .sign(self.key, SHA256())
        )

    def revocations(self, revoked: Iterable[tuple[int, datetime]], now: datetime) -> x509.CertificateRevocationList:
        """The list of these serial numbers, each with the moment of its revocation."""
        builder = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(self.certificate.subject)
            .last_update(now - _SKEW)
            .next_update(now + REVOCATIONS_LIFE)
            .add_extension(self._issued_by(), critical=False)
            .add_extension(x509.CRLNumber(int(now.timestamp() * 1000)), critical=False)
        )
        for serial, at in sorted(revoked):
            entry = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(at).build()
            builder = builder.add_revoked_certificate(entry)
        return builder.sign(self.key, SHA256())

    def issued(self, certificate: x509.Certificate) -> bool:
        """Whether this authority signed it, as that of a gateway."""
        try:
            certificate.verify_directly_issued_by(self.certificate)
            usage = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
        except NOT_OURS:
            return False
        return ExtendedKeyUsageOID.CLIENT_AUTH in usage

    def sign(self, data: bytes) -> bytes:
        return self.key.sign(data, ECDSA(SHA256()))

    def _begin(self, key: EllipticCurvePublicKey, name: str, now: datetime, life: timedelta) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name[:64])]))
            .issuer_name(self.certificate.subject)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - _SKEW)
            .not_valid_after(now + life)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(signs=True), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
            .add_extension(self._issued_by(), critical=False)
        )

    def _issued_by(self) -> x509.AuthorityKeyIdentifier:
        known = self.certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
        return x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(known)


def create_authority(now: datetime) -> Authority:
    """A new key, and a certificate that says of itself that it may sign others, but no further authority."""
    key = generate_private_key(SECP256R1())
    identifier = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"Doorstep authority {identifier.digest.hex()[:12]}")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _SKEW)
        .not_valid_after(now + AUTHORITY_LIFE)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs=False), critical=True)
        .add_extension(identifier, critical=False)
        .sign(key, SHA256())
    )
    return Authority(key, certificate)


def key_digest(key: EllipticCurvePublicKey) -> bytes:
    """SHA-256 of the public key: what is the same over all certificates of one key."""
    return hashlib.sha256(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).digest()


def general_name(name: str) -> x509.GeneralName:
    """A host name, or an address where it is one."""
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _usage(*, signs: bool) -> x509.KeyUsage:
    """A leaf `signs` handshakes; the authority certificates and lists."""
    return x509.KeyUsage(
        digital_signature=signs,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=not signs,
        crl_sign=not signs,
        encipher_only=False,
        decipher_only=False,
    )
