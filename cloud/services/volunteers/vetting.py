"""Who may go: the states of a volunteer and the papers that each asks for. Pure."""

from collections.abc import Iterable
from datetime import date, timedelta

from cloud.errors import Conflict
from cloud.services.volunteers.model import Paper, Seen, State

STEPS: dict[State, tuple[State, ...]] = {
    State.APPLIED: (State.CHECKING, State.REFUSED, State.LEFT),
    State.CHECKING: (State.TRAINING, State.REFUSED, State.LEFT),
    State.TRAINING: (State.ACTIVE, State.REFUSED, State.LEFT),
    State.ACTIVE: (State.PAUSED, State.LEFT),
    State.PAUSED: (State.ACTIVE, State.LEFT),
    State.REFUSED: (State.APPLIED,),
    State.LEFT: (State.APPLIED,),
}
_VETTED = frozenset({Paper.IDENTITY, Paper.CONDUCT, Paper.AGREEMENT})
NEEDED: dict[State, frozenset[Paper]] = {State.TRAINING: _VETTED, State.ACTIVE: _VETTED | {Paper.BASICS}}
"""What must count on the day on which somebody comes to a state; for the active, on every day."""
EXPIRES_SOON = timedelta(days=30)


class NotVetted(Conflict):
    """A paper is missing or ended."""

    def __init__(self, missing: Iterable[Paper]) -> None:
        self.missing = tuple(sorted(missing))
        super().__init__(f"missing or ended: {', '.join(self.missing)}")


def counting(papers: Iterable[Seen], day: date) -> frozenset[Paper]:
    """The papers that count on `day`."""
    return frozenset(Paper(one.kind) for one in papers if one.expires_on is None or one.expires_on >= day)


def missing(state: State, papers: Iterable[Seen], day: date) -> frozenset[Paper]:
    return NEEDED.get(state, frozenset()) - counting(papers, day)


def may_go(state: State, papers: Iterable[Seen], day: date) -> bool:
    """Whether they may be asked to go on `day`."""
    return state is State.ACTIVE and not missing(State.ACTIVE, papers, day)


def step(before: State, after: State, papers: Iterable[Seen], day: date) -> None:
    """Raises Conflict where that step is none, and NotVetted where a paper is missing for it."""
    if after not in STEPS[before]:
        raise Conflict(f"from {before} nobody comes to {after}")
    if lacking := missing(after, papers, day):
        raise NotVetted(lacking)


def next_expiry(papers: Iterable[Seen]) -> date | None:
    """When the first of the papers that an active volunteer needs ends; None: none does."""
    last: dict[Paper, date | None] = {}
    for one in papers:
        kind = Paper(one.kind)
        if kind in NEEDED[State.ACTIVE]:
            known = last.get(kind, date.min)
            last[kind] = None if known is None or one.expires_on is None else max(known, one.expires_on)
    return min((day for day in last.values() if day is not None), default=None)
