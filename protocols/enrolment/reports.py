"""What an enrolled gateway tells over HTTPS beside its readings, each signed with the key of its present certificate.

Its home (who lives there, by code), where its devices are and whose, and the report of a home that was proven.
"""

from datetime import datetime
from typing import Annotated, Final

import msgspec

from protocols.device_kind import DeviceKind
from protocols.enrolment.messages import Pem, Signature, Word

HOME_PATH: Final = "/api/v1/home"
DEVICES_PATH: Final = "/api/v1/devices"
PROOF_PATH: Final = "/api/v1/proof"
MOST_DEVICES = 200

Detail = Annotated[str, msgspec.Meta(max_length=500)]


class Signed(msgspec.Struct, frozen=True, kw_only=True):
    """The body of each of these requests."""

    certificate: Pem
    """The present one."""
    body: Annotated[str, msgspec.Meta(max_length=60_000)]
    """JSON, character by character what `signature` was made over."""
    at: Word
    """Now, ISO 8601 with a zone."""
    signature: Signature
    """ECDSA with SHA-256 over `proof.signed_bytes`."""


class AskHome(msgspec.Struct, frozen=True, kw_only=True):
    """Body of a request to HOME_PATH."""


class HomeAnswer(msgspec.Struct, frozen=True, kw_only=True):
    home: str
    elders: tuple[str, ...]
    """Codes of those who live there. No names: a gateway needs none."""
    at: datetime
    """The centre's clock."""


class Placement(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A device of the home."""

    device: Annotated[str, msgspec.Meta(min_length=1, max_length=128)]
    kind: DeviceKind
    where: Word = ""
    whom: Word = ""
    """Code of the elder who measures with it; empty: what is registered stays."""
    slot: Annotated[int, msgspec.Meta(ge=0, le=255)] | None = None


class Placements(msgspec.Struct, frozen=True, kw_only=True):
    """Body of a request to DEVICES_PATH."""

    devices: Annotated[tuple[Placement, ...], msgspec.Meta(max_length=MOST_DEVICES)]


class Check(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One thing that was tried in the home."""

    what: Annotated[str, msgspec.Meta(pattern="^[a-z][a-z_]{0,39}$")]
    """clock, receipts, meter, sensor, button, feedback, sms, signal, battery, power, health."""
    passed: bool
    at: datetime
    device: Annotated[str, msgspec.Meta(max_length=128)] = ""
    """The device that was tried; empty: the gateway itself."""
    detail: Detail = ""
    """What was seen, in plain words."""


class ProofReport(msgspec.Struct, frozen=True, kw_only=True):
    """Body of a request to PROOF_PATH."""

    gateway: str
    version: Word
    """Of Doorstep on the gateway."""
    began_at: datetime
    ended_at: datetime
    checks: Annotated[tuple[Check, ...], msgspec.Meta(min_length=1, max_length=10 * MOST_DEVICES)]

    @property
    def passed(self) -> bool:
        return all(check.passed for check in self.checks)


class Accepted(msgspec.Struct, frozen=True, kw_only=True):
    """The answer to DEVICES_PATH and PROOF_PATH."""

    refused: tuple[str, ...] = ()
    """What of it was not taken, a sentence each."""
