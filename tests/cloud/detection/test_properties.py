"""What holds for every run of readings: order and copies mean nothing, and a floor is never held back."""

import random
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from cloud.detection.columns import History, no_events, readings_of, us_of
from cloud.detection.episode import Kind, Standing
from cloud.detection.finding import Profile, Window
from cloud.detection.judging import Judgement, judge
from cloud.detection.limits import load_limits
from cloud.detection.model import Cause, ClosedEpisode, Observation, Priority
from protocols.reading import Flag, Metric
from tests.cloud.detection.conftest import LIMITS
from tests.cloud.detection.looking import look, opened, was_closed

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


histories = st.lists(observations(), max_size=25)


@settings(max_examples=40, deadline=None)
@given(histories, st.randoms(use_true_random=False))
def test_order_and_copies_change_nothing(readings: list[Observation], chance: random.Random) -> None:
    mixed = readings + [one for one in readings if chance.random() < 0.5]
    chance.shuffle(mixed)
    assert look(mixed, SET, NOW).steps == look(readings, SET, NOW).steps


@settings(max_examples=40, deadline=None)
@given(histories)
def test_looking_again_finds_nothing_new(readings: list[Observation]) -> None:
    judged = look(readings, SET, NOW)
    assert look(readings, SET, NOW, judged.standing).steps == []
    for episode in judged.standing.episodes.values():
        assert episode.evidence_from <= episode.evidence_to <= NOW


@settings(max_examples=40, deadline=None)
@given(histories, st.integers(0, 60 * 24 * 10))
def test_a_look_is_final(readings: list[Observation], minutes: int) -> None:
    """Looked at on the way or only at the end, in many windows or in one: the same steps at the same moments."""
    begin, middle = NOW - timedelta(days=30), NOW - timedelta(minutes=minutes)
    zone_profile = Profile(1, UTC)
    history = History(readings_of(readings, UTC), no_events())

    def judged(after: datetime, until: datetime, standing: Standing) -> Judgement:
        return judge(history, zone_profile, SET, standing=standing, window=Window(us_of(after), us_of(until)))

    whole = judged(begin, NOW, Standing())
    first = judged(begin, middle, Standing())
    rest = judged(middle, NOW, first.standing)
    assert [*first.steps, *rest.steps] == whole.steps


@settings(max_examples=40, deadline=None)
@given(histories, observations())
def test_a_priority_never_falls(readings: list[Observation], new: Observation) -> None:
    before = look(readings, SET, NOW)
    after = look([*readings, new], SET, NOW, before.standing)
    for step in after.steps:
        known = before.standing.episodes.get(step.cause)
        if known is not None and step.kind is not Kind.CLEARED and step.kind is not Kind.OPENED:
            assert step.episode.priority.rank <= known.priority.rank
            assert step.episode.evidence_from <= known.evidence_from
            assert step.episode.evidence_to >= known.evidence_to


@settings(max_examples=40, deadline=None)
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
    verdicts = {Metric.GLUCOSE: 9} if wide else {}
    judged = look([*readings, low], SET, NOW, was_closed(Cause.HYPOGLYCAEMIA, *closed), verdicts=verdicts)
    episode = opened(judged, Cause.HYPOGLYCAEMIA)
    assert episode.priority is Priority.NOW
    assert any(reason.rule == "hypoglycaemia_level_2" and reason.floor for reason in episode.reasons)
