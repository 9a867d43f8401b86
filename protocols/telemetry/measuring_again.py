"""A home is asked aloud to measure again, and says in its heartbeats what became of that.

The home composes the sentence itself, in its own languages: no words come over the network.
"""

from datetime import datetime
from enum import StrEnum

import msgspec

from protocols.reading import Metric

MAX_WHY = 64
MAX_ASKED = 32


class MeasureAgainMessage(msgspec.Struct, frozen=True, kw_only=True):
    """A measurement is doubted: the home is to ask for another one, once, in hours in which it may speak."""

    ask: int
    """Number of the request at the centre. Sent again until a heartbeat tells what became of it."""
    metric: Metric
    """By which meter: of a cuff's figures the systolic one."""
    why: str
    """cuff_loose, body_moved, jump ...; a home that does not know the word asks without a reason."""
    until: datetime
    """After that nobody is to be asked any more."""


class Became(StrEnum):
    """What became of a request in the home."""

    SAID = "said"
    """To its end, in all languages of the home."""
    QUIET_HOURS = "quiet_hours"
    """The home does not speak at this hour."""
    TOO_LATE = "too_late"
    """It came too late, or somebody called for help until it was."""
    SILENT = "silent"
    """The home has no voice, or it failed."""


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one request, and when."""

    ask: int
    became: Became
    at: datetime
