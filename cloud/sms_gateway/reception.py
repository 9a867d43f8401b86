"""A text that came becomes an alarm by the same way as a message of the broker, or a dead letter.

Who sent it is told by the code alone: anybody can show any number. The alarm is one alarm however many ways it came.
"""

import asyncio
from collections.abc import Sequence

import structlog
from prometheus_client import Counter

from cloud.alarms.graveyard import Graveyard
from cloud.alarms.heard import store_alarm
from cloud.alarms.model import KeptAlarm
from cloud.db.pool import AsyncConnection, AsyncPool
from cloud.errors import RejectedMessage
from cloud.process import Process
from cloud.sms.model import BadText, masked
from cloud.sms.outbox import e164, send_sms
from cloud.sms_gateway import store
from cloud.sms_gateway.store import Hearing, HomeKey
from cloud.sms_gateway.trial_texts import trial_came
from protocols.alarm.code import AlarmCode, SealedCode, StateCode, decode_code, device_tag, open_code
from protocols.alarm.kinds import AlarmKind
from protocols.alarm.states import AlarmState
from protocols.alarm.text import compose_text
from protocols.errors import ProtocolError
from protocols.sms.joining import WholeText
from protocols.telemetry.messages import AlarmMessage

log = structlog.get_logger()

UNKNOWN_DEVICE = "sms"
"""The device of an alarm whose tag fits none of the home's devices."""
TOPIC = "sms"
ANSWERED_WITHIN_S = 900.0
"""An answer that could not be sent for so long is not sent any more: the next one is newer."""

RECEIVED = Counter("doorstep_sms_received", "Texts that came by what they were", ["as_what"])


class AnswerCameBack(ProtocolError):
    """The code of a state, at the centre."""


class TextReception:
    def __init__(self, process: Process, pool: AsyncPool, graveyard: Graveyard) -> None:
        self._process = process
        self._pool = pool
        self._graveyard = graveyard

    async def take(self, text: WholeText) -> None:
        """When it returns, the text is safe and may be deleted. Raises DatabaseAway."""
        try:
            async with self._pool.connection() as connection:
                what = await self._hear(connection, text)
        except (RejectedMessage, ProtocolError) as error:
            await self._bury(text, str(error))
            what = "rejected"
        RECEIVED.labels(what).inc()

    async def _hear(self, connection: AsyncConnection, text: WholeText) -> str:
        sealed = decode_code(text.text)
        key = await store.find_key(connection, sealed.key_id)
        if key is None:
            raise RejectedMessage("a code of a home that has no key here; `doorstep-cloud sms-key` gives it one")
        code = opened(sealed, key)
        async with connection.transaction():
            match await store.hear(connection, key.gateway_id, code.counter):
                case Hearing.OLD:
                    raise RejectedMessage("the code's counter is far below the last one: a recording, or a wrong clock")
                case Hearing.ECHO:
                    log.info("sms_echo", gateway=key.gateway_id, alarm=str(code.alarm))
                    return "echo"
                case Hearing.NEW:
                    pass
            answer_to = _answer_to(key, text)
            if code.kind is AlarmKind.DRILL:
                await self._answer_test(connection, key, code, answer_to)
                return "test"
            news = await self._store(connection, key, code)
            if answer_to is not None:
                await store.answer_by_text(connection, code.alarm, key.gateway_id, answer_to)
        log.info(
            "alarm_by_text",
            alarm=str(code.alarm),
            gateway=key.gateway_id,
            kind=str(code.kind),
            new=news,
            cancelled=code.cancelled,
        )
        return "alarm" if news else "again"

    async def _store(self, connection: AsyncConnection, key: HomeKey, code: AlarmCode) -> bool:
        process = self._process
        names = await store.devices(connection, key.gateway_id)
        message = alarm_message(code, names)
        kept = KeptAlarm(key.gateway_id, message, process.clock.now(), None)
        return await store_alarm(connection, kept, process.config.alarms.take_within_s, process.clock)

    async def _answer_test(
        self, connection: AsyncConnection, key: HomeKey, code: AlarmCode, answer_to: str | None
    ) -> None:
        """The whole way there and back, and nobody is disturbed."""
        now = self._process.clock.now()
        await trial_came(connection, key.gateway_id, now)
        log.info("sms_test", gateway=key.gateway_id)
        if answer_to is not None:
            counter = await store.next_counter(connection, key.gateway_id)
            answer = StateCode(counter, code.alarm, AlarmState.CLOSED, now)
            text = compose_text(answer, key.key)
            await send_sms(connection, answer_to, text, give_up_after_s=ANSWERED_WITHIN_S)

    async def _bury(self, text: WholeText, reason: str) -> None:
        where = f"{TOPIC}/{masked(text.sender)}"
        await asyncio.to_thread(self._graveyard.bury, where, text.text.encode(), reason)


def opened(sealed: SealedCode, key: HomeKey) -> AlarmCode:
    """Raises Forged, ReservedValue, and AnswerCameBack for a code of ours."""
    code = open_code(sealed, key.key)
    if not isinstance(code, AlarmCode):
        raise AnswerCameBack("a code that the centre says to homes; one of our own texts came back")
    return code


def alarm_message(code: AlarmCode, device_names: Sequence[str]) -> AlarmMessage:
    """The message that the home would have sent by MQTT."""
    return AlarmMessage(
        alarm=str(code.alarm),
        kind=code.kind,
        device=next((name for name in device_names if device_tag(name) == code.device_tag), UNKNOWN_DEVICE),
        raised_at=code.raised_at,
        attempt=code.attempt,
        cancelled=code.cancelled,
        test=code.test,
        kept=code.kept,
    )


def _answer_to(key: HomeKey, text: WholeText) -> str | None:
    """The home's own number, or else the one the text came from; None where that is a name."""
    if key.phone:
        return key.phone
    try:
        return e164(text.sender)
    except BadText:
        log.warning("sms_no_answer", gateway=key.gateway_id, why="the sender's number is none that can be answered")
        return None
