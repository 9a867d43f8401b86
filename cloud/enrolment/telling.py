"""What enrolled gateways tell and ask beside enrolment: who lives here, where devices are, that a home is proven."""

from collections.abc import Callable, Container
from datetime import datetime
from typing import TypeVar

import msgspec
import structlog

from cloud.enrolment.granting import check_moment, name_in, refused
from cloud.errors import RejectedMessage
from cloud.identity.authority.authority import Authority
from cloud.identity.claims.store import Connection
from cloud.identity.gateways import store as gateways
from cloud.registry.proofs import store
from cloud.registry.proofs.model import signer_of
from protocols.enrolment.reports import (
    DEVICES_PATH,
    HOME_PATH,
    PROOF_PATH,
    Accepted,
    AskHome,
    HomeAnswer,
    Placements,
    ProofReport,
    Signed,
)

log = structlog.get_logger()

B = TypeVar("B", bound=msgspec.Struct)


class Telling:
    """Every refusal is NotAllowed with a sentence for the installer, and counted by its reason."""

    def __init__(self, authority: Authority, listed: Callable[[], Container[int]] = frozenset) -> None:
        """`listed` gives the serial numbers in the list of revoked certificates, which outlives a database."""
        self._authority = authority
        self._listed = listed

    def home(self, connection: Connection, told: Signed, now: datetime) -> HomeAnswer:
        gateway = self.who(connection, told, HOME_PATH, now)
        _body(told, AskHome)
        return HomeAnswer(home=gateway.home, elders=store.elders_of(connection, gateway.name), at=now)

    def devices(self, connection: Connection, told: Signed, now: datetime) -> Accepted:
        gateway = self.who(connection, told, DEVICES_PATH, now)
        found = [store.place(connection, gateway.name, entry, now) for entry in _body(told, Placements).devices]
        log.info("devices_placed", gateway=gateway.name, devices=len(found))
        return Accepted(refused=tuple(why for why in found if why))

    def proof(self, connection: Connection, told: Signed, now: datetime) -> Accepted:
        gateway = self.who(connection, told, PROOF_PATH, now)
        report = _body(told, ProofReport)
        if report.gateway != gateway.name:
            raise refused("foreign")
        if any(at.tzinfo is None for at in (report.began_at, report.ended_at, *(c.at for c in report.checks))):
            raise RejectedMessage("a time in the report has no zone")
        store.keep_report(connection, gateway.name, report, told, now)
        log.info("home_proven", gateway=gateway.name, passed=report.passed)
        return Accepted()

    def who(self, connection: Connection, told: Signed, path: str, now: datetime) -> gateways.Gateway:
        """Whose certificate lives and whose key signed this request just now."""
        certificate = signer_of(told, path)
        if certificate is None or not self._authority.issued(certificate):
            raise refused("foreign")
        check_moment(told.at, now)
        if certificate.serial_number in self._listed() or gateways.is_revoked(connection, certificate.serial_number):
            raise refused("revoked")
        if certificate.not_valid_after_utc <= now:
            raise refused("expired")
        lives = gateways.gateway(connection, name_in(certificate))
        if lives is None:
            raise refused("gone")
        return lives


def _body(told: Signed, kind: type[B]) -> B:
    try:
        return msgspec.json.decode(told.body, type=kind)
    except (msgspec.DecodeError, RecursionError) as error:
        raise RejectedMessage(f"the request is not understood: {error}") from error
