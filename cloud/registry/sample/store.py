"""A sample community into the database by COPY, in one transaction: all of it, or nothing."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from random import Random
from typing import Any

import psycopg
from psycopg import sql
from psycopg.types.json import Jsonb

from cloud.errors import Conflict
from cloud.registry.sample import happening
from cloud.registry.sample.drawing import (
    COMMUNITIES_A_STREET,
    COMMUNITY_SIZE,
    STREETS_A_DISTRICT,
    House,
    Person,
    households,
    person_name,
)
from cloud.registry.sample.words import STREETS

Connection = psycopg.Connection[tuple[Any, ...]]

CITY = "990100"
"""Of no province: GB/T 2260 gives none the number 99."""
_NURSES = 8
"""A community's; with a desk that is one of staff for about forty-five elders."""
_COLUMNS = {
    "home": "home_id code region_id address door_note",
    "elder": "elder_id code home_id name born_on sex conditions risks language data_note",
    "contact": "elder_id place name relation phone",
    "register_entry": "elder_id dwelling storey lift lives_with diet food_note payers ability_level changed_at",
    "consent": "elder_id purpose given_by how staff_id given_at",
    "ability_assessment": "elder_id scale assessed_on answers points level staff_id stored_at",
    "visit": "visit_id elder_id kind asked_by wish priority state nurse_id asked_at promised_by",
    "visit_event": "visit_id state at staff_id",
    "visit_report": "visit_id staff_id findings actions filed_at",
    "assessment": "visit_id face assessed_at",
    "alert": "elder_id cause priority reasons raised_at evidence_from evidence_to state closed_at verdict verdict_by "
    "verdict_at",
}
"""In an order in which each finds what it points at."""


@dataclass
class Sampled:
    communities: int = 0
    homes: int = 0
    elders: int = 0
    staff: int = 0
    visits: int = 0
    alerts: int = 0


@dataclass
class _Ids:
    """The next free ones; the tables are locked meanwhile."""

    home: int
    elder: int
    visit: int


@dataclass
class _Team:
    """A community's staff, and the rows of its homes until they are copied."""

    region_id: int
    nurses: list[int]
    rows: dict[str, list[Sequence[Any]]] = field(default_factory=lambda: {table: [] for table in _COLUMNS})


def fill(connection: Connection, *, elders: int, seed: int, days: int, password_hash: str, now: datetime) -> Sampled:
    """A city with so many elders, and what happened there in the last `days`; its staff share one password.

    Raises Conflict where there is such a city already.
    """
    chance = Random(seed)  # noqa: S311 - nothing secret comes from it
    with connection.transaction():
        connection.execute("LOCK TABLE region, home, elder, staff, visit IN SHARE ROW EXCLUSIVE MODE")
        if connection.execute("SELECT FROM region WHERE code = %s", (CITY,)).fetchone() is not None:
            raise Conflict("There is a sample community in this database already; take an empty one.")
        ids = _Ids(*(_next_id(connection, table) for table in ("home", "elder", "visit")))
        homes, places = households(chance, elders, now.date()), _Places(connection, chance, password_hash)
        living = _Living(chance, ids, days, now)
        while living.done.elders < elders:
            team, full = places.next_team(), living.done.elders + COMMUNITY_SIZE
            while living.done.elders < full and (house := next(homes, None)) is not None:
                living.settle(team, house)
            _copy(connection, team)
            living.done.communities += 1
        for table, following in vars(ids).items():
            connection.execute(
                "SELECT setval(pg_get_serial_sequence(%s, %s), %s)", (table, f"{table}_id", max(following - 1, 1))
            )
    for table in (*_COLUMNS, "region", "staff"):
        connection.execute(sql.SQL("ANALYZE {}").format(sql.Identifier(table)))
    living.done.staff = places.staff
    return living.done


class _Places:
    """Regions and staff, made as far as they are needed: a street a few communities, a district a few streets."""

    def __init__(self, connection: Connection, chance: Random, password_hash: str) -> None:
        self._connection, self._chance, self._password_hash = connection, chance, password_hash
        self._city = self._region(CITY, "样城市", "city", None)
        self._district = self._street = 0
        self._number = self.staff = 0
        self._member("sample-admin", "administrator", self._city)

    def next_team(self) -> _Team:
        street, community = divmod(self._number, COMMUNITIES_A_STREET)
        district, of_district = divmod(street, STREETS_A_DISTRICT)
        code, called = f"9901{district + 1:02}", STREETS[street % len(STREETS)]
        if community == 0 and of_district == 0:
            self._district = self._region(code, f"样{district + 1}区", "district", self._city)
        code += f"{of_district + 1:03}"
        if community == 0:
            self._street = self._region(code, f"{called}街道", "street", self._district)
            self._member(f"sample-desk-{code}", "desk", self._street)
        code += f"{community + 1:03}"
        region_id = self._region(
            code, f"{STREETS[2 * street % len(STREETS) :][:2]}第{community + 1}社区", "community", self._street
        )
        self._number += 1
        self._member(f"sample-desk-{code}", "desk", region_id)
        nurses = [self._member(f"sample-nurse-{code}-{number}", "nurse", region_id) for number in range(1, _NURSES + 1)]
        return _Team(region_id, nurses)

    def _region(self, code: str, name: str, level: str, parent_id: int | None) -> int:
        return _one(
            self._connection,
            "INSERT INTO region (code, name, level, parent_id) VALUES (%s, %s, %s, %s) RETURNING region_id",
            (code, name, level, parent_id),
        )

    def _member(self, login: str, role: str, region_id: int) -> int:
        self.staff += 1
        name = person_name(self._chance, self._chance.choice(("female", "female", "male")))
        return _one(
            self._connection,
            "INSERT INTO staff (login, name, role, region_id, password_hash) VALUES (%s, %s, %s, %s, %s) "
            "RETURNING staff_id",
            (login, name, role, region_id, self._password_hash),
        )


