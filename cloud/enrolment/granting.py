"""Claims and present certificates become new certificates, in one transaction each."""

from collections.abc import Callable, Container
from datetime import datetime, timedelta

import msgspec
import structlog
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from cloud.errors import NotAllowed
from cloud.identity.authority.authority import Authority, key_digest
from cloud.identity.claims import store as claims
from cloud.identity.gateways import store as gateways
from cloud.refusals.counting import count_refusal
from protocols.enrolment.messages import Certified, EnrolRequest, RenewRequest, Settings
from protocols.enrolment.proof import SETTINGS_TITLE, centre_proof, fits, gateway_proof, renewal_bytes

log = structlog.get_logger()

_MOST_CLOCK_ERROR = timedelta(minutes=30)
_ANEW = "ask the centre for a new code (`doorstep-cloud claim GATEWAY`)"


class Addresses(msgspec.Struct, frozen=True, kw_only=True):
    """What gateways are told of this centre."""

    broker: str
    server: str
    receipt_key: str


class Granting:
    """Every refusal is NotAllowed with a sentence for the installer, and counted by its reason."""

    def __init__(
        self, authority: Authority, addresses: Addresses, listed: Callable[[], Container[int]] = frozenset
    ) -> None:
        """`listed` gives the serial numbers in the list of revoked certificates, which outlives a database."""
        self._authority = authority
        self._addresses = addresses
        self._listed = listed

    def enrol(self, connection: claims.Connection, asked: EnrolRequest, now: datetime) -> Certified:
        """A claim becomes a certificate. Other certificates of the gateway end with it: a home has one gateway."""
        request, key = _signing_request(asked.request)
        with connection.transaction():
            claim = claims.claim_for_update(connection, asked.locator)
            why = "unknown" if claim is None else self._fault(connection, claim, asked, request, now)
            if claim is None or why:  # what was counted is to be committed: raised below
                certified = None
            else:
                digest = key_digest(key)
                gateways.revoke(connection, claim.gateway, now, "enrolled anew", but_key=digest)
                claims.use_claim(connection, claim.locator, digest, now)
                facts = {name: str(value) for name, value in msgspec.to_builtins(asked.facts).items()}
                certificate = self._certify(
                    connection, key, gateway=claim.gateway, home=claim.home, facts=facts, now=now
                )
                certified = self._answer(certificate, claim.gateway, claim.home, claim.time_zone)
        if claim is None or certified is None:
            raise refused(why)
        log.info("gateway_enrolled", gateway=claim.gateway)
        proof = centre_proof(
            claim.verifier,
            self._authority.der,
            certificate.public_bytes(Encoding.DER),
            certified.settings.encode(),
            asked.nonce,
        )
        return msgspec.structs.replace(certified, proof=proof)

    def renew(self, connection: claims.Connection, asked: RenewRequest, now: datetime) -> Certified:
        """Who has the key of a certificate that lives gets the next one."""
        request, key = _signing_request(asked.request)
        present = self._present(asked, request)
        check_moment(asked.at, now)
        with connection.transaction():
            if present.serial_number in self._listed() or gateways.is_revoked(connection, present.serial_number):
                raise refused("revoked")
            if present.not_valid_after_utc <= now:
                raise refused("expired")
            lives = gateways.gateway(connection, name_in(present))
            if lives is None:
                raise refused("gone")
            certificate = self._certify(connection, key, gateway=lives.name, home=lives.home, facts={}, now=now)
        log.info("certificate_renewed", gateway=lives.name)
        return self._answer(certificate, lives.name, lives.home, lives.time_zone)

    def _fault(
        self,
        connection: claims.Connection,
        claim: claims.Claim,
        asked: EnrolRequest,
        request: x509.CertificateSigningRequest,
        now: datetime,
    ) -> str:
        """Why the claim does not hold; empty where it does. A wrong proof is counted."""
        if claim.ends_at <= now:
            return "ended"
        if claim.attempts_left <= 0:
            return "attempts"
        der = request.public_bytes(Encoding.DER)
        if not fits(asked.proof, gateway_proof(claim.verifier, self._authority.der, der, asked.nonce)):
            claims.count_attempt(connection, claim.locator)
            return "wrong"
        if claim.used_by is not None and claim.used_by != _digest_of(request):
            return "used"
        return ""

    def _present(self, asked: RenewRequest, request: x509.CertificateSigningRequest) -> x509.Certificate:
        """The certificate that asks for its successor, ours and with its key at hand."""
        try:
            present = x509.load_pem_x509_certificate(asked.certificate.encode())
            signer = present.public_key()
            told = renewal_bytes(present.public_bytes(Encoding.DER), request.public_bytes(Encoding.DER), asked.at)
            if not isinstance(signer, EllipticCurvePublicKey):
                raise refused("foreign")
            signer.verify(asked.signature, told, ECDSA(SHA256()))
        except (ValueError, InvalidSignature) as error:
            raise refused("foreign") from error
        if not self._authority.issued(present):
            raise refused("foreign")
        return present

    def _certify(
        self,
        connection: claims.Connection,
        key: EllipticCurvePublicKey,
        *,
        gateway: str,
        home: str,
        facts: dict[str, str],
        now: datetime,
    ) -> x509.Certificate:
        certificate = self._authority.certify_gateway(key, gateway, home, now)
        gateways.record(
            connection,
            serial=certificate.serial_number,
            gateway=gateway,
            key_digest=key_digest(key),
            begins_at=certificate.not_valid_before_utc,
            ends_at=certificate.not_valid_after_utc,
            facts=facts,
        )
        return certificate

    def _answer(self, certificate: x509.Certificate, gateway: str, home: str, time_zone: str) -> Certified:
        where = self._addresses
        settings = msgspec.json.encode(
            Settings(
                gateway=gateway,
                home=home,
                time_zone=time_zone,
                broker=where.broker,
                server=where.server,
                receipt_key=where.receipt_key,
            )
        )
        return Certified(
            certificate=certificate.public_bytes(Encoding.PEM).decode(),
            authority=self._authority.pem,
            settings=settings.decode(),
            settings_signature=self._authority.sign(SETTINGS_TITLE + settings),
        )


