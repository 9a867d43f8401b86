"""One step tells its people: a row for each message, and a timer or the outbox of texts that carries it out."""

from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import uuid4

from cloud.alarms.escalation import store, timers
from cloud.alarms.escalation.model import ELSE_AFTER, NO_BROWSER, Hook, Number, Occasion, Person, Step, Turn, Way
from cloud.alarms.escalation.notices import text_message
from cloud.db.pool import AsyncConnection
from cloud.sms.model import BadText
from cloud.sms.outbox import send_sms

_SMS_LIVES_S = 900.0
"""Then a text helps nobody any more; the rounds of the policy send new ones."""


@dataclass(frozen=True)
class Telling:
    """In the transaction that writes the step down."""

    connection: AsyncConnection
    found: Occasion
    turn: Turn

    async def tell(self, step: Step) -> int:
        """How many messages went on their way."""
        if isinstance(step.whom, Hook):
            await self._tell_hook(step.whom)
            return 1
        if isinstance(step.whom, Number):
            return await self.tell_by_text(step.whom.number, None)
        told = 0
        for person in await store.people(self.connection, step.whom, self.found.region_id):
            told += await self._tell_person(step, person)
        return told

    async def tell_by_text(self, phone: str, staff_id: int | None) -> int:
        """1, or 0 where the number is none."""
        problem, sms_id = "", None
        try:
            sms_id = await send_sms(self.connection, phone, text_message(self.found), give_up_after_s=_SMS_LIVES_S)
        except BadText as error:
            problem = str(error)
        await store.add_notice(
            self.connection, uuid4(), self.turn, Way.SMS, staff_id=staff_id, sms_id=sms_id, problem=problem
        )
        return 0 if problem else 1

    async def _tell_hook(self, hook: Hook) -> None:
        notice_id = uuid4()
        await store.add_notice(self.connection, notice_id, self.turn, Way.WEBHOOK, webhook=hook.name)
        await timers.set_delivery(self.connection, notice_id, datetime.now(UTC))

    async def _tell_person(self, step: Step, person: Person) -> int:
        told = 0
        if Way.PAGE in step.ways:
            await store.add_notice(self.connection, uuid4(), self.turn, Way.PAGE, staff_id=person.staff_id)
            told += 1
        if Way.PUSH in step.ways:
            told += await self._tell_by_push(person)
        if step.else_sms and person.subscriptions:
            await timers.set_else_sms(
                self.connection, self.turn, person.staff_id, datetime.now(UTC) + ELSE_AFTER
            )  # of the wall: a phone answers no faster where the day is lived faster
        if Way.SMS in step.ways or (step.else_sms and not person.subscriptions):
            told += await self.tell_by_text(person.phone, person.staff_id)
        return told

    async def _tell_by_push(self, person: Person) -> int:
        for subscription_id in person.subscriptions:
            notice_id = uuid4()
            await store.add_notice(
                self.connection,
                notice_id,
                self.turn,
                Way.PUSH,
                staff_id=person.staff_id,
                subscription_id=subscription_id,
            )
            await timers.set_delivery(self.connection, notice_id, datetime.now(UTC))
        if not person.subscriptions:
            await store.add_notice(
                self.connection, uuid4(), self.turn, Way.PUSH, staff_id=person.staff_id, problem=NO_BROWSER
            )
        return len(person.subscriptions)
