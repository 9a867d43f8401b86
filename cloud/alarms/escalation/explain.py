"""What a policy means for one call, before anybody relies on it: who would be told by what and when."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from cloud.alarms.escalation import store
from cloud.alarms.escalation.model import Group, Hook, Number, OnePerson, Person, Policy, Step, Way
from cloud.db.pool import AsyncConnection


@dataclass(frozen=True)
class PlannedStep:
    after_s: float
    said: str
    reached: list[str]
    """Each with the ways that lead to them."""
    missed: list[str]
    """Each with what is missing."""


@dataclass(frozen=True)
class Plan:
    rule: str | None
    """None: no rule fits, the board alone shows it."""
    source: str
    """File and line of the rule."""
    local_time: str
    steps: list[PlannedStep]
    again_every_s: float | None
    again_times: int


async def explain(connection: AsyncConnection, policy: Policy, community: str, kind: str, at: datetime) -> Plan:
    """`at` with a zone. People are those of now. Raises NotFound for a region that is none."""
    region_id, zone = await store.region_of_code(connection, community)
    local = at.astimezone(ZoneInfo(zone))
    rule = policy.rule_for(kind, await store.region_codes(connection, region_id), local.time())
    said = f"{local:%Y-%m-%d %H:%M} {zone}"
    if rule is None:
        return Plan(None, policy.source, said, [], None, 0)
    return Plan(
        rule.name,
        f"{policy.source}:{rule.line}",
        said,
        [await _planned(connection, step, region_id) for step in rule.steps],
        _seconds(rule.again_every),
        rule.again_times,
    )


def in_words(plan: Plan, kind: str, community: str) -> str:
    """For a terminal."""
    if plan.rule is None:
        return f"{kind} in {community}, {plan.local_time}: no rule of {plan.source} fits; the board alone shows it"
    lines = [f"{kind} in {community}, {plan.local_time}: rule {plan.rule!r} ({plan.source})"]
    for step in plan.steps:
        lines.append(f"  {_when(step.after_s):>9}  {step.said}")
        lines += [f"             -> {one}" for one in step.reached]
        lines += [f"             -- {one}" for one in step.missed]
        if not step.reached:
            lines.append("             -- reaches nobody: the next step comes at once")
    if plan.again_every_s is not None:
        lines.append(f"  then again from the first, every {_when(plan.again_every_s)}, {plan.again_times} times")
    return "\n".join(lines)


async def _planned(connection: AsyncConnection, step: Step, region_id: int) -> PlannedStep:
    reached: list[str] = []
    missed: list[str] = []
    match step.whom:
        case Hook(name):
            reached.append(f"webhook {name}")
        case Number(number):
            reached.append(f"{number} (sms)")
        case Group() | OnePerson() as whom:
            found = await store.people(connection, whom, region_id)
            if not found:
                missed.append("nobody is found")
            for person in found:
                ways = list(_ways(step, person))
                if ways:
                    reached.append(f"{person.name} ({', '.join(ways)})")
                missed += [f"{person.name}: {what}" for what in _missing(step, person)]
    return PlannedStep(step.after.total_seconds(), step.said, reached, missed)


def _ways(step: Step, person: Person) -> list[str]:
    found = []
    browsers = len(person.subscriptions)
    if Way.PAGE in step.ways:
        found.append("page")
    if Way.PUSH in step.ways and browsers:
        found.append(f"push to {browsers}")
    if Way.SMS in step.ways and person.phone:
        found.append("sms")
    if step.else_sms and person.phone:
        found.append("sms when no phone has it" if browsers else "sms at once")
    return found


def _missing(step: Step, person: Person) -> list[str]:
    found = []
    if Way.PUSH in step.ways and not person.subscriptions:
        found.append("no browser takes pushes")
    if (Way.SMS in step.ways or step.else_sms) and not person.phone:
        found.append("no telephone number")
    return found


def _when(seconds: float) -> str:
    if seconds == 0:
        return "at once"
    return f"{seconds:g} s" if seconds < 120 else f"{seconds / 60:g} min"


def _seconds(span: timedelta | None) -> float | None:
    return None if span is None else span.total_seconds()
