"""Which nurses and regions plan together: those who share homes. Read from the tables in one go."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from cloud.db.pool import AsyncConnection
from cloud.visits.routes import store
from cloud.visits.routes.model import Door, Person, Region, Team


async def read_teams(
    connection: AsyncConnection, now: datetime, days_ahead: int, *, seen: frozenset[int] | None = None
) -> list[Team]:
    """All teams with what is to be planned for today and `days_ahead` days after it.

    `seen`: only teams with homes in these regions, and of those all that whoever asks may see.
    """
    regions = await store.regions(connection)
    everybody = await store.nurses(connection, now - timedelta(hours=18))
    below = {region.region_id: _below(regions, region.region_id) for region in regions}
    teams = []
    for root in sorted(_roots(regions, {person.region_id for person in everybody})):
        if seen is not None and not seen & below[root]:
            continue
        people = tuple(person for person in everybody if person.region_id in below[root])
        zone = await store.zone_of(connection, below[root])
        version, hour_done = await store.plan_of(connection, root)
        teams.append(
            Team(
                region_id=root,
                regions=below[root],
                reach={person.staff_id: below[person.region_id] for person in people},
                zone=zone,
                offices=_offices(regions, people),
                people=people,
                visits=tuple(await store.open_visits(connection, below[root], midnight(now, zone, days_ahead + 1))),
                version=version,
                hour_done=hour_done,
            )
        )
    return teams


def midnight(now: datetime, zone: ZoneInfo, days: int = 0) -> datetime:
    """At which the day of `now` began where the homes are, or another day so many days later."""
    day: date = now.astimezone(zone).date() + timedelta(days=days)
    return datetime.combine(day, time(0), zone)


def _below(regions: list[Region], root: int) -> frozenset[int]:
    found, edge = {root}, {root}
    while edge:
        edge = {region.region_id for region in regions if region.parent_id in edge} - found
        found |= edge
    return frozenset(found)


def _roots(regions: list[Region], worked_in: set[int]) -> set[int]:
    """Of the regions that nurses work in, those above which none do."""
    parents = {region.region_id: region.parent_id for region in regions}
    roots = set()
    for region_id in worked_in:
        above = parents.get(region_id)
        while above is not None and above not in worked_in:
            above = parents.get(above)
        if above is None:
            roots.add(region_id)
    return roots


def _offices(regions: list[Region], people: tuple[Person, ...]) -> dict[int, Door]:
    """By region of nurses: the nearest region upwards of which somebody wrote down where it is."""
    known = {region.region_id: region for region in regions}
    offices = {}
    for region_id in {person.region_id for person in people}:
        place: Region | None = known[region_id]
        while place is not None and place.door.spot is None:
            place = None if place.parent_id is None else known.get(place.parent_id)
        offices[region_id] = known[region_id].door if place is None else place.door
    return offices
