"""What is for today is promised where somebody can keep it; what is urgent or a floor waits for nobody's hours."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from cloud.config import Visits
from cloud.detection.model import Priority
from cloud.routes_config import Routes
from cloud.visits.promising.hours import NurseHours, TeamHours, promise

HOMES = ZoneInfo("Asia/Shanghai")
TEAM = TeamHours(HOMES, (NurseHours(None, None), NurseHours(None, None)))  # 08:00 to 18:00
SUNDAY = date(2026, 11, 22)


def on(day: int, clock: str) -> datetime:
    return datetime.combine(SUNDAY + timedelta(days=day), time.fromisoformat(clock), HOMES)


def promised(at: datetime, team: TeamHours | None = TEAM, priority: Priority = Priority.TODAY) -> datetime:
    return promise(priority, at, team, Visits(), Routes())


@pytest.mark.parametrize(
    ("asked", "by"),
    [
        (on(0, "09:30"), on(0, "13:30")),  # within its four hours
        (on(0, "15:20"), on(0, "18:00")),  # the hours of the day end before
        (on(0, "16:30"), on(0, "18:00")),
        (on(0, "16:31"), on(1, "10:00")),  # too little is left of them
        (on(0, "20:00"), on(1, "10:00")),
        (on(0, "02:00"), on(0, "10:00")),  # at night, for the same morning
        (on(0, "07:30"), on(0, "11:30")),  # its four hours end later than the first of the morning
    ],
)
def test_today_is_promised_within_the_teams_hours(asked: datetime, by: datetime) -> None:
    assert promised(asked) == by


def test_the_first_nurse_begins_the_day_and_the_last_ends_it() -> None:
    team = TeamHours(HOMES, (NurseHours(time(7), time(15)), NurseHours(time(12), time(21))))
    assert promised(on(0, "18:30"), team) == on(0, "21:00")
    assert promised(on(0, "20:00"), team) == on(1, "09:00")


def test_days_off_of_all_are_no_days_for_a_promise() -> None:
    away = ((SUNDAY + timedelta(days=1), SUNDAY + timedelta(days=3)),)
    both = TeamHours(HOMES, (NurseHours(None, None, away), NurseHours(None, None, away)))
    assert promised(on(0, "20:00"), both) == on(3, "10:00")
    one = TeamHours(HOMES, (NurseHours(None, None, away), NurseHours(None, None)))
    assert promised(on(0, "20:00"), one) == on(1, "10:00")


def test_a_short_day_is_promised_by_its_end() -> None:
    team = TeamHours(HOMES, (NurseHours(time(9), time(10, 30)),))
    assert promised(on(0, "20:00"), team) == on(1, "10:30")


def test_nothing_holds_back_what_is_urgent_or_a_floor() -> None:
    at = on(0, "20:00")
    assert promised(at, priority=Priority.NOW) == at + timedelta(minutes=30)
    assert promise(Priority.TODAY, at, TEAM, Visits(), Routes(), floor=True) == at + timedelta(hours=4)


def test_the_week_and_homes_without_nurses_go_by_length_alone() -> None:
    at = on(0, "20:00")
    assert promised(at, priority=Priority.THIS_WEEK) == at + timedelta(hours=72)
    assert promised(at, None) == at + timedelta(hours=4)
    never = TeamHours(HOMES, (NurseHours(None, None, ((date.min, date.max),)),))
    assert promised(at, never) == at + timedelta(hours=4)
