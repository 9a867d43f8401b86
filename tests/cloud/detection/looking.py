"""A look at one elder, as the live worker looks."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, tzinfo

from cloud.detection.columns import History, no_events, readings_of, us_of
from cloud.detection.episode import Kind, Standing, Step
from cloud.detection.finding import Profile
from cloud.detection.judging import Judgement, judge, live_window
from cloud.detection.limits import Limits
from cloud.detection.model import Cause, ClosedEpisode, Episode, Observation, Priority
from protocols.reading import Metric

NOTHING = Standing()


def look(
    readings: Sequence[Observation],
    limits: Limits,
    now: datetime,
    standing: Standing = NOTHING,
    *,
    zone: tzinfo = UTC,
    verdicts: Mapping[Metric, int] | None = None,
) -> Judgement:
    """What a look at `now` gives, of readings that had arrived by then."""
    history = History(readings_of(readings, zone), no_events()).arrived_by(us_of(now))
    profile = Profile(1, zone, false_verdicts=verdicts or {})
    return judge(history, profile, limits, standing=standing, window=live_window(history, now))


def still_open(judgement: Judgement, cause: Cause) -> Episode | None:
    return judgement.standing.episodes.get(cause)


def opened(judgement: Judgement, cause: Cause) -> Episode:
    """The episode of `cause`, which stands open."""
    episode = still_open(judgement, cause)
    assert episode is not None, judgement.steps
    return episode


def rules(judgement: Judgement, cause: Cause) -> dict[str, Priority]:
    """What holds the open episode of `cause`; empty without one."""
    episode = still_open(judgement, cause)
    return {} if episode is None else {reason.rule: reason.priority for reason in episode.reasons}


def told(judgement: Judgement) -> list[tuple[Kind, Cause]]:
    return [(step.kind, step.cause) for step in judgement.steps]


def steps_of(judgement: Judgement, cause: Cause) -> list[Step]:
    return [step for step in judgement.steps if step.cause is cause]


def was_closed(cause: Cause, *closed: ClosedEpisode) -> Standing:
    return Standing(closed={cause: closed})
