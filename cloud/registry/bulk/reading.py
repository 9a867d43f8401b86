"""Rows of a table -> homes, elders and staff, and every fault with its line and column. Pure.

A line is a `home` (code, community, address, door_note, time_zone), an `elder` (code, home, name, born_on, sex,
conditions, risks, plan, contacts, and the columns of cloud.registry.bulk.register) or `staff` (code is the login, name,
role, community, phone). Several conditions or risks stand between semicolons; contacts as `name/relation/phone`, in the
order in which they are called.
"""

import re
import zoneinfo
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from typing import Generic, TypeVar

from cloud.identity.model import Role
from cloud.registry.bulk.register import COLUMNS, RegisterLine, read_language, read_register
from cloud.registry.bulk.table import Refusal, Row, read_table
from cloud.registry.model import Contact, Elder, Home, Sex, StaffMember
from protocols.telemetry.topics import STATUS, topic

_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,59}")
_PHONE = re.compile(r"\+?[0-9][0-9 -]{4,24}")

T = TypeVar("T")


@dataclass(frozen=True)
class Placed(Generic[T]):
    """A thing, and the row that it was made of."""

    row: Row
    thing: T


@dataclass
class Bulk:
    homes: list[Placed[Home]] = field(default_factory=list)
    elders: list[Placed[Elder]] = field(default_factory=list)
    staff: list[Placed[StaffMember]] = field(default_factory=list)
    register: dict[str, Placed[RegisterLine]] = field(default_factory=dict)
    """By the elder's code."""
    rows: list[Row] = field(default_factory=list)
    table_faults: list[Refusal] = field(default_factory=list)

    @property
    def has_numbers(self) -> bool:
        """Whether a key is needed to keep what is in it."""
        return any(line.thing.number or line.thing.card for line in self.register.values())

    @property
    def refused(self) -> list[Refusal]:
        """All faults that are known by now, in the file's order."""
        found = self.table_faults + [refusal for row in self.rows for refusal in row.refused]
        return sorted(found, key=lambda refusal: refusal.line)


USES = {
    "home": frozenset({"code", "community", "address", "door_note", "time_zone"}),
    "elder": frozenset({"code", "home", "name", "born_on", "sex", "conditions", "risks", "plan", "contacts"})
    | frozenset(COLUMNS),
    "staff": frozenset({"code", "name", "role", "community", "phone"}),
}


def read_bulk(data: bytes) -> Bulk:
    """What the file holds. Whether codes that it refers to exist, the database says."""
    rows, faults = read_table(data)
    bulk = Bulk(rows=rows, table_faults=faults)
    seen: dict[tuple[str, str], int] = {}
    for row in rows:
        what = row.cells.get("what", "").lower()
        if what not in USES:
            row.refuse("what", f"expected home, elder or staff, got {what!r}")
            continue
        for column, text in row.cells.items():
            if text and column != "what" and column not in USES[what]:
                row.refuse(column, f"means nothing for {_with_article(what)}")
        code = _code(row)
        first = seen.setdefault((what, code), row.line)
        if code and first != row.line:
            row.refuse("code", f"{code!r} is in line {first} already")
        _READERS[what](bulk, row, code)
    if not rows and not faults:
        bulk.table_faults.append(Refusal(2, "-", "there is no line under the headings"))
    return bulk


def _home(bulk: Bulk, row: Row, code: str) -> None:
    zone = row.may("time_zone", 60) or "Asia/Shanghai"
    if zone not in zoneinfo.available_timezones():
        row.refuse("time_zone", f"{zone!r} is no IANA zone such as Asia/Shanghai")
    if code:
        try:
            topic(f"gw-{code}", STATUS)
        except ValueError:
            row.refuse("code", f"{code!r} would name the gateway: a-z, 0-9 and -, at most 60 characters")
    home = Home(
        code=code,
        region=row.need("community", 60),
        address=row.need("address"),
        door_note=row.may("door_note"),
        time_zone=zone,
    )
    bulk.homes.append(Placed(row, home))


def _elder(bulk: Bulk, row: Row, code: str) -> None:
    elder = Elder(
        code=code,
        home=row.need("home", 60),
        name=row.need("name", 200),
        born_on=_born_on(row),
        sex=_one_of(row, "sex", Sex),
        conditions=row.several("conditions"),
        risks=row.several("risks"),
        plan=row.may("plan", 10_000),
        language=read_language(row),
        contact=_contacts(row),
    )
    bulk.elders.append(Placed(row, elder))
    bulk.register[code] = Placed(row, read_register(row))


def _staff(bulk: Bulk, row: Row, code: str) -> None:
    role = _one_of(row, "role", Role)
    if role is None and not row.cells.get("role"):
        row.refuse("role", f"is empty; expected {_words(Role)}")
    phone = row.may("phone", 30)
    if phone and not _PHONE.fullmatch(phone):
        row.refuse("phone", f"{phone!r} is no number such as +8613800000000")
    member = StaffMember(
        login=code, name=row.need("name", 200), role=role or Role.NURSE, region=row.need("community", 60), phone=phone
    )
    bulk.staff.append(Placed(row, member))


_READERS: dict[str, Callable[[Bulk, Row, str], None]] = {"home": _home, "elder": _elder, "staff": _staff}

E_ = TypeVar("E_", Sex, Role)


def _one_of(row: Row, column: str, kind: type[E_]) -> E_ | None:
    text = row.may(column, 40).lower()
    if not text:
        return None
    try:
        return kind(text)
    except ValueError:
        row.refuse(column, f"expected {_words(kind)}, got {text!r}")
        return None


def _words(kind: type[Sex] | type[Role]) -> str:
    *others, last = (member.value for member in kind)
    return f"{', '.join(others)} or {last}"


def _code(row: Row) -> str:
    code = row.need("code", 60)
    if code and not _CODE.fullmatch(code):
        row.refuse("code", f"{code!r}: letters, digits and . _ - only, at most 60")
    return code


def _born_on(row: Row) -> date | None:
    text = row.may("born_on", 20).replace("/", "-")
    if not text:
        return None
    try:
        year, month, day = (int(part) for part in text.split("-"))
        return date(year, month, day)
    except ValueError:
        row.refuse("born_on", f"{text!r} is no day such as 1941-03-27")
        return None


def _contacts(row: Row) -> tuple[Contact, ...]:
    found = []
    for text in row.several("contacts"):
        parts = [part.strip() for part in text.split("/")]
        if len(parts) != 3 or not all(parts):
            row.refuse("contacts", f"{text!r} is not name/relation/phone")
        elif not _PHONE.fullmatch(parts[2]):
            row.refuse("contacts", f"{parts[2]!r} is no number such as +8613800000000")
        else:
            found.append(Contact(name=parts[0], relation=parts[1], phone=parts[2]))
    return tuple(found)


def _with_article(what: str) -> str:
    return {"home": "a home", "elder": "an elder"}.get(what, what)
