"""An elder's entry in the register."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from cloud.registry.elders.abilities.scales import Scale


class Dwelling(StrEnum):
    FLAT = "flat"
    HOUSE = "house"
    ROOM = "room"
    CARE_HOME = "care_home"
    OTHER = "other"


class LivesWith(StrEnum):
    ALONE = "alone"
    SPOUSE = "spouse"
    CHILDREN = "children"
    PARENTS = "parents"
    SIBLINGS = "siblings"
    RELATIVES = "relatives"
    CARER = "carer"
    OTHERS = "others"


class Religion(StrEnum):
    NONE = "none"
    BUDDHISM = "buddhism"
    TAOISM = "taoism"
    ISLAM = "islam"
    PROTESTANTISM = "protestantism"
    CATHOLICISM = "catholicism"
    OTHER = "other"


class Diet(StrEnum):
    HALAL = "halal"
    VEGETARIAN = "vegetarian"
    NO_PORK = "no_pork"
    LITTLE_SUGAR = "little_sugar"
    LITTLE_SALT = "little_salt"
    LITTLE_FAT = "little_fat"
    SOFT = "soft"
    PUREED = "pureed"


class Payer(StrEnum):
    SELF = "self"
    FAMILY = "family"
    EMPLOYEE_INSURANCE = "employee_insurance"
    RESIDENT_INSURANCE = "resident_insurance"
    CARE_INSURANCE = "care_insurance"
    GOVERNMENT = "government"
    OTHER_INSURANCE = "other_insurance"
    OTHER = "other"


@dataclass(frozen=True)
class Entry:
    """What the register says of an elder; whoever is not told all of it gets the rest empty."""

    elder_id: int
    code: str
    name: str
    born_on: date | None
    sex: str | None
    language: str | None
    home_id: int
    home_code: str
    region_id: int
    community: str
    address: str
    door_note: str
    time_zone: str
    dwelling: str | None
    storey: int | None
    lift: bool | None
    lives_with: list[str]
    household: str
    religion: str | None
    diet: list[str]
    food_note: str
    payers: list[str]
    payer_note: str
    ability_level: int | None
    version: int
    """0: nobody wrote it yet."""
    changed_at: datetime | None
    changed_by: str | None
    """Whose name."""


@dataclass(frozen=True)
class Change:
    """What a desk writes of an elder at once."""

    name: str
    born_on: date | None
    sex: str | None
    language: str | None
    address: str
    door_note: str
    dwelling: str | None
    storey: int | None
    lift: bool | None
    lives_with: tuple[str, ...]
    household: str
    religion: str | None
    diet: tuple[str, ...]
    food_note: str
    payers: tuple[str, ...]
    payer_note: str


@dataclass(frozen=True)
class Told:
    """Somebody to call."""

    name: str
    relation: str
    phone: str


@dataclass(frozen=True)
class Assessed:
    ability_id: int
    scale: Scale
    assessed_on: date
    answers: Mapping[str, int]
    grounds: list[str]
    points: int
    level: int
    note: str
    by: str
    """Whose name."""
    beside: str
    """The second assessor."""
    struck: bool


@dataclass(frozen=True)
class Found:
    """A line of the list of elders."""

    elder_id: int
    code: str
    name: str
    born_on: date | None
    sex: str | None
    address: str
    community: str
    alone: bool
    ability_level: int | None


@dataclass(frozen=True)
class Moved:
    """From one home to another."""

    moved_at: datetime
    from_region: str
    to_region: str
    why: str