@dataclass
class _Living:
    """Homes, people and what happened to them, as rows of their community's team."""

    chance: Random
    ids: _Ids
    days: int
    now: datetime
    done: Sampled = field(default_factory=Sampled)

    def settle(self, team: _Team, house: House) -> None:
        home_id, self.ids.home = self.ids.home, self.ids.home + 1
        team.rows["home"].append((home_id, f"sample-home-{home_id}", team.region_id, house.address, house.door_note))
        self.done.homes += 1
        for person in house.people:
            elder_id, self.ids.elder = self.ids.elder, self.ids.elder + 1
            team.rows["elder"].append(
                (
                    elder_id, f"sample-{elder_id}", home_id, person.name, person.born_on, person.sex,
                    person.conditions, person.risks, person.language, "Invented for trials.",
                )
            )  # fmt: skip
            self.done.elders += 1
            self._register(team, elder_id, house, person)
            self._happen(team, elder_id)

    def _register(self, team: _Team, elder_id: int, house: House, person: Person) -> None:
        rows, nurse, level = team.rows, self.chance.choice(team.nurses), None
        for place, contact in enumerate(person.contacts, start=1):
            rows["contact"].append((elder_id, place, *contact))
        if person.assessed is not None:
            on, answers, result = person.assessed
            level = result.level
            rows["ability_assessment"].append(
                (elder_id, "gbt42195", on, Jsonb(dict(answers)), result.points, level, nurse, self.now)
            )
        rows["register_entry"].append(
            (
                elder_id, "flat", house.storey, house.lift, person.lives_with, person.diet, person.food_note,
                person.payers, level, self.now,
            )
        )  # fmt: skip
        rows["consent"].append((elder_id, "care", "elder", "signed", nurse, self.now))

    def _happen(self, team: _Team, elder_id: int) -> None:
        for visit in happening.visits(self.chance, self.days, self.now):
            visit_id, self.ids.visit = self.ids.visit, self.ids.visit + 1
            self.done.visits += 1
            _visit(team, visit_id, elder_id, self.chance.choice(team.nurses), visit)
        for alert in happening.alerts(self.chance, self.days, self.now):
            self.done.alerts += 1
            nurse, at = self.chance.choice(team.nurses), alert.raised_at
            team.rows["alert"].append(
                (elder_id, alert.cause, "today", Jsonb([]), at, at, at, "closed", at, alert.verdict, nurse, at)
            )


def _visit(team: _Team, visit_id: int, elder_id: int, nurse: int, visit: happening.PastVisit) -> None:
    rows = team.rows
    rows["visit"].append(
        (
            visit_id, elder_id, "request", "elder", visit.wish, "today", "closed", nurse, visit.asked_at,
            visit.promised_by,
        )
    )  # fmt: skip
    for state, at in (("accepted", visit.accepted_at), ("at_the_door", visit.came_at), ("filed", visit.filed_at)):
        rows["visit_event"].append((visit_id, state, at, nurse))
    rows["visit_report"].append((visit_id, nurse, ["well"], ["talked"], visit.filed_at))
    if visit.face is not None:
        rows["assessment"].append((visit_id, visit.face, visit.filed_at))


def _copy(connection: Connection, team: _Team) -> None:
    for table, columns in _COLUMNS.items():
        names = sql.SQL(", ").join(map(sql.Identifier, columns.split()))
        with (
            connection.cursor() as cursor,
            cursor.copy(sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(table), names)) as copy,
        ):
            for row in team.rows[table]:
                copy.write_row(row)


def _next_id(connection: Connection, table: str) -> int:
    key, name = sql.Identifier(f"{table}_id"), sql.Identifier(table)
    return _one(connection, sql.SQL("SELECT coalesce(max({}), 0) + 1 FROM {}").format(key, name), ())


def _one(connection: Connection, statement: str | sql.Composed, values: Sequence[Any]) -> int:
    row = connection.execute(statement.encode() if isinstance(statement, str) else statement, values).fetchone()
    return int(row[0]) if row else 0
