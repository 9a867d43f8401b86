"""Who is silent: a home that was not heard is held against nobody, and a plan is an expectation of its own."""

from dataclasses import replace
from datetime import UTC

import pytest

from cloud.detection.columns import History, no_events, readings_of, us_of
from cloud.detection.finding import Profile, Window
from cloud.detection.limits import load_limits
from cloud.detection.model import Observation
from cloud.detection.silence.hearing import Hearing, Meter, Span, silent_spans
from cloud.detection.silence.layer import SilenceLayer
from protocols.reading import Metric
from tests.cloud.detection.conftest import LIMITS
from tests.cloud.detection.routine.homes import PROFILE, ZONE, at

SET = load_limits(LIMITS)
UNTIL = Window(0, us_of(at(30, 0)))


def measured(days: list[int]) -> History:
    moments = [at(day, 8).astimezone(UTC) for day in days]
    return History(readings_of([Observation(Metric.SYSTOLIC, 130.0, one, one) for one in moments], ZONE), no_events())


def told(history: History, profile: Profile) -> list[tuple[int, object]]:
    return [
        (one.known_us, one.reason.detail["silent"]) for one in SilenceLayer().findings(history, profile, SET, UNTIL)
    ]


def between(begin: tuple[int, float], end: tuple[int, float]) -> Span:
    return us_of(at(*begin)), us_of(at(*end))


def test_a_home_that_was_not_heard_is_held_against_nobody() -> None:
    history = measured(list(range(20)))
    heard = replace(PROFILE, hearing=Hearing())
    assert told(history, heard)[0] == (us_of(at(22, 18)), "person")
    away = replace(PROFILE, hearing=Hearing((between((19, 12), (26, 12)),)))
    assert told(history, away) == [(us_of(at(29, 18)), "person")]  # 27, 28 and 29: three days on which it was heard
    still_away = replace(PROFILE, hearing=Hearing((between((19, 12), (60, 0)),)))
    assert told(history, still_away) == []


def test_an_hour_without_a_line_is_no_lost_day() -> None:
    short = Hearing((between((20, 8), (20, 9)), between((21, 8), (21, 9))))
    assert told(measured(list(range(20))), replace(PROFILE, hearing=short))[0][0] == us_of(at(22, 18))


@pytest.mark.parametrize(
    "meter", [Meter(us_of(at(21, 9)), trouble=False), Meter(us_of(at(19, 8)), trouble=True)], ids=["used", "troubled"]
)
def test_a_meter_that_is_used_and_tells_nothing_is_silent_itself(meter: Meter) -> None:
    profile = replace(PROFILE, hearing=Hearing(meters={Metric.SYSTOLIC: (meter,)}))
    assert told(measured(list(range(20))), profile)[0][1] == "device"


def test_a_plan_expects_what_no_habit_does() -> None:
    history = measured([0, 2])
    assert told(history, PROFILE) == []
    first, *_ = SilenceLayer().findings(history, replace(PROFILE, plan={Metric.SYSTOLIC: 2.0}), SET, UNTIL)
    assert first.known_us == us_of(at(6, 18))
    assert first.reason.detail["planned_days"] == 2.0


def test_a_home_is_silent_where_all_its_gateways_are() -> None:
    assert silent_spans([[(0, 10), (5, 20)], [(8, 12), (15, 30)]]) == ((8, 12), (15, 20))
    assert silent_spans([[(0, 10)], []]) == ()
    assert silent_spans([]) == ()
