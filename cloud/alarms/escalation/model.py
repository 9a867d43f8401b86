"""The policy's words as values, and what people are told of."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from protocols.alarm.kinds import AlarmKind


class Turn(NamedTuple):
    """One step of one round about one subject."""

    subject_id: UUID
    round: int
    """From 0."""
    step: int
    """Its place in the rule, from 0."""


class Way(StrEnum):
    PAGE = "page"
    """The board: it shows everything anyway; the step is written down."""
    PUSH = "push"
    SMS = "sms"
    WEBHOOK = "webhook"


class About(StrEnum):
    ALARM = "alarm"
    SILENCE = "silence"


SILENCE_KINDS = ("home_silent", "street_silent", "centre_silent")
TEST = "test"
"""The kind of a call that its home marked as a test, whatever it was."""
GROUPS: dict[str, frozenset[str]] = {
    "calls": frozenset(kind.value for kind in AlarmKind if kind.is_call),
    "technical": frozenset(kind.value for kind in AlarmKind if not kind.is_call and kind is not AlarmKind.DRILL),
    "silences": frozenset(SILENCE_KINDS),
    "tests": frozenset({TEST}),
}
KINDS = frozenset().union(*GROUPS.values())


@dataclass(frozen=True)
class Group:
    """Staff by their role, responsible for the place: their region holds it."""

    role: str | None
    """None: everybody."""
    on_duty: bool


@dataclass(frozen=True)
class OnePerson:
    login: str


@dataclass(frozen=True)
class Number:
    """E.164. Only texts go there."""

    number: str


@dataclass(frozen=True)
class Hook:
    """A webhook by its name."""

    name: str


Whom = Group | OnePerson | Number | Hook


@dataclass(frozen=True)
class Step:
    after: timedelta
    """Since the call."""
    whom: Whom
    ways: tuple[Way, ...]
    else_sms: bool
    """Where no phone of theirs has said within `ELSE_AFTER` that it has the push, a text goes too."""
    said: str
    """The sentence."""


ELSE_AFTER = timedelta(seconds=20)
NO_BROWSER = "no browser of theirs takes pushes"
"""Why a push went nowhere."""


@dataclass(frozen=True)
class Webhook:
    url: str
    secret_env: str


@dataclass(frozen=True)
class Rule:
    name: str
    line: int
    kinds: frozenset[str]
    communities: tuple[str, ...]
    """Codes of regions, each with all below it; empty: everywhere."""
    hours: tuple[time, time] | None
    """From and to, by the home's clock; None: all day."""
    steps: tuple[Step, ...]
    again_every: timedelta | None
    again_times: int

    def fits(self, kind: str, regions: frozenset[str], local: time) -> bool:
        """`regions`: codes of the place and all that hold it; empty: no place, so only rules for everywhere fit."""
        if kind not in self.kinds or (self.communities and not regions & set(self.communities)):
            return False
        if self.hours is None:
            return True
        begin, end = self.hours
        return begin <= local < end if begin <= end else (local >= begin or local < end)


@dataclass(frozen=True)
class Policy:
    rules: tuple[Rule, ...]
    webhooks: dict[str, Webhook]
    source: str

    def rule_for(self, kind: str, regions: frozenset[str], local: time) -> Rule | None:
        """The first that fits."""
        return next((rule for rule in self.rules if rule.fits(kind, regions, local)), None)


@dataclass(frozen=True)
class Occasion:
    """An open alarm or event of silence."""

    subject_id: UUID
    about: About
    kind: str
    region_id: int | None
    regions: frozenset[str]
    time_zone: str
    at: datetime
    """When it was heard or raised, on the centre's time line."""
    is_open: bool
    """Nobody has taken it, and it is not over."""
    ended_by: str | None


@dataclass(frozen=True)
class Person:
    staff_id: int
    name: str
    phone: str
    subscriptions: tuple[int, ...]
