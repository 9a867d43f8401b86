"""Which alert of a team goes first. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from cloud.detection.budget.settings import Budget
from cloud.detection.model import Cause, Episode, Priority


@dataclass(frozen=True)
class Held:
    """An open alert that waits."""

    alert_id: int
    cause: Cause
    score: float
    raised_at: datetime


@dataclass(frozen=True)
class Said:
    """What nurses of the team said of alerts of one cause."""

    right: int = 0
    wrong: int = 0


@dataclass(frozen=True)
class Ranked:
    alert_id: int
    risk: float


def may_wait(episode: Episode) -> bool:
    """Only what asks for this week alone; a floor never waits, nor what is for now or today."""
    return episode.priority is Priority.THIS_WEEK and not any(reason.floor for reason in episode.reasons)


def ranked(
    held: Iterable[Held],
    said: Mapping[Cause, Said],
    budget: Budget,
    now: datetime,
    *,
    right: Mapping[int, float] | None = None,
) -> Sequence[Ranked]:
    """Those of most risk first: how unusual it is, times how often such alerts were right, and the longer the more.

    `right`: by alert, the probability that it is right, where a model says it.
    """
    return sorted(
        (
            Ranked(one.alert_id, _risk(one, said.get(one.cause, Said()), budget, now, (right or {}).get(one.alert_id)))
            for one in held
        ),
        key=lambda one: (-one.risk, one.alert_id),
    )


def share_right(said: Said, budget: Budget) -> float:
    """How often such alerts were right, with what is taken for granted before anybody said a word."""
    return (said.right + budget.prior_right) / (said.right + said.wrong + budget.prior_right + budget.prior_wrong)


def _risk(one: Held, said: Said, budget: Budget, now: datetime, right: float | None) -> float:
    return (one.score * share_right(said, budget) if right is None else right) + budget.older_by_day * max(
        (now - one.raised_at) / timedelta(days=1), 0.0
    )
