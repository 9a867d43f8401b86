"""The two wires into `Hearing`: the broker's thread and the database's notifications."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import structlog

from cloud.alarms.subscriber import decode_alarm
from cloud.db import names
from cloud.db.listen import Wake, listen
from cloud.db.pool import DatabaseAway
from cloud.errors import RejectedMessage
from cloud.mqtt import Letter, Subscriber
from cloud.process import Health
from cloud.tasks import end
from cloud.web.live.hearing import Hearing
from protocols.alarm.kinds import AlarmKind
from protocols.telemetry.topics import ALARM, all_gateways

log = structlog.get_logger()

_SWEEP_S = 5.0
_CHANNELS = (names.ALARM, names.VISIT, names.ALERT, names.STATUS, names.SEVERE)


@contextlib.asynccontextmanager
async def feeds(hearing: Hearing, dsn: str, broker_url: str, health: Health) -> AsyncIterator[None]:
    """Both wires, for as long as the context lives. Neither waits for its server."""
    loop = asyncio.get_running_loop()

    def on_letter(letter: Letter) -> None:  # on the broker's thread: hand over and return
        try:
            gateway_id, message = decode_alarm(letter.topic, letter.payload)
        except RejectedMessage:
            return  # kept as a dead letter by the alarms' worker, which hears it too
        if message.kind is AlarmKind.DRILL:
            return  # it disturbs nobody
        loop.call_soon_threadsafe(hearing.hear_alarm, gateway_id, message)

    def on_connected(stands: bool) -> None:
        if stands:
            health.healthy("broker")
        else:
            health.ill("broker", "the broker is away: alarms come only by the database")

    subscriber = Subscriber(broker_url, "web", [all_gateways(ALARM)], on_letter, on_connected=on_connected)
    hearing.recall_homes()
    database = asyncio.create_task(_hear_database(hearing, dsn))
    journal = asyncio.create_task(hearing.follow_journal())
    subscriber.start()
    try:
        yield
    finally:
        await end([database, journal])
        await asyncio.to_thread(subscriber.stop)
        await hearing.close()


async def _hear_database(hearing: Hearing, dsn: str) -> None:
    while True:
        try:
            await _follow(hearing, listen(dsn, _CHANNELS, "web", idle_s=_SWEEP_S))
        except Exception as error:
            log.exception("live_events_failed", error=f"{type(error).__name__}: {error}", exc_info=error)
            await asyncio.sleep(_SWEEP_S)


async def _follow(hearing: Hearing, wakes: AsyncIterator[list[Wake]]) -> None:
    async for heard in wakes:
        try:
            await hearing.learn_homes()
            await hearing.hear_wakes(heard)
        except DatabaseAway as error:
            log.warning("database_away", what="live events", error=type(error).__name__)
