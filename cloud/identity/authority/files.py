"""The authority's folder: its key, which is the trust of all gateways, and what the servers need.

authority.key  mode 0600; lost, every gateway must be enrolled anew: back it up, away from the database's back-ups
authority.pem  its certificate, which gateways pin
server.key     mode 0600; of the broker and of the enrolment's HTTPS
server.pem     its certificate, replaced before it ends and when the names change
revoked.crl    the revoked certificates of gateways
gateways.acl   the broker's access rules
"""

import contextlib
import fcntl
import os
import secrets
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import structlog
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key

from cloud.errors import CloudError
from cloud.identity.authority.access import mosquitto_rules
from cloud.identity.authority.authority import (
    NOT_OURS,
    REVOCATIONS_LIFE,
    SERVER_LIFE,
    Authority,
    create_authority,
    general_name,
)

log = structlog.get_logger()


class AuthorityRefused(CloudError):
    """The authority cannot be made or used; the message says what to do."""


class AuthorityFolder:
    """Nothing is opened or made before a method is called."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.key = path / "authority.key"
        self.certificate = path / "authority.pem"
        self.server_key = path / "server.key"
        self.server_certificate = path / "server.pem"
        self.revoked = path / "revoked.crl"
        self.access = path / "gateways.acl"

    def open(self, now: datetime) -> Authority:
        """The authority; made at the first time. Safe to call from many processes. Raises AuthorityRefused."""
        try:
            if not self.key.exists():
                self._make(now)
            key = _private_key(self.key)
            pem = self.certificate.read_bytes()
        except OSError as error:
            raise AuthorityRefused(
                f"{self.path}: the authority cannot be made or read: {error.strerror}; mend the folder, or name "
                "another by trust.authority or `data`"
            ) from error
        try:
            certificate = x509.load_pem_x509_certificate(pem)
        except ValueError as error:
            raise AuthorityRefused(f"{self.certificate} is no certificate; put it back from your back-up") from error
        if certificate.public_key() != key.public_key():
            raise AuthorityRefused(f"{self.certificate} is not of {self.key.name}; put both back from your back-up")
        return Authority(key, certificate)

    def prepare_servers(self, authority: Authority, names: Sequence[str], now: datetime) -> bool:
        """Key, certificate, list and rules for broker and HTTPS, where they are missing, old or for other names.

        True when something changed and those who loaded them must load them again.
        """
        wanted = tuple(dict.fromkeys((*names, "localhost", "127.0.0.1")))
        changed = False
        if not self.server_key.exists():
            _write(self.server_key, _pem(generate_private_key(SECP256R1())), mode=0o600)
        key = _private_key(self.server_key)
        if not self._serves(key, wanted, authority, now):
            fresh = authority.certify_server(key.public_key(), wanted, now)
            _write(self.server_certificate, fresh.public_bytes(Encoding.PEM), mode=0o644)
            log.info("server_certificate", names=wanted, until=fresh.not_valid_after_utc.isoformat())
            changed = True
        if not self._list_is_fresh(now):
            self.write_revoked(authority, self.read_revoked(), now)
            changed = True
        rules = mosquitto_rules().encode()
        if not self.access.exists() or self.access.read_bytes() != rules:
            _write(self.access, rules, mode=0o600)
            changed = True
        return changed

    def read_revoked(self) -> dict[int, datetime]:
        """Serial numbers and when they were revoked; none where the file is missing or broken."""
        with contextlib.suppress(OSError, ValueError):
            found = x509.load_pem_x509_crl(self.revoked.read_bytes())
            return {entry.serial_number: entry.revocation_date_utc for entry in found}
        return {}

    def write_revoked(self, authority: Authority, revoked: dict[int, datetime], now: datetime) -> None:
        """Raises OSError."""
        _write(self.revoked, authority.revocations(revoked.items(), now).public_bytes(Encoding.PEM), mode=0o644)

    def _make(self, now: datetime) -> None:
        """The certificate first: where the key is, all is."""
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        with (self.path / ".making").open("a", encoding="utf-8") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if self.key.exists():  # another process was faster: its authority is everybody's
                return
            made = create_authority(now)
            _write(self.certificate, made.pem.encode(), mode=0o644)
            _write(self.key, _pem(made.key), mode=0o600)
        log.info("authority_made", path=str(self.path), fingerprint=made.fingerprint)

    def _serves(
        self, key: EllipticCurvePrivateKey, names: tuple[str, ...], authority: Authority, now: datetime
    ) -> bool:
        try:
            found = x509.load_pem_x509_certificate(self.server_certificate.read_bytes())
            found.verify_directly_issued_by(authority.certificate)
            said = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        except (OSError, *NOT_OURS):  # missing, broken or another authority's: a new one is made
            return False
        fits = found.public_key() == key.public_key() and list(said) == [general_name(name) for name in names]
        return fits and now < found.not_valid_after_utc - SERVER_LIFE / 3

    def _list_is_fresh(self, now: datetime) -> bool:
        try:
            ends = x509.load_pem_x509_crl(self.revoked.read_bytes()).next_update_utc
        except (OSError, ValueError):
            return False
        return ends is not None and now < ends - REVOCATIONS_LIFE / 2


def _private_key(path: Path) -> EllipticCurvePrivateKey:
    if path.stat().st_mode & 0o077:
        raise AuthorityRefused(f"{path} can be read by others than its owner; `chmod 600` it, if nobody did")
    try:
        key = load_pem_private_key(path.read_bytes(), password=None)
    except ValueError as error:
        raise AuthorityRefused(f"{path} is no private key in PEM; put back the right one from your back-up") from error
    if not isinstance(key, EllipticCurvePrivateKey):
        raise AuthorityRefused(f"{path} is a key of another kind; an EC key is expected")
    return key


def _pem(key: EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _write(path: Path, data: bytes, *, mode: int) -> None:
    """Whole or not at all."""
    fresh = path.with_name(f".{path.name}.{secrets.token_hex(6)}")
    try:
        with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
    finally:
        fresh.unlink(missing_ok=True)
