"""Decisions on one cause: what opens, escalates, extends, clears and stays silent."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from cloud.detection.episode import Close, Decision, Extend, Leave, Open, evaluate
from cloud.detection.limits import Limits
from cloud.detection.model import Cause, ClosedEpisode, Episode, Observation, Priority
from protocols.reading import Flag, Metric
from tests.cloud.detection.readings import create_pressure, create_reading

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def decide(
    cause: Cause, readings: Sequence[Observation], limits: Limits, now: datetime, episode: Episode | None = None
) -> Decision:
    return evaluate(cause, readings, episode, limits=limits, baseline={}, now=now)


def opened(cause: Cause, decision: Decision, now: datetime) -> Episode:
    assert isinstance(decision, Open)
    return Episode(
        cause, decision.priority, decision.reasons, now, decision.evidence_from, decision.evidence_to, alert_id=1
    )


def rules(decision: Decision) -> dict[str, Priority]:
    assert isinstance(decision, Open | Extend)
    return {reason.rule: reason.priority for reason in decision.reasons}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (53.9, {"hypoglycaemia_level_2": Priority.NOW, "hypoglycaemia_level_1": Priority.TODAY}),
        (54.0, {"hypoglycaemia_level_1": Priority.TODAY}),
        (69.9, {"hypoglycaemia_level_1": Priority.TODAY}),
        (70.0, {}),
    ],
)
def test_low_glucose(value: float, expected: dict[str, Priority], limits: Limits, now: datetime) -> None:
    decision = decide(Cause.HYPOGLYCAEMIA, [create_reading(Metric.GLUCOSE, value, now - HOUR)], limits, now)
    assert (rules(decision) if expected else {}) == expected
    assert isinstance(decision, Open) is bool(expected)


def test_low_glucose_twice_in_a_row_is_urgent(limits: Limits, now: datetime) -> None:
    readings = [create_reading(Metric.GLUCOSE, 66, now - HOUR), create_reading(Metric.GLUCOSE, 63, now - 30 * MINUTE)]
    decision = decide(Cause.HYPOGLYCAEMIA, readings, limits, now)
    assert isinstance(decision, Open)
    assert decision.priority is Priority.NOW
    first = decision.reasons[0]
    assert (first.rule, first.count, first.since, first.value) == ("hypoglycaemia_consecutive", 2, now - HOUR, 63)


def test_a_good_value_between_breaks_the_row(limits: Limits, now: datetime) -> None:
    readings = [
        create_reading(Metric.GLUCOSE, 66, now - 5 * HOUR),
        create_reading(Metric.GLUCOSE, 110, now - 3 * HOUR),
        create_reading(Metric.GLUCOSE, 66, now - HOUR),
    ]
    assert rules(decide(Cause.HYPOGLYCAEMIA, readings, limits, now)) == {"hypoglycaemia_level_1": Priority.TODAY}


def test_high_glucose_twice_in_a_day(limits: Limits, now: datetime) -> None:
    first = create_reading(Metric.GLUCOSE, 262, now - 9 * HOUR)
    assert decide(Cause.HYPERGLYCAEMIA, [first], limits, now) == Leave()
    second = create_reading(Metric.GLUCOSE, 270, now - HOUR)
    assert rules(decide(Cause.HYPERGLYCAEMIA, [first, second], limits, now)) == {
        "glucose_above_250_twice": Priority.TODAY
    }


def test_above_300_on_two_days_counts_the_homes_days(limits: Limits) -> None:
    now = datetime(2026, 11, 22, 18, 0, tzinfo=UTC)
    readings = [
        create_reading(Metric.GLUCOSE, 310, datetime(2026, 11, 21, 15, 30, tzinfo=UTC)),  # 23:30 on the 21st there
        create_reading(Metric.GLUCOSE, 305, datetime(2026, 11, 21, 16, 30, tzinfo=UTC)),  # 00:30 on the 22nd there
    ]
    there = evaluate(
        Cause.HYPERGLYCAEMIA, readings, None, limits=limits, baseline={}, now=now, zone=ZoneInfo("Asia/Shanghai")
    )
    assert "glucose_above_300_two_days" in rules(there)
    in_greenwich = evaluate(Cause.HYPERGLYCAEMIA, readings, None, limits=limits, baseline={}, now=now)
    assert "glucose_above_300_two_days" not in rules(in_greenwich)


def test_too_high_to_read_says_its_bound(limits: Limits, now: datetime) -> None:
    readings = [create_reading(Metric.GLUCOSE, 600, now - HOUR, Flag.ABOVE_RANGE)]
    decision = decide(Cause.HYPERGLYCAEMIA, readings, limits, now)
    assert isinstance(decision, Open)
    reason = decision.reasons[0]
    assert (reason.rule, reason.bound, reason.limit) == ("glucose_too_high_to_read", "lower", None)


def test_severe_pressure_is_for_today_and_repeated_for_now(limits: Limits, now: datetime) -> None:
    once = create_pressure(184, 96, now - HOUR)
    first = decide(Cause.BLOOD_PRESSURE, once, limits, now - 30 * MINUTE)
    assert rules(first) == {"severe_pressure": Priority.TODAY}
    again = create_pressure(176, 112, now - 50 * MINUTE)  # the other figure is out now
    second = decide(
        Cause.BLOOD_PRESSURE, once + again, limits, now, opened(Cause.BLOOD_PRESSURE, first, now - 30 * MINUTE)
    )
    assert isinstance(second, Extend)
    assert second.escalated
    assert second.priority is Priority.NOW
    urgent = second.reasons[0]
    assert (urgent.rule, urgent.metric, urgent.value, urgent.count) == (
        "severe_pressure_repeated",
        Metric.DIASTOLIC,
        112,
        2,
    )
    assert urgent.floor


def test_repeating_at_once_is_not_repeated(limits: Limits, now: datetime) -> None:
    readings = create_pressure(184, 96, now - HOUR) + create_pressure(186, 97, now - HOUR + 2 * MINUTE)
    assert rules(decide(Cause.BLOOD_PRESSURE, readings, limits, now)) == {"severe_pressure": Priority.TODAY}


def test_high_pressure_over_days(limits: Limits, now: datetime) -> None:
    readings = []
    for day in range(4):
        for hour in (1, 2, 11):
            readings += create_pressure(141 + hour, 82, now - HOUR - day * DAY - hour * HOUR)
    decision = decide(Cause.BLOOD_PRESSURE, readings, limits, now)
    assert rules(decision) == {"high_pressure": Priority.THIS_WEEK}
    assert isinstance(decision, Open)
    assert decision.reasons[0].value == pytest.approx(145.7, abs=0.05)
    assert decide(Cause.BLOOD_PRESSURE, readings[:20], limits, now) == Leave()  # ten are too few


@pytest.mark.parametrize(("value", "rule"), [(121, "fast_pulse"), (39, "slow_pulse"), (120, None), (40, None)])
def test_pulse(value: float, rule: str | None, limits: Limits, now: datetime) -> None:
    decision = decide(Cause.PULSE, [create_reading(Metric.PULSE, value, now - HOUR)], limits, now)
    assert (list(rules(decision)) if rule else []) == ([rule] if rule else [])


def test_a_doubtful_one_alone_says_nothing(limits: Limits, now: datetime) -> None:
    moved = create_pressure(190, 100, now - HOUR, Flag.BODY_MOVED)
    assert decide(Cause.BLOOD_PRESSURE, moved, limits, now) == Leave()
    loose = create_pressure(192, 101, now - 40 * MINUTE, Flag.CUFF_LOOSE)
    assert decide(Cause.BLOOD_PRESSURE, moved + loose, limits, now) == Leave()
    sure = create_pressure(188, 99, now - 20 * MINUTE)
    decision = decide(Cause.BLOOD_PRESSURE, moved + loose + sure, limits, now)
    assert isinstance(decision, Open)
    assert (decision.priority, decision.reasons[0].count, decision.reasons[0].doubtful) == (Priority.NOW, 3, 2)


def test_an_irregular_pulse_is_no_doubt(limits: Limits, now: datetime) -> None:
    readings = create_pressure(190, 100, now - HOUR, Flag.IRREGULAR_PULSE)
    assert isinstance(decide(Cause.BLOOD_PRESSURE, readings, limits, now), Open)


def test_a_late_reading_is_no_news_but_a_companion(limits: Limits, now: datetime) -> None:
    late = create_reading(Metric.GLUCOSE, 48, now - 30 * HOUR, arrives_after=29 * HOUR)
    assert decide(Cause.HYPOGLYCAEMIA, [late], limits, now) == Leave()
    fresh = create_reading(Metric.GLUCOSE, 66, now - HOUR)
    assert "hypoglycaemia_consecutive" in rules(decide(Cause.HYPOGLYCAEMIA, [late, fresh], limits, now))


def test_a_loaded_history_wakes_nobody(limits: Limits, now: datetime) -> None:
    old = create_reading(Metric.GLUCOSE, 40, now - 10 * DAY)
    assert decide(Cause.HYPOGLYCAEMIA, [old], limits, now) == Leave()


def test_a_clock_that_runs_ahead_hides_nothing(limits: Limits, now: datetime) -> None:
    ahead = Observation(Metric.GLUCOSE, 50, now + 300 * DAY, now - MINUTE, frozenset({Flag.FROM_FUTURE}))
    decision = decide(Cause.HYPOGLYCAEMIA, [ahead], limits, now)
    assert isinstance(decision, Open)
    assert decision.evidence_to == now - MINUTE


def test_looking_again_changes_nothing(limits: Limits, now: datetime) -> None:
    readings = create_pressure(184, 96, now - HOUR)
    episode = opened(Cause.BLOOD_PRESSURE, decide(Cause.BLOOD_PRESSURE, readings, limits, now), now)
    for later in (timedelta(0), HOUR, 30 * HOUR, 100 * HOUR):
        assert decide(Cause.BLOOD_PRESSURE, readings, limits, now + later, episode) == Leave()


def test_what_a_closed_episode_was_made_of_is_no_news(limits: Limits, now: datetime) -> None:
    readings = [create_reading(Metric.GLUCOSE, 50, now - 2 * HOUR)]
    closed = [ClosedEpisode(now - 2 * HOUR, now - HOUR, now - HOUR)]
    again = evaluate(Cause.HYPOGLYCAEMIA, readings, None, limits=limits, baseline={}, now=now, closed=closed)
    assert again == Leave()
    new = [*readings, create_reading(Metric.GLUCOSE, 52, now - MINUTE)]
    assert isinstance(
        evaluate(Cause.HYPOGLYCAEMIA, new, None, limits=limits, baseline={}, now=now, closed=closed), Open
    )


def test_what_came_in_while_the_report_was_filed_is_news(limits: Limits, now: datetime) -> None:
    unseen = create_reading(Metric.GLUCOSE, 50, now - 3 * HOUR, arrives_after=150 * MINUTE)
    closed = [ClosedEpisode(evidence_to=now - 2 * HOUR, seen_through=now - HOUR, closed_at=now - MINUTE)]
    assert isinstance(
        evaluate(Cause.HYPOGLYCAEMIA, [unseen], None, limits=limits, baseline={}, now=now, closed=closed), Open
    )


def test_high_pressure_stays_quiet_after_a_visit(limits: Limits, now: datetime) -> None:
    readings = []
    for day in range(5):
        for hour in (1, 2, 11):
            readings += create_pressure(145, 82, now - HOUR - day * DAY - hour * HOUR)
    quiet = [ClosedEpisode(now - 3 * DAY, now - 3 * DAY, now - 3 * DAY, frozenset({"high_pressure"}))]
    assert evaluate(Cause.BLOOD_PRESSURE, readings, None, limits=limits, baseline={}, now=now, closed=quiet) == Leave()


def test_an_episode_clears_behind_the_clear_line_only(limits: Limits, now: datetime) -> None:
    start = create_reading(Metric.PULSE, 130, now - HOUR)
    episode = opened(Cause.PULSE, decide(Cause.PULSE, [start], limits, now), now)
    calm = [create_reading(Metric.PULSE, 80, now + hours * HOUR) for hours in (6, 12, 24)]
    nearly = create_reading(Metric.PULSE, 115, now + 14 * HOUR)
    later = now + 25 * HOUR
    assert decide(Cause.PULSE, [start, *calm[:2]], limits, later, episode) == Leave()  # not for long enough
    assert decide(Cause.PULSE, [start, *calm, nearly], limits, later, episode) == Leave()  # between limit and clear
    assert decide(Cause.PULSE, [start, *calm], limits, later, episode) == Close()


def test_a_floor_never_clears_by_itself(limits: Limits, now: datetime) -> None:
    start = create_reading(Metric.GLUCOSE, 45, now - HOUR)
    episode = opened(Cause.HYPOGLYCAEMIA, decide(Cause.HYPOGLYCAEMIA, [start], limits, now), now)
    calm = [create_reading(Metric.GLUCOSE, 120, now + hours * HOUR) for hours in range(0, 60, 6)]
    assert decide(Cause.HYPOGLYCAEMIA, [start, *calm], limits, now + 61 * HOUR, episode) == Leave()


def test_what_has_cleared_before_anybody_looked_opens_nothing(limits: Limits, now: datetime) -> None:
    fast = create_reading(Metric.PULSE, 130, now - 30 * HOUR)
    calm = [create_reading(Metric.PULSE, 80, now - hours * HOUR) for hours in (20, 2)]
    assert decide(Cause.PULSE, [fast, *calm], limits, now) == Leave()
    low = create_reading(Metric.GLUCOSE, 45, now - 30 * HOUR)
    well = [create_reading(Metric.GLUCOSE, 120, now - hours * HOUR) for hours in (20, 2)]
    assert isinstance(decide(Cause.HYPOGLYCAEMIA, [low, *well], limits, now), Open)  # a floor: a person has to look