_SENTENCES = {
    "unknown": f"there is no such code; check it, or {_ANEW}",
    "wrong": f"the code is wrong; check it, or {_ANEW}",
    "used": f"the code was used already, by another machine or another key; {_ANEW}",
    "ended": f"the code has ended: each is good for {claims.LIFE.total_seconds() / 3600:.0f} hours; {_ANEW}",
    "attempts": f"the code was tried wrongly too often; {_ANEW}",
    "request": "the signing request is no good: PKCS#10 with a P-256 key, signed by it, is expected",
    "foreign": f"this certificate is not from here, or its key is not at hand; {_ANEW}",
    "revoked": f"this certificate was revoked; if it should not have been, {_ANEW}",
    "expired": f"this certificate has expired; {_ANEW}, and run `doorstep-edge enrol`",
    "gone": "this centre has no such gateway any more",
    "clock": "the moment in the request is not now: set the gateway's clock (`timedatectl set-ntp true`)",
}


def refused(why: str) -> NotAllowed:
    """For raising; counted by its reason."""
    count_refusal(f"enrolment_{why}")
    log.warning("enrolment_refused", why=why)
    return NotAllowed(_SENTENCES[why])


def _signing_request(pem: str) -> tuple[x509.CertificateSigningRequest, EllipticCurvePublicKey]:
    try:
        request = x509.load_pem_x509_csr(pem.encode())
        key, signed = request.public_key(), request.is_signature_valid
    except Exception as error:
        raise refused("request") from error
    if not signed or not isinstance(key, EllipticCurvePublicKey) or not isinstance(key.curve, SECP256R1):
        raise refused("request")
    return request, key


def name_in(certificate: x509.Certificate) -> str:
    """The common name, which this authority put there."""
    return str(certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value)


def _digest_of(request: x509.CertificateSigningRequest) -> bytes:
    key = request.public_key()
    return key_digest(key) if isinstance(key, EllipticCurvePublicKey) else b""


def check_moment(text: str, now: datetime) -> None:
    """That a signed request was made about now. Raises NotAllowed."""
    try:
        off = abs(datetime.fromisoformat(text) - now)
    except (ValueError, TypeError) as error:  # no moment, or one without a zone
        raise refused("clock") from error
    if off > _MOST_CLOCK_ERROR:
        raise refused("clock")
