"""One message on its way to a receiving centre."""

import hashlib
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from protocols.alarm.kinds import SCAIP_DEVICE_TYPE, SCAIP_STATUS, AlarmKind
from protocols.alarm.states import AlarmState
from protocols.scaip.messages import NO_VOICE, Request

_CONTROLLER_DIGITS = 16
_BATHROOM = "011"
_LONGEST_DEVICE = 8


class What(StrEnum):
    RAISED = "raised"
    TAKEN_BACK = "taken_back"


@dataclass(frozen=True)
class Forward:
    reference: str
    alarm_id: UUID
    what: What
    state: AlarmState
    receiver: int
    attempts: int
    age_s: float
    kind: AlarmKind
    home_id: int
    device_id: int | None
    """None: a device that is not in the registry."""


def reference_of(alarm_id: UUID, what: What) -> str:
    """The same for the same message, whoever makes it: 16 letters and figures."""
    return hashlib.sha256(f"{alarm_id} {what.value}".encode()).hexdigest()[:16].upper()


def request_of(forward: Forward, prefix: str) -> Request:
    """What the receiving centre is told: numbers of home and device, codes; never a name or an address.

    The controller's number is `prefix` and the home's number, as the receiving centre has it in its books.
    """
    status = SCAIP_STATUS[forward.kind]
    digits = _CONTROLLER_DIGITS - len(prefix)
    device = "" if forward.device_id is None else str(forward.device_id)
    return Request(
        reference=forward.reference,
        controller=f"{prefix}{forward.home_id:0{min(digits, 6)}d}",
        device_type=SCAIP_DEVICE_TYPE[forward.kind],
        status=status.raised if forward.what is What.RAISED else status.taken_back,
        device=device[-_LONGEST_DEVICE:] or None,
        place=_BATHROOM if forward.kind is AlarmKind.LONG_STAY else None,
        caller=NO_VOICE,
    )
