"""A gateway's identity on its disk, in a folder of mode 0700.

    identity.pem    private key and certificate in one file, so that both change in one step; mode 0600
    authority.pem   the centre's authority, pinned at the enrolment
    settings.json   what the centre told at the enrolment or the last renewal
    pending.key     the key of an enrolment or renewal that is under way: after a power cut it goes on with the same key

The key lies in a file: neither a TPM nor a secure element is used yet.
"""

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import NameOID

from edge.identity.errors import NoIdentity
from edge.identity.files import AUTHORITY, CHAIN, PENDING, SETTINGS
from edge.whole_file import write_whole
from protocols.enrolment.messages import Settings

RENEW_AFTER = timedelta(days=30)
"""So long after it began a certificate is replaced; it lives for 90 days."""


@dataclass(frozen=True)
class Identity:
    key: EllipticCurvePrivateKey
    certificate: x509.Certificate
    authority: x509.Certificate
    settings: Settings

    @property
    def gateway(self) -> str:
        """The certificate's common name."""
        return str(self.certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value)

    def __repr__(self) -> str:
        return f"Identity({self.gateway})"  # never the key

    def renewal_due(self, now: datetime) -> bool:
        return now >= self.certificate.not_valid_before_utc + RENEW_AFTER

    def expired(self, now: datetime) -> bool:
        return now >= self.certificate.not_valid_after_utc


class IdentityFolder:
    """Nothing is opened or made before a method is called."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.chain = path / CHAIN
        """Key and certificate, as `ssl.SSLContext.load_cert_chain` takes them."""
        self.authority = path / AUTHORITY
        self._settings = path / SETTINGS
        self._pending = path / PENDING

    def read(self) -> Identity:
        """Raises NoIdentity where it is missing, broken or open to others."""
        try:
            if self.chain.stat().st_mode & 0o077:
                raise NoIdentity(f"{self.chain} can be read by others than its owner; `chmod 600` it, if nobody did")
            chain = self.chain.read_bytes()
            key = load_pem_private_key(chain, password=None)
            if not isinstance(key, EllipticCurvePrivateKey):
                raise NoIdentity(f"{self.chain} has a key of another kind than P-256; enrol this gateway anew")
            return Identity(
                key=key,
                certificate=x509.load_pem_x509_certificate(chain),
                authority=x509.load_pem_x509_certificate(self.authority.read_bytes()),
                settings=msgspec.json.decode(self._settings.read_bytes(), type=Settings),
            )
        except FileNotFoundError:
            raise NoIdentity(f"there is no identity in {self.path}; run `doorstep-edge enrol` with a claim") from None
        except (OSError, ValueError) as error:  # msgspec's errors are ValueErrors
            raise NoIdentity(f"the identity in {self.path} cannot be read ({error}); enrol this gateway anew") from None

    def pending_key(self) -> EllipticCurvePrivateKey:
        """The key of the enrolment or renewal that is under way; made at the first call. Raises OSError."""
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.tidy()
        with contextlib.suppress(FileNotFoundError, ValueError):  # a broken one is of no use to anybody
            found = load_pem_private_key(self._pending.read_bytes(), password=None)
            if isinstance(found, EllipticCurvePrivateKey):
                return found
        key = generate_private_key(SECP256R1())
        write_whole(self._pending, _pem(key))
        return key

    def tidy(self) -> None:
        """Removes a pending key that is the identity's own by now: power was lost before that was done at once.

        Raises OSError.
        """
        with contextlib.suppress(FileNotFoundError):
            if self._pending.read_bytes().strip() in self.chain.read_bytes():
                self._pending.unlink()

    def keep(self, key: EllipticCurvePrivateKey, certificate: str, authority: str, settings: Settings) -> None:
        """The new identity, each file whole or not at all; the key with its certificate last. Raises OSError."""
        write_whole(self.authority, authority.encode())
        write_whole(self._settings, msgspec.json.format(msgspec.json.encode(settings)) + b"\n")
        write_whole(self.chain, _pem(key) + certificate.encode())
        self._pending.unlink(missing_ok=True)


def _pem(key: EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


Now = Callable[[], datetime]
