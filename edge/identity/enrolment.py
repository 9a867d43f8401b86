"""`enrol`: from a claim's code to an identity on disk. It may be called again after any power cut, with the same code.

Whom to believe is not known before: the centre's authority is asked for over a line that proves nothing, the next
request goes over a line that only this authority's server can hold, and the proof in it and in the answer shows that
both ends know the code (protocols/enrolment/proof.py). Nothing is kept before the centre's proof fits.
"""

import contextlib
import hashlib
import os
import platform
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from pathlib import Path

import msgspec
import structlog
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePrivateKey, EllipticCurvePublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from edge.identity.centre_line import CentreLine
from edge.identity.errors import NotTheCentre, WrongClock
from edge.identity.folder import IdentityFolder, Now
from protocols.enrolment.code import parse_code
from protocols.enrolment.messages import (
    AUTHORITY_PATH,
    ENROL_PATH,
    AuthorityAnswer,
    Certified,
    EnrolRequest,
    Facts,
    Settings,
)
from protocols.enrolment.proof import NONCE_BYTES, SETTINGS_TITLE, centre_proof, fits, gateway_proof

_log = structlog.get_logger()

MOST_CLOCK_ERROR = timedelta(minutes=30)
_MODEL = Path("/proc/device-tree/model")


@dataclass(frozen=True)
class Enrolled:
    settings: Settings
    """Gateway, home, time zone, broker (mqtts://HOST:PORT), receipt key: what edge.toml needs."""
    fingerprint: str
    """Of the authority that is pinned now: SHA-256 of its certificate, 64 hexadecimal digits."""
    expires_at: datetime
    """Of the certificate; the running gateway renews it long before."""


def wall_now() -> datetime:
    """Certificates live by the wall's clock, also where a trial's day is lived faster."""
    return datetime.now(UTC)


def centre_time(server_url: str) -> datetime:
    """The centre's clock, over a line that proves nothing: with a wrong clock no certificate could be judged.

    Raises ValueError for a mistyped address, and CentreAway.
    """
    return CentreLine(server_url, _believes_anybody()).get(AUTHORITY_PATH, AuthorityAnswer).at


def enrol(server_url: str, code: str, folder: Path, *, fingerprint: str = "", now: Now = wall_now) -> Enrolled:
    """Makes this machine the gateway that the claim is for, its identity in `folder`. An older identity is replaced.

    `server_url` is https://HOST:PORT. `fingerprint` (64 hexadecimal digits, from the QR) is compared before anything
    is sent. Blocks for up to a minute. Raises ValueError for a mistyped code or address, WrongClock, CentreAway (try
    again), EnrolmentRefused (a wrong, used or expired code: a sentence), NotTheCentre, and OSError from the disk.
    """
    claim = parse_code(code)
    first = CentreLine(server_url, _believes_anybody()).get(AUTHORITY_PATH, AuthorityAnswer)
    _check_clock(first.at, now())
    authority = _certificate(first.authority)
    seen = fingerprint_of(authority)
    if fingerprint and not fits(seen.encode(), fingerprint.lower().encode()):
        raise NotTheCentre(
            f"{server_url} has another authority than the claim says; check the address with the person who gave it"
        )
    identity = IdentityFolder(folder)
    key, secret, nonce = identity.pending_key(), claim.key(), os.urandom(NONCE_BYTES)
    request, authority_der = signing_request(key), authority.public_bytes(Encoding.DER)
    answer = CentreLine(server_url, trusting(first.authority)).post(
        ENROL_PATH,
        EnrolRequest(
            locator=claim.locator,
            request=request.public_bytes(Encoding.PEM).decode(),
            nonce=nonce,
            proof=gateway_proof(secret, authority_der, request.public_bytes(Encoding.DER), nonce),
            facts=facts(),
        ),
        Certified,
    )
    certificate = _certificate(answer.certificate)
    told = answer.settings.encode()
    expected = centre_proof(secret, authority_der, certificate.public_bytes(Encoding.DER), told, nonce)
    if not fits(answer.proof, expected):
        raise NotTheCentre(f"{server_url} does not know the code: it is not the centre, and nothing of it was kept")
    settings = accept(answer, certificate, authority, key, now())
    identity.keep(key, answer.certificate, first.authority, settings)
    _log.info("enrolled", gateway=settings.gateway, until=certificate.not_valid_after_utc.isoformat())
    return Enrolled(settings, seen, certificate.not_valid_after_utc)


def accept(
    answer: Certified,
    certificate: x509.Certificate,
    authority: x509.Certificate,
    key: EllipticCurvePrivateKey,
    now: datetime,
) -> Settings:
    """The settings in `answer`, when `authority` signed them and `certificate`, and that is for `key` and valid now.

    Raises NotTheCentre.
    """
    try:
        certificate.verify_directly_issued_by(authority)
        signer = authority.public_key()
        if isinstance(signer, EllipticCurvePublicKey):
            signer.verify(answer.settings_signature, SETTINGS_TITLE + answer.settings.encode(), ECDSA(SHA256()))
        settings = msgspec.json.decode(answer.settings, type=Settings)
    except (ValueError, TypeError, InvalidSignature) as error:
        raise NotTheCentre("what came is not signed by the centre's authority; nothing of it was kept") from error
    names = [name.value for name in certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)]
    if (
        not isinstance(signer, EllipticCurvePublicKey)
        or names != [settings.gateway]
        or certificate.public_key() != key.public_key()
        or not certificate.not_valid_before_utc <= now < certificate.not_valid_after_utc
    ):
        raise NotTheCentre("the certificate that came is not for this gateway, or not valid now; nothing was kept")
    return settings


def fingerprint_of(certificate: x509.Certificate) -> str:
    return hashlib.sha256(certificate.public_bytes(Encoding.DER)).hexdigest()


def signing_request(key: EllipticCurvePrivateKey) -> x509.CertificateSigningRequest:
    """Without a name: which gateway this is, the claim or the present certificate says."""
    return x509.CertificateSigningRequestBuilder().subject_name(x509.Name([])).sign(key, SHA256())


def facts() -> Facts:
    model = platform.machine()
    with contextlib.suppress(OSError):  # not every board says its model
        model = _MODEL.read_text(encoding="utf-8", errors="replace").rstrip("\0\n") or model
    return Facts(version=version("doorstep"), machine=model[:200], system=platform.platform()[:200])


def trusting(authority: str) -> ssl.SSLContext:
    """Believes servers with a certificate of this authority (PEM) and no other."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_verify_locations(cadata=authority)
    return context


def _believes_anybody() -> ssl.SSLContext:
    """For the one question whose answer is proven afterwards."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _certificate(pem: str) -> x509.Certificate:
    try:
        return x509.load_pem_x509_certificate(pem.encode())
    except ValueError as error:
        raise NotTheCentre("what came is no certificate; check the address") from error


def _check_clock(centre: datetime, own: datetime) -> None:
    if abs(centre - own) > MOST_CLOCK_ERROR:
        raise WrongClock(
            f"this gateway's clock says {own:%Y-%m-%d %H:%M} UTC, the centre's {centre:%Y-%m-%d %H:%M}; set the "
            "gateway's (`timedatectl set-ntp true`), and enrol again"
        )
