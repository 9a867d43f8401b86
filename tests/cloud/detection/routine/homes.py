"""Homes whose movements are made up: minutes on the home's clock, rooms by name."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta, timezone, tzinfo

from cloud.detection.columns import EVENT_CODE, EventKind, Events, History, create_events, readings_of, us_of
from cloud.detection.finding import Profile

ZONE = timezone(timedelta(hours=8))
FIRST = datetime(2026, 11, 1, tzinfo=ZONE)
"""Midnight of day 0."""
PROFILE = Profile("e", ZONE)
Moved = tuple[datetime, str]


def at(day: int, hour: float) -> datetime:
    return FIRST + timedelta(days=day, hours=hour)


def to_and_fro(
    begin: datetime, hours: float, per_hour: float, rooms: Sequence[str] = ("hall", "lounge")
) -> list[Moved]:
    """So many changes of room an hour, evenly."""
    count = int(hours * per_hour)
    return [(begin + timedelta(hours=place / per_hour), rooms[place % len(rooms)]) for place in range(count)]


def events_of(
    moved: Iterable[Moved], *, zone: tzinfo = ZONE, late: timedelta = timedelta(0), kind: EventKind = EventKind.MOTION
) -> Events:
    """Each arrived `late` after it happened."""
    rows = list(moved)
    places = tuple(sorted({room for _, room in rows}))
    return create_events(
        kind=[EVENT_CODE[kind]] * len(rows),
        place=[places.index(room) for _, room in rows],
        places=places,
        value=[1.0] * len(rows),
        at_us=[us_of(moment) for moment, _ in rows],
        arrived_us=[us_of(moment + late) for moment, _ in rows],
        zone=zone,
    )


def lived(events: Events) -> History:
    """Nothing was measured."""
    return History(readings_of([], UTC), events)
