"""Whether a new wish is an older one said again. Pure: the caller brings the open wishes of the same elder."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from cloud.registry.demands.grams import grams

NEAR = timedelta(hours=24)
ALIKE = 0.35
"""Share of the characters' runs that two texts have in common, from which they say the same."""


@dataclass(frozen=True)
class OpenWish:
    demand_id: int
    kind: str
    text: str
    said_at: datetime
    """When it was said last."""


def same_as(kind: str, text: str, said_at: datetime, open_wishes: Iterable[OpenWish]) -> OpenWish | None:
    """The open wish of this kind, near in time, that is likest; None: it is a new one."""
    near = [one for one in open_wishes if one.kind == kind and abs(said_at - one.said_at) <= NEAR]
    if not near:
        return None
    best = max(near, key=lambda one: (alike(text, one.text), one.said_at, one.demand_id))
    return best if alike(text, best.text) >= ALIKE else None


def alike(one: str, other: str) -> float:
    """0 (nothing in common) to 1 (the same words in any order); a short text within a long one is alike."""
    ours, theirs = set(grams(one)), set(grams(other))
    if not ours or not theirs:
        return float(one.strip() == other.strip())
    return len(ours & theirs) / min(len(ours), len(theirs))
