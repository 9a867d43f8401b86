"""A community as its file describes it (configs/community.toml). Things refer to each other by code."""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated

import msgspec

from cloud.identity.model import Role
from cloud.routes_config import ClockTime
from protocols.reading import Metric


class Level(StrEnum):
    """From the widest to the narrowest; a region's parent is of a wider level."""

    PROVINCE = "province"
    CITY = "city"
    DISTRICT = "district"
    STREET = "street"
    COMMUNITY = "community"


class Sex(StrEnum):
    FEMALE = "female"
    MALE = "male"


class DeviceKind(StrEnum):
    """The words of protocols.device_kind, and one for what a gateway named that no file did."""

    GLUCOMETER = "glucometer"
    SPHYGMOMANOMETER = "sphygmomanometer"
    EMERGENCY_BUTTON = "emergency_button"
    PULL_CORD = "pull_cord"
    FALL_SENSOR = "fall_sensor"
    SHOWER_SENSOR = "shower_sensor"
    MOTION_SENSOR = "motion_sensor"
    CONTACT_SENSOR = "contact_sensor"
    WATER_SENSOR = "water_sensor"
    TEMPERATURE_SENSOR = "temperature_sensor"
    UNKNOWN = "unknown"


class SharingRule(StrEnum):
    """How a reading is told apart that does not say by itself whose it is (docs/sharing.md)."""

    ASK = "ask"
    BY_TIME = "by_time"
    BY_PLAUSIBILITY = "by_plausibility"


Latitude = Annotated[float, msgspec.Meta(ge=-90, le=90)]
Longitude = Annotated[float, msgspec.Meta(ge=-180, le=180)]
Word = Annotated[str, msgspec.Meta(pattern=r"^[a-z][a-z0-9_-]{0,39}$")]


class Region(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    code: str
    """GB/T 2260 and its street and community extension."""
    name: str
    level: Level
    parent: str | None = None
    latitude: Latitude | None = None
    """Of the office from which its nurses start, in degrees (WGS 84)."""
    longitude: Longitude | None = None


class Home(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    code: str
    region: str
    address: str
    door_note: str = ""
    time_zone: str = "Asia/Shanghai"
    latitude: Latitude | None = None
    """Of the door, in degrees (WGS 84)."""
    longitude: Longitude | None = None


class Contact(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    name: str
    relation: str
    phone: str


class Elder(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    code: str
    home: str
    name: str
    born_on: date | None = None
    sex: Sex | None = None
    conditions: tuple[str, ...] = ()
    risks: tuple[str, ...] = ()
    plan: str = ""
    measures: dict[Metric, Annotated[float, msgspec.Meta(gt=0, le=31)]] | None = None
    """What is to be measured, and every so many days at the latest. Where it stops, somebody is told."""
    language: Word | None = None
    """What they speak best, such as zh, yue or en."""
    wished_sex: Sex | None = None
    """Of whoever comes; left out: no wish."""
    data_note: str = ""
    """Where this person's data come from; shown on the record."""
    link: str | None = None
    """Secret token of the elder's own page, for trials; `doorstep-cloud elder-link` draws a random one."""
    contact: tuple[Contact, ...] = ()
    """In the order in which they are called."""


class Wearing(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, rename={"begin": "from"}):
    """One person measures with one device (or one user slot of it) for a while."""

    elder: str
    slot: Annotated[int, msgspec.Meta(ge=0)] | None = None
    """User number on the device (some count from 0); left out: the device has no number for them."""
    begin: datetime | None = None
    until: datetime | None = None
    usual: tuple[str, ...] = ()
    """When they usually measure, by the home's clock, such as "06:30-08:00"; for the rule by_time."""


class Device(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    name: str
    """The gateway's name for it, as in its messages."""
    kind: DeviceKind
    label: str = ""
    wearer: str | None = None
    """Code of the only elder who ever uses it; `wearing` says it in full where it is not that simple."""
    wearing: tuple[Wearing, ...] = ()
    rule: SharingRule | None = None
    """Needed where two people use it at once without a user number."""

    def wearings(self) -> tuple[Wearing, ...]:
        return self.wearing if self.wearer is None else (Wearing(elder=self.wearer), *self.wearing)


class Gateway(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    name: str
    home: str
    device: tuple[Device, ...] = ()


class StaffMember(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    login: str
    name: str
    role: Role
    region: str
    phone: str = ""
    password: str | None = None
    password_env: str | None = None
    """Name of the environment variable that holds the password; one of the two is given."""
    skills: tuple[Word, ...] = ()
    """In words of the centre's own; `routes.skills` of the configuration says which visits need them."""
    languages: tuple[Word, ...] = ()
    sex: Sex | None = None
    works_from: ClockTime | None = None
    """By the homes' clock, such as "08:00"; left out: the centre's hours."""
    works_to: ClockTime | None = None


class Community(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    region: tuple[Region, ...] = ()
    home: tuple[Home, ...] = ()
    elder: tuple[Elder, ...] = ()
    gateway: tuple[Gateway, ...] = ()
    staff: tuple[StaffMember, ...] = ()
