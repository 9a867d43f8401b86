"""Looks at one elder: what opens, escalates, is told again, clears and stays silent."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from cloud.detection.episode import Kind
from cloud.detection.limits import Limits
from cloud.detection.model import Cause, ClosedEpisode, Observation, Priority
from protocols.reading import Flag, Metric
from tests.cloud.detection.looking import look, opened, rules, still_open, told, was_closed
from tests.cloud.detection.readings import create_pressure, create_reading

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
LOW, HIGH, PRESSURE, PULSE = Cause.HYPOGLYCAEMIA, Cause.HYPERGLYCAEMIA, Cause.BLOOD_PRESSURE, Cause.PULSE


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
    assert rules(look([create_reading(Metric.GLUCOSE, value, now - HOUR)], limits, now), LOW) == expected


def test_low_glucose_twice_in_a_row_is_urgent(limits: Limits, now: datetime) -> None:
    readings = [create_reading(Metric.GLUCOSE, 66, now - HOUR), create_reading(Metric.GLUCOSE, 63, now - 30 * MINUTE)]
    episode = opened(look(readings, limits, now), LOW)
    assert episode.priority is Priority.NOW
    first = episode.reasons[0]
    assert (first.rule, first.count, first.since, first.value) == ("hypoglycaemia_consecutive", 2, now - HOUR, 63)


def test_a_good_value_between_breaks_the_row(limits: Limits, now: datetime) -> None:
    readings = [
        create_reading(Metric.GLUCOSE, 66, now - 5 * HOUR),
        create_reading(Metric.GLUCOSE, 110, now - 3 * HOUR),
        create_reading(Metric.GLUCOSE, 66, now - HOUR),
    ]
    assert rules(look(readings, limits, now), LOW) == {"hypoglycaemia_level_1": Priority.TODAY}


def test_each_fall_is_told_again_but_not_the_same_one(limits: Limits, now: datetime) -> None:
    values = ((8.0, 50), (7.75, 52), (6.0, 120), (3.0, 49), (1.0, 60))
    readings = [create_reading(Metric.GLUCOSE, value, now - hours * HOUR) for hours, value in values]
    found = [kind for kind, cause in told(look(readings, limits, now)) if cause is LOW]
    assert found == [Kind.OPENED, Kind.EXTENDED, Kind.RENEWED, Kind.RENEWED]


def test_high_glucose_twice_in_a_day(limits: Limits, now: datetime) -> None:
    first = create_reading(Metric.GLUCOSE, 262, now - 9 * HOUR)
    assert look([first], limits, now).steps == []
    second = create_reading(Metric.GLUCOSE, 270, now - HOUR)
    assert rules(look([first, second], limits, now), HIGH) == {"glucose_above_250_twice": Priority.TODAY}


def test_above_300_on_two_days_counts_the_homes_days(limits: Limits) -> None:
    now = datetime(2026, 11, 22, 18, 0, tzinfo=UTC)
    readings = [
        create_reading(Metric.GLUCOSE, 310, datetime(2026, 11, 21, 15, 30, tzinfo=UTC)),  # 23:30 on the 21st there
        create_reading(Metric.GLUCOSE, 305, datetime(2026, 11, 21, 16, 30, tzinfo=UTC)),  # 00:30 on the 22nd there
    ]
    there = look(readings, limits, now, zone=ZoneInfo("Asia/Shanghai"))
    assert "glucose_above_300_two_days" in rules(there, HIGH)
    assert "glucose_above_300_two_days" not in rules(look(readings, limits, now), HIGH)


def test_too_high_to_read_says_its_bound(limits: Limits, now: datetime) -> None:
    readings = [create_reading(Metric.GLUCOSE, 600, now - HOUR, Flag.ABOVE_RANGE)]
    reason = opened(look(readings, limits, now), HIGH).reasons[0]
    assert (reason.rule, reason.bound, reason.limit) == ("glucose_too_high_to_read", "lower", None)


def test_severe_pressure_waits_for_a_second_measurement(limits: Limits, now: datetime) -> None:
    once = create_pressure(184, 96, now)
    asked = look(once, limits, now + MINUTE)
    assert asked.steps == []
    assert asked.next_look_us is not None
    alone = look(once, limits, now + 11 * MINUTE)
    assert rules(alone, PRESSURE)["severe_pressure"] is Priority.TODAY
    calm = create_pressure(148, 84, now + 6 * MINUTE)
    assert rules(look(once + calm, limits, now + 11 * MINUTE), PRESSURE) == {"raised_pressure": Priority.THIS_WEEK}
    again = create_pressure(176, 112, now + 6 * MINUTE)  # the other figure is out now
    second = opened(look(once + again, limits, now + 7 * MINUTE), PRESSURE)
    urgent = second.reasons[0]
    assert (urgent.rule, urgent.metric, urgent.value, urgent.count) == (
        "severe_pressure_repeated",
        Metric.DIASTOLIC,
        112,
        2,
    )
    assert urgent.floor
    assert second.priority is Priority.NOW


def test_repeated_much_later_it_is_made_more_urgent(limits: Limits, now: datetime) -> None:
    once = create_pressure(184, 96, now - HOUR)
    before = look(once, limits, now - 30 * MINUTE)
    again = look(once + create_pressure(186, 97, now - MINUTE), limits, now, before.standing)
    assert told(again) == [(Kind.ESCALATED, PRESSURE)]


def test_repeating_at_once_is_not_repeated(limits: Limits, now: datetime) -> None:
    readings = create_pressure(184, 96, now - HOUR) + create_pressure(186, 97, now - HOUR + 2 * MINUTE)
    found = rules(look(readings, limits, now), PRESSURE)
    assert found == {"severe_pressure": Priority.TODAY, "raised_pressure": Priority.THIS_WEEK}


def test_what_can_wait_is_told_when_the_team_begins(limits: Limits, now: datetime) -> None:
    night = now.replace(hour=22)
    readings = create_pressure(164, 88, night)
    assert look(readings, limits, night + 4 * HOUR).steps == []
    morning = look(readings, limits, (night + DAY).replace(hour=9))
    assert [(step.kind, step.at.hour) for step in morning.steps] == [(Kind.OPENED, 9)]
    severe = create_pressure(190, 100, night)  # this cannot
    assert rules(look(severe, limits, night + 11 * MINUTE), PRESSURE) == {"severe_pressure": Priority.TODAY}


def test_high_pressure_over_days(limits: Limits, now: datetime) -> None:
    readings = create_mornings(4, now)
    reason = opened(look(readings, limits, now), PRESSURE).reasons[0]
    assert (reason.rule, reason.priority, reason.value) == ("high_pressure", Priority.THIS_WEEK, 145.7)
    assert look(readings[:20], limits, now).steps == []  # ten are too few


def create_mornings(days: int, now: datetime) -> list[Observation]:
    """Three measurements a day, 142 to 152 over 82."""
    readings = []
    for day in range(days):
        for hour in (1, 2, 11):
            readings += create_pressure(141 + hour, 82, now - HOUR - day * DAY - hour * HOUR)
    return readings


@pytest.mark.parametrize(
    ("value", "rule"),
    [(131, "fast_pulse"), (101, "raised_pulse"), (100, None), (50, None), (49, "lowered_pulse"), (40, "slow_pulse")],
)
def test_pulse(value: float, rule: str | None, limits: Limits, now: datetime) -> None:
    found = rules(look([create_reading(Metric.PULSE, value, now - HOUR)], limits, now), PULSE)
    assert (next(iter(found), None)) == rule


def test_a_doubtful_one_alone_says_nothing(limits: Limits, now: datetime) -> None:
    moved = create_pressure(190, 100, now - HOUR, Flag.BODY_MOVED)
    assert look(moved, limits, now).steps == []
    loose = create_pressure(192, 101, now - 40 * MINUTE, Flag.CUFF_LOOSE)
    assert look(moved + loose, limits, now).steps == []
    sure = create_pressure(188, 99, now - 15 * MINUTE)
    episode = opened(look(moved + loose + sure, limits, now), PRESSURE)
    assert (episode.priority, episode.reasons[0].count, episode.reasons[0].doubtful) == (Priority.NOW, 3, 2)


def test_an_irregular_pulse_is_no_doubt(limits: Limits, now: datetime) -> None:
    readings = create_pressure(190, 100, now - HOUR, Flag.IRREGULAR_PULSE)
    assert still_open(look(readings, limits, now), PRESSURE)


def test_a_late_reading_is_no_news_but_a_companion(limits: Limits, now: datetime) -> None:
    late = create_reading(Metric.GLUCOSE, 48, now - 30 * HOUR, arrives_after=29 * HOUR)
    assert look([late], limits, now).steps == []
    fresh = create_reading(Metric.GLUCOSE, 66, now - 50 * MINUTE)
    assert "hypoglycaemia_consecutive" in rules(look([late, fresh], limits, now), LOW)


def test_a_loaded_history_wakes_nobody(limits: Limits, now: datetime) -> None:
    assert look([create_reading(Metric.GLUCOSE, 40, now - 10 * DAY)], limits, now).steps == []
    loaded = create_reading(Metric.GLUCOSE, 40, now - 10 * DAY, arrives_after=10 * DAY - MINUTE)
    assert look([loaded], limits, now).steps == []


def test_a_clock_that_runs_ahead_hides_nothing(limits: Limits, now: datetime) -> None:
    ahead = Observation(Metric.GLUCOSE, 50, now + 300 * DAY, now - MINUTE, frozenset({Flag.FROM_FUTURE}))
    assert opened(look([ahead], limits, now), LOW).evidence_to == now - MINUTE


def test_looking_again_changes_nothing(limits: Limits, now: datetime) -> None:
    readings = create_pressure(184, 96, now - HOUR)
    standing = look(readings, limits, now).standing
    for later in (timedelta(0), HOUR, 30 * HOUR, 100 * HOUR):
        assert look(readings, limits, now + later, standing).steps == []


def test_what_a_closed_episode_was_made_of_is_no_news(limits: Limits, now: datetime) -> None:
    readings = [create_reading(Metric.GLUCOSE, 50, now - 2 * HOUR)]
    closed = was_closed(LOW, ClosedEpisode(now - 2 * HOUR, now - HOUR, now - HOUR))
    assert look(readings, limits, now, closed).steps == []
    new = [*readings, create_reading(Metric.GLUCOSE, 52, now - MINUTE)]
    assert still_open(look(new, limits, now, closed), LOW)


def test_what_came_in_while_the_report_was_filed_is_news(limits: Limits, now: datetime) -> None:
    unseen = create_reading(Metric.GLUCOSE, 50, now - 3 * HOUR, arrives_after=150 * MINUTE)
    closed = ClosedEpisode(evidence_to=now - 2 * HOUR, seen_through=now - HOUR, closed_at=now - MINUTE)
    assert still_open(look([unseen], limits, now, was_closed(LOW, closed)), LOW)


@pytest.mark.parametrize("cleared", [False, True])
def test_high_pressure_stays_quiet_after_a_visit(cleared: bool, limits: Limits, now: datetime) -> None:
    quiet = ClosedEpisode(now - 3 * DAY, now - 3 * DAY, now - 3 * DAY, frozenset({"high_pressure"}), cleared=cleared)
    found = look(create_mornings(5, now), limits, now, was_closed(PRESSURE, quiet))
    assert bool(found.steps) is cleared  # nobody went there: it is told again


def test_an_episode_clears_behind_the_clear_line_only(limits: Limits, now: datetime) -> None:
    start = create_reading(Metric.PULSE, 135, now - HOUR)
    standing = look([start], limits, now).standing
    calm = [create_reading(Metric.PULSE, 80, now + hours * HOUR) for hours in (6, 12, 24)]
    nearly = create_reading(Metric.PULSE, 98, now + 14 * HOUR)
    later = now + 25 * HOUR

    def look_later(readings: Sequence[Observation]) -> list[tuple[Kind, Cause]]:
        return told(look([start, *readings], limits, later, standing))

    assert look_later(calm[:2]) == []  # not for long enough
    assert look_later([*calm, nearly]) == []  # between limit and clear
    assert look_later(calm) == [(Kind.CLEARED, PULSE)]


def test_a_floor_never_clears_by_itself(limits: Limits, now: datetime) -> None:
    readings = [create_reading(Metric.GLUCOSE, 45, now - HOUR)]
    readings += [create_reading(Metric.GLUCOSE, 120, now + hours * HOUR) for hours in range(0, 60, 6)]
    assert opened(look(readings, limits, now + 61 * HOUR), LOW).priority is Priority.NOW


def test_what_goes_on_is_told_once_a_day(limits: Limits, now: datetime) -> None:
    days = [now + day * DAY for day in range(4)]
    readings = [one for at in days for moment in (at, at + 2 * HOUR) for one in create_pressure(165, 85, moment)]
    standing = look([], limits, now - HOUR).standing
    found = []
    for at in days:
        judged = look([one for one in readings if one.arrived_at < at + 8 * HOUR], limits, at + 8 * HOUR, standing)
        standing = judged.standing
        found += [kind for kind, cause in told(judged) if cause is PRESSURE]
    assert found[0] is Kind.OPENED
    assert found.count(Kind.RENEWED) == 3
    assert Kind.ESCALATED not in found
