"""Homes whose alarm came by text hear by text what becomes of it: the newest step, not every one."""

import asyncio

import structlog

from cloud.alarms.store import newest_step
from cloud.db.pool import AsyncConnection, AsyncPool, DatabaseAway
from cloud.sms.outbox import send_sms
from cloud.sms_gateway import store
from cloud.sms_gateway.reception import ANSWERED_WITHIN_S
from cloud.sms_gateway.store import ToAnswer
from protocols.alarm.code import StateCode
from protocols.alarm.text import compose_text

log = structlog.get_logger()

_AT_ONCE = 50
_RETRY_S = 1.0


class TextTeller:
    def __init__(self, pool: AsyncPool) -> None:
        self._pool = pool
        self._awake = asyncio.Event()

    def wake(self) -> None:
        """There may be something to tell."""
        self._awake.set()

    async def tell(self) -> None:
        """Until cancelled. An answer is in the outbox of texts in the transaction that says so."""
        while True:
            await self._awake.wait()
            self._awake.clear()
            try:
                while await self._tell_some():
                    pass
            except DatabaseAway as error:
                log.warning("database_away", what="answering homes by text", error=type(error).__name__)
                await asyncio.sleep(_RETRY_S)
                self._awake.set()

    async def _tell_some(self) -> bool:
        """Whether there may be more."""
        async with self._pool.connection() as connection, connection.transaction():
            found = await store.to_answer(connection, _AT_ONCE)
            for answer in found:
                await self._answer(connection, answer)
        return len(found) == _AT_ONCE

    async def _answer(self, connection: AsyncConnection, answer: ToAnswer) -> None:
        step = await newest_step(connection, answer.alarm_id)
        await store.set_told(connection, answer.alarm_id, answer.newest_event_id)
        if step.alarm_event_id <= answer.told_event_id:
            return  # what is new is a note for the desk
        message, gateway = step.message, answer.key.gateway_id
        counter = await store.next_counter(connection, gateway)
        code = StateCode(
            counter, answer.alarm_id, message.state, message.at, message.minutes, cancelled=message.cancelled
        )
        text = compose_text(code, answer.key.key)
        await send_sms(connection, answer.answer_to, text, give_up_after_s=ANSWERED_WITHIN_S)
        log.info("home_told_by_text", alarm=message.alarm, gateway=gateway, state=str(message.state))
