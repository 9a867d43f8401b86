"""Signed requests of an enrolled gateway to its centre, beside its readings (protocols/enrolment/reports.py)."""

from typing import TypeVar

import msgspec
from cryptography.hazmat.primitives.serialization import Encoding

from edge.identity.centre_line import CentreLine
from edge.identity.enrolment import trusting
from edge.identity.folder import Identity
from edge.identity.signing import signed_request
from protocols.enrolment.reports import (
    DEVICES_PATH,
    HOME_PATH,
    PROOF_PATH,
    Accepted,
    AskHome,
    HomeAnswer,
    Placement,
    Placements,
    ProofReport,
)

A = TypeVar("A", bound=msgspec.Struct)


class Centre:
    """Each call blocks for up to 20 s and raises CentreAway (try again), NotTheCentre, EnrolmentRefused."""

    def __init__(self, identity: Identity) -> None:
        self._identity = identity
        authority = identity.authority.public_bytes(Encoding.PEM).decode()
        self._line = CentreLine(identity.settings.server, trusting(authority))

    def home(self) -> HomeAnswer:
        return self._tell(HOME_PATH, AskHome(), HomeAnswer)

    def place(self, devices: tuple[Placement, ...]) -> Accepted:
        return self._tell(DEVICES_PATH, Placements(devices=devices), Accepted)

    def prove(self, report: ProofReport) -> Accepted:
        """A second time it changes nothing."""
        return self._tell(PROOF_PATH, report, Accepted)

    def _tell(self, path: str, message: msgspec.Struct, answer: type[A]) -> A:
        return self._line.post(path, signed_request(self._identity, path, message), answer)
