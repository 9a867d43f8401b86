"""The alarm desk's loop: what homes call goes into rows, what people do with it goes back to the homes.

Reception, telling and timers run side by side and wait for nobody: an alarm is kept while the broker stutters, and
homes are told while the next alarm comes in. The home hears of a step only after its COMMIT, or, while the database
is away, after the desk's journal has it on disk.
"""

import asyncio

import structlog

from cloud.alarms.drills.watch import watch_drills
from cloud.alarms.graveyard import Graveyard
from cloud.alarms.journal import open_journal
from cloud.alarms.reception import Reception
from cloud.alarms.standby import Standby
from cloud.alarms.teller import Teller
from cloud.alarms.timers import OVERDUE, QUEUE, mark_overdue
from cloud.alarms.twins.watch import watch_twins
from cloud.config import CloudConfig
from cloud.db.jobs import Timer, run_timers
from cloud.db.listen import listen
from cloud.db.names import ALARM as ALARM_CHANGED
from cloud.db.pool import AsyncPool, DatabaseAway, create_async_pool, create_pool
from cloud.mqtt import Letter, Subscriber
from cloud.process import Process, run_worker, side_by_side
from protocols.telemetry.topics import ALARM, all_gateways

log = structlog.get_logger()


def run(config: CloudConfig) -> None:
    """Blocks until SIGTERM. Raises ValueError for a broker address that is none."""
    run_worker("alarms", config, work, port=config.alarms.port, away=(DatabaseAway,))


def work(process: Process) -> None:
    """The desk's loop for one process, until it is asked to stop."""
    asyncio.run(_work(process))


async def _work(process: Process) -> None:
    config = process.config
    loop = asyncio.get_running_loop()

    def on_letter(letter: Letter) -> None:
        loop.call_soon_threadsafe(reception.hand_over, letter)

    def on_connected(connected: bool) -> None:
        if connected:
            process.healthy("broker")
            loop.call_soon_threadsafe(teller.wake)
        else:
            process.ill("broker", "the broker is away")

    async with (
        create_async_pool(config.database.dsn, "alarms") as pool,
        create_async_pool(config.database.dsn, "alarms-reception", size=1, ready=True) as reception_pool,
    ):
        with create_pool(config.database.dsn, "alarms-letters", size=1) as letters_pool:
            subscriber = Subscriber(
                config.broker.url,
                "alarms",
                [all_gateways(ALARM)],
                on_letter,
                manual_ack=True,
                on_connected=on_connected,
            )
            journal = open_journal(config.journal_folder)
            teller = Teller(process, pool, subscriber, journal)
            graveyard = Graveyard(process, letters_pool)
            standby = Standby(process, journal, teller, subscriber, graveyard)
            reception = Reception(process, reception_pool, graveyard, standby)
            process.ill("broker", "the broker is away")  # until it is there
            await asyncio.to_thread(subscriber.start)
            try:
                await side_by_side(
                    process,
                    reception.receive(subscriber, teller),
                    teller.tell(),
                    standby.attend(),
                    standby.learn_gateways(pool),
                    watch_drills(process, pool),
                    watch_twins(process, pool),
                    _follow(process, teller),
                    run_timers(pool, QUEUE, {OVERDUE: _overdue_timer(pool)}),
                )
            finally:
                await asyncio.to_thread(subscriber.stop)
                standby.close()


async def _follow(process: Process, teller: Teller) -> None:
    """Whoever took a step, in whatever process: the home hears of it."""
    async for _ in listen(process.config.database.dsn, [ALARM_CHANGED], "alarms", idle_s=process.config.alarms.poll_s):
        teller.wake()


def _overdue_timer(pool: AsyncPool) -> Timer:
    async def overdue(alarm_id: str) -> None:
        async with pool.connection() as connection:
            await mark_overdue(connection, alarm_id)

    return overdue
