"""`doorstep-cloud sms-gateway`: a modem beside the broker. Texts come in, texts go out.

    modem -> parts -> text -> code -> alarm row -> the desk
    alarm_event -> answer -> outbox of texts -> modem

A text leaves the modem's memory only when it is stored: what a killed process had read, the next one reads again.
While the database is away, calls go to the desk over the broker meanwhile.
"""

import asyncio
from collections.abc import Iterable

import structlog

from cloud.alarms.graveyard import Graveyard
from cloud.config import CloudConfig
from cloud.db.listen import listen
from cloud.db.names import ALARM, SMS
from cloud.db.pool import AsyncPool, DatabaseAway, create_async_pool, create_pool
from cloud.mqtt import Subscriber
from cloud.process import Process, run_worker, side_by_side
from cloud.sms.modem_thread import ModemThread
from cloud.sms.refused_pin import RefusedPin
from cloud.sms.sending import Sending
from cloud.sms_gateway import store
from cloud.sms_gateway.reception import TextReception
from cloud.sms_gateway.standby import BrokerStandby
from cloud.sms_gateway.teller import TextTeller
from cloud.sms_gateway.trial_texts import watch_trials
from protocols.configuration import ConfigurationError
from protocols.sms.joining import Joiner, WholeText
from protocols.sms.modem_events import Came, ModemStatus, NotSent, PinRefused, Reported, Sent, StatusIs, Step
from protocols.sms.modem_events import Unreadable as UnreadableText

log = structlog.get_logger()

_RETRY_S = 1.0
_STALE_LOOK_S = 60.0


def run(config: CloudConfig) -> None:
    """Blocks until SIGTERM. Raises ConfigurationError where no modem is named."""
    if not config.sms.modem:
        raise ConfigurationError("sms.modem: expected the modem's port, such as /dev/ttyUSB2")
    run_worker("sms-gateway", config, work, port=config.sms.port, away=(DatabaseAway,))


def work(process: Process) -> None:
    """The gateway's loop for one process, until it is asked to stop."""
    asyncio.run(_work(process))


async def _work(process: Process) -> None:
    config = process.config
    loop = asyncio.get_running_loop()
    steps: asyncio.Queue[Step] = asyncio.Queue()
    pins = RefusedPin(config.sms_folder)

    def tell(step: Step) -> None:
        loop.call_soon_threadsafe(steps.put_nowait, step)

    modem = ModemThread(config.sms.modem, config.sms.baud, lambda: pins.usable(config.sms.sim_pin), tell)
    async with create_async_pool(config.database.dsn, "sms") as pool:
        with create_pool(config.database.dsn, "sms-letters", size=1) as letters_pool:
            subscriber = Subscriber(config.broker.url, "sms-gateway")
            gateway = _Gateway(process, pool, modem, pins, Graveyard(process, letters_pool), BrokerStandby(subscriber))
            process.ill("modem", "the modem was not looked at yet")
            await asyncio.to_thread(subscriber.start)
            modem.start()
            try:
                await side_by_side(
                    process,
                    gateway.hear(steps),
                    gateway.note(),
                    gateway.keep(),
                    gateway.sending.send(),
                    gateway.teller.tell(),
                    gateway.follow(),
                    watch_trials(process, pool),
                )
            finally:
                await asyncio.to_thread(modem.stop)
                await asyncio.to_thread(subscriber.stop)


class _Gateway:
    def __init__(  # noqa: PLR0917 - the parts it holds together
        self,
        process: Process,
        pool: AsyncPool,
        modem: ModemThread,
        pins: RefusedPin,
        graveyard: Graveyard,
        standby: BrokerStandby,
    ) -> None:
        self._process = process
        self._pool = pool
        self._standby = standby
        self._texts: asyncio.Queue[WholeText] = asyncio.Queue()
        self._notes: asyncio.Queue[Sent | NotSent | Reported] = asyncio.Queue()
        self._database_away = False
        self._modem = modem
        self._pins = pins
        self._graveyard = graveyard
        self._reception = TextReception(process, pool, graveyard)
        self.sending = Sending(pool, modem)
        self.teller = TextTeller(pool)
        self._joiner = Joiner()
        self._trouble: str | None = "not looked at yet"

    async def follow(self) -> None:
        """A step that anybody took, a text that anybody wants sent: we look."""
        config = self._process.config
        async for _ in listen(config.database.dsn, [ALARM, SMS], "sms", idle_s=config.sms.poll_s):
            await self._learn()
            self.teller.wake()
            self.sending.wake()

    async def hear(self, steps: "asyncio.Queue[Step]") -> None:
        """What the modem tells, one after the other, until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            try:
                step = await asyncio.wait_for(steps.get(), _STALE_LOOK_S)
            except TimeoutError:
                self._delete(self._joiner.stale_places(loop.time()))
                continue
            match step:
                case Came(deliver, place):
                    text = self._joiner.add(deliver, -1 if place is None else place, loop.time())
                    if text is not None:
                        self._texts.put_nowait(text)
                        if self._database_away:
                            self._standby.forward(text)
                case Sent() | NotSent() | Reported():
                    self._notes.put_nowait(step)
                case UnreadableText(line, problem):
                    await self._bury(line, problem)
                case StatusIs(status):
                    self._note(status)
                case PinRefused():
                    self._pins.refuse(self._process.config.sms.sim_pin)

    async def note(self) -> None:
        """What became of texts, into their rows, until cancelled."""
        while True:
            await self.sending.note(await self._notes.get())

    async def keep(self) -> None:
        """Texts that came, into rows, until cancelled."""
        while True:
            text = await self._texts.get()
            while not await self._kept(text):  # noqa: ASYNC110 - no event tells that the server is back
                await asyncio.sleep(_RETRY_S)
            self.teller.wake()
            self._delete(text.places)

    async def _kept(self, text: WholeText) -> bool:
        try:
            await self._reception.take(text)
        except DatabaseAway as error:
            self._process.ill("database", "the database is away")
            if not self._database_away:
                log.warning("database_away", what="a text waits to be stored", error=type(error).__name__)
                self._database_away = True
                self._standby.forward(text)
            return False
        self._database_away = False
        self._process.healthy("database")
        return True

    async def _learn(self) -> None:
        try:
            async with self._pool.connection() as connection:
                self._standby.learn(await store.key_ring(connection))
        except DatabaseAway:
            return  # what was learned stays
        self._process.healthy("database")

    def _delete(self, places: Iterable[int]) -> None:
        for place in places:
            if place >= 0:  # below: it was never in the modem's memory
                self._modem.delete(place)

    async def _bury(self, line: str, problem: str) -> None:
        try:
            await asyncio.to_thread(self._graveyard.bury, "sms/pdu", line.encode(), problem)
        except DatabaseAway:
            log.warning("sms_unreadable", problem=problem)

    def _note(self, status: ModemStatus) -> None:
        if status.trouble is None:
            self._process.healthy("modem")
        else:
            self._process.ill("modem", status.trouble)
        if status.trouble != self._trouble:
            log.info("modem", trouble=status.trouble, operator=status.operator, signal_dbm=status.signal_dbm)
        self._trouble = status.trouble
        self.sending.modem_ready(status.trouble is None)
