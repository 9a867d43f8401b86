"""A text on its way out of the centre."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from cloud.errors import CloudError

LONGEST_TEXT = 640
"""Characters; ten parts of 64 even where each character takes two bytes."""


class SmsState(StrEnum):
    WAITING = "waiting"
    SENT = "sent"
    """The network took it. That the phone has it is not known."""
    DELIVERED = "delivered"
    """The network reported that the phone has it. That anybody read it is not known."""
    FAILED = "failed"


@dataclass(frozen=True)
class Sms:
    sms_id: int
    recipient: str
    """E.164, with its plus."""
    body: str
    state: SmsState
    attempts: int
    asked_at: datetime
    sent_at: datetime | None
    delivered_at: datetime | None
    problem: str
    """Why the last attempt did not work, in a sentence; empty where none failed."""


class BadText(CloudError, ValueError):
    """A number or a text that no network takes; a sentence of what is wrong with it."""


def masked(number: str) -> str:
    """A telephone number as it may stand in a log: its end is enough to tell two apart."""
    digits = "".join(letter for letter in number if letter.isdigit())
    return f"...{digits[-3:]}" if len(digits) > 3 else "..."
