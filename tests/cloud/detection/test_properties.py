"""What holds for every run of readings: order and copies mean nothing, and a floor is never held back."""

import random
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from cloud.detection.baseline import baselines
from cloud.detection.episode import Decision, Extend, Leave, Open, evaluate
from cloud.detection.limits import load_limits
from cloud.detection.model import Baseline, Cause, ClosedEpisode, Episode, Observation, Priority
from protocols.reading import Flag, Metric
from tests.cloud.detection.conftest import LIMITS

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
SET = load_limits(LIMITS)
RANGES = {Metric.GLUCOSE: (20, 500), Metric.SYSTOLIC: (70, 230), Metric.DIASTOLIC: (40, 130), Metric.PULSE: (30, 160)}


@st.composite
def observations(draw: st.DrawFn) -> Observation:
    metric = draw(st.sampled_from(sorted(RANGES)))
    at = NOW - timedelta(minutes=draw(st.integers(0, 60 * 24 * 10)))
    delay = timedelta(minutes=draw(st.sampled_from([0, 1, 30, 60 * 20, 60 * 30])))
    flags = draw(st.sets(st.sampled_from([Flag.BODY_MOVED, Flag.IRREGULAR_PULSE, Flag.ABOVE_RANGE]), max_size=1))
    return Observation(metric, float(draw(st.integers(*RANGES[metric]))), at, min(at + delay, NOW), frozenset(flags))


histories = st.lists(observations(), max_size=40)
causes = st.sampled_from(list(Cause))


def decide(cause: Cause, readings: list[Observation], episode: Episode | None = None) -> Decision:
    bands = baselines(readings, SET.own_normal, NOW, UTC)
    return evaluate(cause, readings, episode, limits=SET, baseline=bands, now=NOW)


@settings(max_examples=200, deadline=None)
@given(histories, causes, st.randoms(use_true_random=False))
def test_order_and_copies_change_nothing(readings: list[Observation], cause: Cause, chance: random.Random) -> None:
    mixed = readings + [one for one in readings if chance.random() < 0.5]
    chance.shuffle(mixed)
    assert decide(cause, mixed) == decide(cause, readings)


@settings(max_examples=200, deadline=None)
@given(histories, causes)
def test_an_opened_episode_is_final_for_its_readings(readings: list[Observation], cause: Cause) -> None:
    decision = decide(cause, readings)
    if isinstance(decision, Open):
        episode = Episode(cause, decision.priority, decision.reasons, NOW, decision.evidence_from, decision.evidence_to)
        assert isinstance(decide(cause, readings, episode), Leave)
        assert decision.evidence_from <= decision.evidence_to <= NOW


@settings(max_examples=200, deadline=None)
@given(histories, observations(), causes)
def test_a_priority_never_falls(readings: list[Observation], new: Observation, cause: Cause) -> None:
    decision = decide(cause, readings)
    if isinstance(decision, Open):
        episode = Episode(cause, decision.priority, decision.reasons, NOW, decision.evidence_from, decision.evidence_to)
        after = decide(cause, [*readings, new], episode)
        if isinstance(after, Extend):
            assert after.priority.rank <= episode.priority.rank
            assert after.evidence_from <= episode.evidence_from
            assert after.evidence_to >= episode.evidence_to


@settings(max_examples=200, deadline=None)
@given(
    histories,
    st.floats(10, 53.9),
    st.integers(0, 600),
    st.booleans(),
    st.lists(st.integers(60, 40_000), max_size=3),
)
def test_a_floor_is_never_held_back(
    readings: list[Observation], value: float, minutes: int, wide: bool, closed_minutes_ago: list[int]
) -> None:
    """However wide the own band, whatever was closed before: a fresh, sure value below 54 is for now."""
    at = NOW - timedelta(minutes=minutes)
    low = Observation(Metric.GLUCOSE, value, at, at)
    closed = [
        ClosedEpisode(at - timedelta(seconds=1), at, NOW - timedelta(minutes=ago), frozenset({"own_normal"}))
        for ago in closed_minutes_ago
    ]
    bands = {Metric.GLUCOSE: Baseline(Metric.GLUCOSE, 100, 0, 500, 500, 40, 1.5, 9)} if wide else {}
    decision = evaluate(Cause.HYPOGLYCAEMIA, [*readings, low], None, limits=SET, baseline=bands, now=NOW, closed=closed)
    assert isinstance(decision, Open)
    assert decision.priority is Priority.NOW
    assert any(reason.rule == "hypoglycaemia_level_2" and reason.floor for reason in decision.reasons)
