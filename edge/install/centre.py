"""Signed requests of an enrolled gateway to its centre, beside its readings (protocols/enrolment/reports.py)."""

from typing import TypeVar

import msgspec
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding

from edge.identity.centre_line import CentreLine
from edge.identity.enrolment import trusting, wall_now
from edge.identity.folder import Identity
from protocols.enrolment.proof import signed_bytes
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
    Signed,
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
        held, at = self._identity.certificate, wall_now().isoformat()
        body = msgspec.json.encode(message).decode()
        said = signed_bytes(path, held.public_bytes(Encoding.DER), body, at)
        told = Signed(
            certificate=held.public_bytes(Encoding.PEM).decode(),
            body=body,
            at=at,
            signature=self._identity.key.sign(said, ECDSA(SHA256())),
        )
        return self._line.post(path, told, answer)
