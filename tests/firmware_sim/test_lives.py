"""Days of elders: real ones shifted, generated ones the same for the same seed."""

from datetime import date, datetime, time, timedelta
from itertools import islice, takewhile

import pytest

from firmware_sim.lives.bathroom import bathroom_air
from firmware_sim.lives.events import BathroomMotion, GlucoseTaken, PressureTaken, ShowerTaken
from firmware_sim.lives.glucose import GlucoseHabit
from firmware_sim.lives.life import Life
from firmware_sim.lives.tihm import PEOPLE, read_excerpt

TODAY = date(2026, 11, 22)
WHOLE_EXCERPT_DAYS = 60


def create_life(person: str = "6b29b", seed: int = 1, habit: GlucoseHabit | None = None) -> Life:
    return Life(person, seed, TODAY, habit)


def at(day: date, hour: int = 0) -> datetime:
    return datetime.combine(day, time(hour))


def test_the_last_measuring_day_becomes_today_at_the_same_time_of_day() -> None:
    pressures = [event for event in create_life().on(TODAY) if isinstance(event, PressureTaken)]
    assert pressures[0] == PressureTaken(datetime(2026, 11, 22, 8, 43, 13), 165, 84, 59)
    assert [event.systolic_mm_hg for event in pressures] == [165, 167, 121, 129]


@pytest.mark.parametrize("person", PEOPLE)
def test_every_person_has_weeks_of_pressure_and_movement(person: str) -> None:
    excerpt = read_excerpt(person, TODAY)
    events = [event for day in excerpt.days.values() for event in day]
    assert 28 <= 1 - excerpt.first_day <= 42
    assert sum(isinstance(event, PressureTaken) for event in events) >= 30
    assert sum(isinstance(event, BathroomMotion) for event in events) >= 500
    assert all(event.diastolic_mm_hg < event.systolic_mm_hg for event in events if isinstance(event, PressureTaken))


def test_somebody_who_is_not_in_the_excerpt_is_refused_in_a_sentence() -> None:
    with pytest.raises(ValueError, match="the excerpt holds 6b29b, 46286, 28710, not 'nobody'"):
        create_life("nobody")


def test_the_same_seed_gives_the_same_days_and_another_one_others() -> None:
    habit = GlucoseHabit()
    days = [TODAY + timedelta(days=number) for number in range(-10, 20)]
    first, second = create_life(habit=habit), create_life(habit=habit)
    assert [first.on(day) for day in days] == [second.on(day) for day in days]
    other = create_life(seed=2, habit=habit)
    assert [first.on(day) for day in days] != [other.on(day) for day in days]


def test_the_history_ends_where_the_day_goes_on() -> None:
    life, now = create_life(habit=GlucoseHabit()), at(TODAY, hour=9)
    before = list(life.measured_before(now, WHOLE_EXCERPT_DAYS))
    assert before == sorted(before, key=lambda event: event.at)
    assert before[-1].at < now
    assert before[0].at.date() == life.first_day
    after = list(takewhile(lambda event: event.at.date() == TODAY, life.after(now)))
    assert all(event.at >= now for event in after)
    measured_today = [event for event in life.on(TODAY) if isinstance(event, PressureTaken | GlucoseTaken)]
    both = [event for event in (*before, *after) if event.at.date() == TODAY and event in measured_today]
    assert both == measured_today


def test_a_shorter_history_can_be_asked_for() -> None:
    assert {e.at.date() for e in create_life().measured_before(at(TODAY, 7), days=1)} == {TODAY - timedelta(days=1)}
    assert list(create_life().measured_before(at(TODAY, 7), days=0)) == []


def test_a_home_never_falls_silent_because_its_data_ended() -> None:
    life = create_life()
    for number in range(1, 100):
        day = TODAY + timedelta(days=number)
        assert all(event.at.date() == day for event in life.on(day))
    weeks = [life.on(TODAY + timedelta(days=number)) for number in range(1, 30)]
    assert sum(len(day) for day in weeks) > 500


def test_the_days_after_today_begin_with_the_first_full_one() -> None:
    tomorrow = [event for event in create_life().on(TODAY + timedelta(days=1)) if isinstance(event, PressureTaken)]
    excerpt = read_excerpt("6b29b", TODAY)
    source = [event for event in excerpt.days[excerpt.first_full_day] if isinstance(event, PressureTaken)]
    assert [event.systolic_mm_hg for event in tomorrow] == [event.systolic_mm_hg for event in source]


def test_glucose_is_plausible_and_said_to_be_generated() -> None:
    life = create_life(habit=GlucoseHabit())
    history = list(life.measured_before(at(TODAY), WHOLE_EXCERPT_DAYS))
    taken = [event for event in history if isinstance(event, GlucoseTaken)]
    assert 50 <= len(taken) <= 100
    assert {event.meter for event in taken} == {"ble", "serial"}
    assert all(70 <= event.glucose_mg_dl <= 270 for event in taken)
    assert sum(event.control_solution for event in taken) in (1, 2)
    assert "Glucose: generated" in life.data_note
    assert "CC BY 4.0" in life.data_note


def test_without_a_serial_meter_every_value_comes_from_the_bluetooth_one() -> None:
    life = create_life(habit=GlucoseHabit(serial_meter=False))
    taken = [event for event in life.measured_before(at(TODAY), 20) if isinstance(event, GlucoseTaken)]
    assert {event.meter for event in taken} == {"ble"}


def test_an_elder_without_diabetes_measures_no_glucose() -> None:
    life = create_life()
    assert not [event for event in life.measured_before(at(TODAY), 20) if isinstance(event, GlucoseTaken)]
    assert "Glucose" not in life.data_note


def test_showers_begin_with_a_real_movement() -> None:
    showers = 0
    for event in islice(create_life().after(at(TODAY)), 1000):
        if isinstance(event, ShowerTaken):
            showers += 1
            moved = [motion.at for motion in create_life().on(event.at.date()) if isinstance(motion, BathroomMotion)]
            assert event.at in moved
    assert showers >= 5


def test_the_air_of_the_bathroom_rises_and_settles() -> None:
    resting = bathroom_air(None, 0)
    end_of_shower = bathroom_air(10, shower_min=10)
    assert bathroom_air(0, shower_min=10) == resting
    assert end_of_shower[0] > bathroom_air(2, shower_min=10)[0] > resting[0]
    assert end_of_shower[0] > bathroom_air(25, shower_min=10)[0] > bathroom_air(60, shower_min=10)[0]
    assert bathroom_air(180, shower_min=10)[0] == pytest.approx(resting[0], abs=0.1)
    assert end_of_shower[1] > resting[1]
