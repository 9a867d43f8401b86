"""Nights, mornings, showers and long stays beside what is usual; measurements that do not come."""

from datetime import UTC, datetime, timedelta

import numpy as np

from cloud.detection.columns import EVENT_CODE, EventKind, Events, History, create_events, no_events, readings_of, us_of
from cloud.detection.finding import Window
from cloud.detection.limits import load_limits
from cloud.detection.model import Cause, Observation, Priority
from cloud.detection.routine.long_stay import long_stays
from cloud.detection.routine.night import nights
from cloud.detection.routine.no_shower import missed_showers
from cloud.detection.routine.still import still_mornings
from cloud.detection.silence.layer import SilenceLayer
from firmware_sim.lives.bathroom import bathroom_air
from protocols.reading import Metric
from tests.cloud.detection.conftest import LIMITS
from tests.cloud.detection.routine.homes import PROFILE, ZONE, at, events_of, lived

SET = load_limits(LIMITS)
ALL = Window(us_of(at(-1, 0)), us_of(at(60, 0)))
Row = tuple[EventKind, str, datetime, float]


def rows_of(rows: list[Row]) -> Events:
    places = tuple(sorted({place for _, place, _, _ in rows}))
    moments = [us_of(moment) for _, _, moment, _ in rows]
    return create_events(
        kind=[EVENT_CODE[kind] for kind, _, _, _ in rows],
        place=[places.index(place) for _, place, _, _ in rows],
        places=places,
        value=[value for _, _, _, value in rows],
        at_us=moments,
        arrived_us=moments,
        zone=ZONE,
    )


def mornings(days: int) -> list[Row]:
    """Up at 7; the air is told every hour, day and night."""
    moved: list[Row] = [(EventKind.MOTION, "kitchen", at(day, 7), 1.0) for day in range(days)]
    return moved + [(EventKind.HUMIDITY, "kitchen", at(0, hour), 50.0) for hour in range(24 * (days + 1))]


def test_a_night_of_visits_is_told_in_the_morning() -> None:
    visits = [1, 2, 1, 0, 2, 1, 1, 2, 1, 0, 1, 9]
    moved = [
        (at(day, 22.5 + place * 0.75), "bathroom") for day, count in enumerate(visits) for place in range(count)
    ] + [(at(day, 23), "bedroom") for day in range(len(visits))]
    (one,) = nights(lived(events_of(moved)), PROFILE, SET, ALL)
    assert (one.cause, one.reason.value) == (Cause.NIGHT_BATHROOM, 9)
    assert one.known_us == us_of(at(12, 9))
    assert not nights(lived(events_of(moved[:-3])), PROFILE, SET, Window(0, us_of(at(11, 0))))


def test_a_still_morning_is_told_where_the_home_is_heard_and_nobody_went_out() -> None:
    (one,) = still_mornings(lived(rows_of(mornings(12))), PROFILE, SET, Window(0, us_of(at(12, 20))))
    assert one.cause is Cause.ROUTINE
    assert one.known_us == us_of(at(12, 9) + timedelta(minutes=10))
    out: Row = (EventKind.DOOR, "front door", at(11, 20), 1.0)
    assert not still_mornings(lived(rows_of([*mornings(12), out])), PROFILE, SET, Window(0, us_of(at(12, 20))))
    silent = [row for row in mornings(12) if row[2] < at(12, 5)]
    assert not still_mornings(lived(rows_of(silent)), PROFILE, SET, Window(0, us_of(at(12, 20))))


def showered(days: list[int], until: int) -> Events:
    """At 8 on these days, ten minutes long."""
    rows: list[Row] = []
    for minute in range(0, until * 1440, 2):
        moment = at(0, 0) + timedelta(minutes=minute)
        since = min((minute - (day * 1440 + 480) for day in days if minute >= day * 1440 + 480), default=None)
        rows.append((EventKind.HUMIDITY, "bathroom", moment, bathroom_air(since, 10)[0]))
    return rows_of(rows)


def test_a_shower_missed_for_days_is_told_in_the_evening() -> None:
    events = showered([0, 2, 4, 6, 8, 10], 17)
    found = missed_showers(lived(events), PROFILE, SET, Window(0, us_of(at(16, 12))))
    assert [one.known_us for one in found] == [us_of(at(14, 18)), us_of(at(15, 18))]
    assert found[0].cause is Cause.SHOWER_MISSED
    assert not missed_showers(lived(showered(list(range(0, 17, 2)), 17)), PROFILE, SET, ALL)


def test_a_shower_without_an_end_is_told_when_nobody_moves() -> None:
    rows: list[Row] = [(EventKind.MOTION, "bathroom", at(0, 8), 1.0)]
    for second in range(0, 7200, 20):
        humidity, _ = bathroom_air(second / 60 - 30, 90)
        rows.append((EventKind.HUMIDITY, "bathroom", at(0, 7.5) + timedelta(seconds=second), humidity))
    (one,) = long_stays(lived(rows_of(rows)), PROFILE, SET, ALL)
    assert (one.cause, one.priority) == (Cause.LONG_STAY, Priority.NOW)
    assert abs(one.known_us - us_of(at(0, 8.25))) < 60_000_000
    left: Row = (EventKind.MOTION, "kitchen", at(0, 8.2), 1.0)
    assert not long_stays(lived(rows_of([*rows, left])), PROFILE, SET, ALL)


def measured(days: list[int]) -> History:
    moments = [at(day, 8).astimezone(UTC) for day in days]
    seen = [Observation(Metric.SYSTOLIC, 130.0, moment, moment) for moment in moments]
    return History(readings_of(seen, ZONE), no_events())


def test_a_missed_week_is_told_and_says_who_is_silent() -> None:
    history = measured(list(range(20)))
    until = Window(0, us_of(at(26, 0)))
    first, *more = SilenceLayer().findings(history, PROFILE, SET, until)
    assert first.known_us == us_of(at(22, 18))
    assert (first.cause, first.reason.detail["silent"]) == (Cause.SILENCE, "unknown")
    assert len(more) == 3
    moving = History(history.readings, events_of([(at(day, 12), "kitchen") for day in range(26)]))
    assert SilenceLayer().findings(moving, PROFILE, SET, until)[0].reason.detail["silent"] == "person"
    still = History(history.readings, events_of([(at(day, 12), "kitchen") for day in range(19)]))
    assert SilenceLayer().findings(still, PROFILE, SET, until)[0].reason.detail["silent"] == "home"


def test_a_cut_leaves_what_was_known() -> None:
    history = measured(sorted(np.random.default_rng(1).choice(60, 35, replace=False).tolist()))
    whole = SilenceLayer().findings(history, PROFILE, SET, ALL)
    for day in range(0, 60, 7):
        until = us_of(at(day, 12))
        cut = SilenceLayer().findings(history.arrived_by(until), PROFILE, SET, Window(ALL.after_us, until))
        assert cut == [one for one in whole if one.known_us <= until]
