"""Somebody was last seen in the bathroom, and nobody moves anywhere since."""

from dataclasses import replace
from datetime import datetime, timedelta

from cloud.detection.columns import EventKind, History, us_of
from cloud.detection.episode import Kind, Standing
from cloud.detection.finding import Finding, Window
from cloud.detection.judging import judge
from cloud.detection.limits import load_limits
from cloud.detection.model import Cause, Priority
from cloud.detection.routine.bathroom_stay import BathroomLayer, bathroom_stays
from tests.cloud.detection.conftest import LIMITS
from tests.cloud.detection.routine.homes import PROFILE, Moved, at, events_of, lived

SET = load_limits(LIMITS)
LAYER = BathroomLayer()
WEEKS = 12


def days(count: int, still_minutes: float = 20.0) -> list[Moved]:
    """Up at 7, to the bathroom at 8 and at 19, and so long later seen in the lounge; to and fro until 22."""
    moved: list[Moved] = []
    for day in range(count):
        moved += [(at(day, 7 + place / 3), "lounge") for place in range(45)]
        for hour in (8.0, 19.0):
            gone = at(day, hour) + timedelta(minutes=1)
            back = gone + timedelta(minutes=still_minutes)
            moved = [one for one in moved if not gone - timedelta(minutes=30) < one[0] < back]
            moved += [(gone, "bathroom"), (back, "lounge")]
    return sorted(moved)


def fallen(until: datetime | None = None, *, hour: float = 19.0, still_minutes: float = 20.0) -> History:
    """On the last day nobody comes out again, or not before `until`."""
    last = at(WEEKS, hour)
    moved = [one for one in days(WEEKS + 1, still_minutes) if one[0] < last - timedelta(minutes=30)]
    moved.append((last, "bathroom"))
    if until is not None:
        moved.append((until, "lounge"))
    return lived(events_of(moved))


def looked(history: History, until: datetime) -> list[Finding]:
    return bathroom_stays(history, PROFILE, SET, Window(us_of(at(-1, 0)), us_of(until)))


def test_after_twice_the_usual_it_is_for_today_and_after_twice_that_for_now() -> None:
    first, second = looked(fallen(), at(WEEKS, 23))
    assert (first.cause, first.priority, first.known_us) == (Cause.LONG_STAY, Priority.TODAY, us_of(at(WEEKS, 19.75)))
    assert (second.priority, second.known_us) == (Priority.NOW, us_of(at(WEEKS, 20.5)))
    assert (first.reason.value, first.reason.limit, first.reason.usual_high) == (45, 45, 20)
    assert len(looked(fallen(at(WEEKS, 20)), at(WEEKS, 23))) == 1
    assert not looked(fallen(at(WEEKS, 19.7)), at(WEEKS, 23))


def test_who_is_often_still_for_long_is_told_of_later() -> None:
    first, _ = looked(fallen(still_minutes=40.0), at(WEEKS, 23))
    assert first.known_us == us_of(at(WEEKS, 19) + timedelta(minutes=80))


def test_a_night_has_its_own_limit() -> None:
    (first,) = looked(fallen(hour=23.0), at(WEEKS + 1, 0.75))
    assert first.known_us == us_of(at(WEEKS + 1, 0.5))


def test_it_rests_on_nothing_later_and_one_long_window_says_what_short_ones_do() -> None:
    whole, end = fallen(at(WEEKS, 20)), at(WEEKS, 23)
    told = looked(whole, end)
    parts = [
        one
        for hour in range(18, 23)
        for one in bathroom_stays(
            whole.arrived_by(us_of(at(WEEKS, hour + 1))),
            PROFILE,
            SET,
            Window(us_of(at(WEEKS, hour)), us_of(at(WEEKS, hour + 1))),
        )
    ]
    assert parts == [one for one in told if one.known_us > us_of(at(WEEKS, 18))]


def test_a_timer_asks_for_the_look_that_finds_it() -> None:
    history = fallen()
    assert LAYER.next_look_us(history, PROFILE, SET, us_of(at(WEEKS, 19.2))) == us_of(at(WEEKS, 19.75))
    assert LAYER.next_look_us(history, PROFILE, SET, us_of(at(WEEKS, 20))) == us_of(at(WEEKS, 20.5))
    assert LAYER.next_look_us(fallen(at(WEEKS, 19.1)), PROFILE, SET, us_of(at(WEEKS, 19.2))) is None


def test_a_door_is_a_sign_and_few_days_or_one_room_say_nothing() -> None:
    history = fallen()
    door = events_of([(at(WEEKS, 19.5), "front-door")], kind=EventKind.DOOR)
    moved = [(at(WEEKS, 19.5), "front-door")]
    assert len(door) == len(moved)
    events = [one for one in days(WEEKS) if one[0] < at(9, 0)] + [(at(9, 0), "bathroom")]
    assert not looked(lived(events_of(events)), at(WEEKS, 0))
    alone = [one for one in days(WEEKS) if one[1] == "bathroom"]
    assert not looked(lived(events_of(alone)), at(WEEKS, 23))
    silent = replace(PROFILE, heard_us=us_of(at(WEEKS, 19.1)))
    assert not bathroom_stays(history, silent, SET, Window(0, us_of(at(WEEKS, 23))))


def test_a_movement_ends_it_while_it_is_for_today_and_nobody_ends_it_once_it_is_for_now() -> None:
    window = Window(us_of(at(WEEKS, 12)), us_of(at(WEEKS, 23)))
    for back, kinds in ((20.0, [Kind.OPENED, Kind.CLEARED]), (21.0, [Kind.OPENED, Kind.ESCALATED])):
        judged = judge(fallen(at(WEEKS, back)), PROFILE, SET, standing=Standing(), window=window, layers=(LAYER,))
        assert [step.kind for step in judged.steps] == kinds
