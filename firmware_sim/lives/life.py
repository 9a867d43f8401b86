"""One elder's life: real days of TIHM, generated glucose and showers, put around a `today`."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from functools import cached_property

from firmware_sim.lives import bathroom, glucose, tihm
from firmware_sim.lives.events import BathroomMotion, Event, GlucoseTaken, PressureTaken
from firmware_sim.lives.glucose import GlucoseHabit


class Life:
    """The same for the same person, seed, today and habit. Every time is the home's wall clock, naive.

    Day 0 is `today`, the last day of the excerpt. A home that runs on past it lives the excerpt again from its first
    full day, so that no home falls silent because its data ended.
    """

    def __init__(self, person: str, seed: int, today: date, habit: GlucoseHabit | None = None) -> None:
        """`habit` None: this elder does not measure glucose. Raises ValueError for a person not in the excerpt."""
        self.today = today
        self._seed = seed
        self._habit = habit
        self._excerpt = tihm.read_excerpt(person, today)

    @cached_property
    def data_note(self) -> str:
        """Where these days come from, for the page that shows them."""
        notes = [tihm.DATA_NOTE.format(person=self._excerpt.person), bathroom.DATA_NOTE]
        return " ".join([*notes, glucose.DATA_NOTE] if self._habit else notes)

    @property
    def first_day(self) -> date:
        return self.today + timedelta(days=self._excerpt.first_day)

    def on(self, day: date) -> tuple[Event, ...]:
        """Everything that happens on `day`, in order of time."""
        number = (day - self.today).days
        source = self._source_day(number)
        shift = timedelta(days=number - source)
        lived = self._excerpt.days.get(source, ())
        events: list[Event] = [_later(event, shift) for event in lived]
        motions = [event for event in events if isinstance(event, BathroomMotion)]
        events.extend(bathroom.showers_of_day(self._seed, number, motions))
        if self._habit is not None:
            events.extend(glucose.glucose_of_day(self._seed, number, day, self._habit))
        return tuple(sorted(events, key=lambda event: event.at))

    def measured_before(self, until: datetime, days: int) -> Iterator[PressureTaken | GlucoseTaken]:
        """Every measurement before `until`, oldest first, back to `days` before its day (at most the excerpt's)."""
        day = max(self.first_day, until.date() - timedelta(days=days))
        while day <= until.date():
            for event in self.on(day):
                if isinstance(event, PressureTaken | GlucoseTaken) and event.at < until:
                    yield event
            day += timedelta(days=1)

    def after(self, start: datetime) -> Iterator[Event]:
        """Everything from `start` on, in order of time, without end."""
        day = start.date()
        while True:
            yield from (event for event in self.on(day) if event.at >= start)
            day += timedelta(days=1)

    def _source_day(self, number: int) -> int:
        if number <= 0:
            return number
        length = 1 - self._excerpt.first_full_day
        return self._excerpt.first_full_day + (number - 1) % length


def _later(event: PressureTaken | BathroomMotion, shift: timedelta) -> PressureTaken | BathroomMotion:
    if not shift:
        return event
    if isinstance(event, BathroomMotion):
        return BathroomMotion(event.at + shift)
    return PressureTaken(event.at + shift, event.systolic_mm_hg, event.diastolic_mm_hg, event.pulse_per_minute)
