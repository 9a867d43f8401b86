"""Which of two statuses of a gateway is the news. Pure.

Several ingesters take them side by side, and a broker gives the last one again to whoever subscribes, so they come in
any order. A last will was made when its connection was, and is the last word of that connection's session.
"""

from dataclasses import dataclass
from datetime import datetime

from protocols.telemetry.messages import StatusMessage


@dataclass(frozen=True)
class Kept:
    """What is known of the newest status so far."""

    online: bool
    at: datetime | None
    """Of the newest heartbeat; None: there was none."""
    epoch: int
    session: int
    sequence: int


def is_news(kept: Kept, said: StatusMessage) -> bool:
    """Whether `said` is newer than what is kept."""
    later = kept.at is None or said.at > kept.at
    if kept.at is None:
        return True
    if not said.session or not kept.session:  # of a gateway that does not count: its clock decides, and a will counts
        return later or not said.online
    if said.epoch != kept.epoch:  # a replaced card; the will of the old one is no news of the new one
        return said.online or later
    if said.session == kept.session:
        return kept.online and (not said.online or said.sequence > kept.sequence)
    return said.session > kept.session or (said.online and later)  # later, but a lower session: a restored card
