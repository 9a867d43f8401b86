"""Doing the policy: an occasion begins, its steps come due one after the other, until somebody takes it."""

from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import structlog
from prometheus_client import Counter

from cloud.alarms.escalation import store, timers
from cloud.alarms.escalation.model import About, Occasion, Policy, Rule, Turn
from cloud.alarms.escalation.telling import Telling
from cloud.clock import Clock
from cloud.db.pool import AsyncConnection

log = structlog.get_logger()

STEPS = Counter("doorstep_escalation_steps", "Steps done", ["reached"])


class Escalator:
    """Each method works in one transaction, its caller's."""

    def __init__(self, policy: Policy, clock: Clock) -> None:
        self._policy = policy
        self._clock = clock

    async def begin(self, connection: AsyncConnection, about: About, subject_id: UUID) -> None:
        """Does the first step where it is due at once. Begun twice it is begun once."""
        now = self._clock.now()
        found = await store.occasion(connection, about, subject_id)
        rule = self._rule_for(found, now)
        if not await store.begin(connection, found, rule.name if rule else "", now):
            return
        if rule is None:
            log.info("escalation_none", subject=str(subject_id), kind=found.kind, what="no rule fits: the board alone")
            await store.end_escalation(connection, subject_id, "last_step", now)
            return
        log.info("escalation", subject=str(subject_id), kind=found.kind, rule=rule.name)
        first = Turn(subject_id, 0, 0)
        if rule.steps[0].after > timedelta():
            await self._set(connection, first, now + rule.steps[0].after)
        else:
            await self._do(connection, found, rule, now, first)

    async def do_step(self, connection: AsyncConnection, turn: Turn) -> None:
        """The timer's act. Does nothing where it is done, or where somebody took the call meanwhile."""
        about, name, began_at, goes_on = await store.escalation(connection, turn.subject_id)
        if not goes_on:
            return
        found = await store.occasion(connection, about, turn.subject_id)
        if not found.is_open:
            await store.end_escalation(connection, turn.subject_id, found.ended_by or "closed", self._clock.now())
            return
        rule = next((rule for rule in self._policy.rules if rule.name == name), None)
        if rule is None or turn.step >= len(rule.steps):  # another policy since then: that one, from its beginning
            rule, turn = self._rule_for(found, began_at), Turn(turn.subject_id, turn.round + 1, 0)
        if rule is None:
            await store.end_escalation(connection, turn.subject_id, "last_step", self._clock.now())
            return
        await self._do(connection, found, rule, began_at, turn)

    async def else_sms(self, connection: AsyncConnection, turn: Turn, staff_id: int) -> None:
        """The timer's act: no phone of this person said that it has the push, so a text goes too."""
        about, _, _, _ = await store.escalation(connection, turn.subject_id)
        found = await store.occasion(connection, about, turn.subject_id)
        if found.is_open and not await store.has_receipt(connection, turn, staff_id):
            await Telling(connection, found, turn).tell_by_text(await store.phone_of(connection, staff_id), staff_id)

    def _rule_for(self, found: Occasion, at: datetime) -> Rule | None:
        return self._policy.rule_for(found.kind, found.regions, at.astimezone(ZoneInfo(found.time_zone)).time())

    async def _do(
        self, connection: AsyncConnection, found: Occasion, rule: Rule, began_at: datetime, turn: Turn
    ) -> None:
        step, now = rule.steps[turn.step], self._clock.now()
        begun = began_at + (rule.again_every or timedelta()) * turn.round
        if not await store.add_step(connection, turn, step.said, begun + step.after, now):
            return
        told = await Telling(connection, found, turn).tell(step)
        await store.set_told(connection, turn, told)
        STEPS.labels("somebody" if told else "nobody").inc()
        log.info("escalation_step", subject=str(turn.subject_id), round=turn.round, step=turn.step, told=told)
        if turn.step + 1 < len(rule.steps):
            due_at = begun + rule.steps[turn.step + 1].after if told else now
            await self._set(connection, turn._replace(step=turn.step + 1), due_at)
        elif rule.again_every is not None and turn.round < rule.again_times:
            due_at = begun + rule.again_every + rule.steps[0].after
            await self._set(connection, Turn(turn.subject_id, turn.round + 1, 0), due_at)
        else:
            await store.end_escalation(connection, turn.subject_id, "last_step", now)

    async def _set(self, connection: AsyncConnection, turn: Turn, due_at: datetime) -> None:
        await timers.set_step(connection, turn, self._clock.wall_at(due_at))
