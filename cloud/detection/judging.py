"""One look at one elder, without a database: what is known goes in, what to do about each cause comes out.

The live worker and a back-test judge by this very function, each over what it knows at that moment.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

from cloud.detection.baseline import baselines
from cloud.detection.episode import Decision, evaluate
from cloud.detection.limits import Limits
from cloud.detection.model import Baseline, Cause, ClosedEpisode, Episode, Observation
from protocols.reading import Metric


@dataclass(frozen=True)
class Known:
    """What is known of one elder at a moment; how far back it must reach say the functions below."""

    observations: Sequence[Observation]
    episodes: Mapping[Cause, Episode]
    """Those open."""
    closed: Mapping[Cause, Sequence[ClosedEpisode]]
    false_verdicts: Mapping[Metric, int]


@dataclass(frozen=True)
class Judgement:
    bands: dict[Metric, Baseline]
    decisions: dict[Cause, Decision]
    """One for every cause."""


def judge(known: Known, limits: Limits, now: datetime, zone: tzinfo, fresh: timedelta) -> Judgement:
    """`zone` is the home's, `fresh` how long a reading may take to arrive and still be news."""
    bands = baselines(known.observations, limits.own_normal, now, zone, known.false_verdicts)
    return Judgement(
        bands,
        {
            cause: evaluate(
                cause,
                known.observations,
                known.episodes.get(cause),
                limits=limits,
                baseline=bands,
                now=now,
                zone=zone,
                fresh=fresh,
                closed=known.closed.get(cause, ()),
            )
            for cause in Cause
        },
    )


def metrics_looked_at(limits: Limits) -> frozenset[Metric]:
    return frozenset(limits.own_normal.metric).union(*(rule.metrics for rule in limits.rule))


def readings_since(limits: Limits, now: datetime) -> datetime:
    """Nothing measured earlier says anything at `now`."""
    return now - timedelta(days=limits.own_normal.days)


def closed_since(limits: Limits, now: datetime) -> datetime:
    """An episode closed earlier does not say any more what is no news."""
    quiet = [limits.own_normal.quiet_days, *(rule.quiet_days for rule in limits.rule)]
    return now - timedelta(days=max(limits.own_normal.days, *quiet))


def verdicts_since(limits: Limits, now: datetime) -> datetime:
    """A false verdict given earlier widens no band."""
    return now - timedelta(days=limits.own_normal.verdict_days)
