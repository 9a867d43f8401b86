"""One batch of letters on its way through the database: opened, stored, told, acknowledged."""

import time
from collections import Counter as Counted
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

import psycopg
import structlog
from prometheus_client import Counter, Histogram

from cloud.db.generation import generation_of
from cloud.db.pool import DatabaseAway, Pool
from cloud.errors import RejectedMessage
from cloud.mqtt import Letter
from cloud.process import Process
from cloud.readings import store
from cloud.readings.heartbeats.store import stored_of
from cloud.readings.intake import Intake
from cloud.readings.joining import joined
from cloud.readings.model import Delivery, Stored
from cloud.readings.naming import with_links
from cloud.readings.opening import open_readings
from cloud.readings.status import take_status
from cloud.readings.telling import Telling
from protocols.telemetry import topics
from protocols.telemetry.messages import Receipt

log = structlog.get_logger()

READINGS_STORED = Counter("doorstep_readings_stored", "New rows of readings")
READINGS_DUPLICATE = Counter("doorstep_readings_duplicate", "Readings that were stored already")
NUMBERS_GIVEN_UP = Counter("doorstep_numbers_given_up", "Readings that full outboxes gave up, each time they told it")
DEAD_LETTERS = Counter("doorstep_dead_letters", "Letters buried, each time they came")
BATCH_SECONDS = Histogram(
    "doorstep_ingest_batch_seconds",
    "From a whole batch in hand to its acknowledgement",
    buckets=(0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 30),
)

_FIRST_PAUSE_S = 0.5
_LONGEST_PAUSE_S = 10.0


@dataclass
class _Opened:
    """Letters by what is to be done with them."""

    deliveries: list[Delivery] = field(default_factory=list)
    statuses: list[Letter] = field(default_factory=list)
    rejected: list[tuple[Letter, str]] = field(default_factory=list)


def settle(process: Process, pool: Pool, intake: Intake, telling: Telling, letters: Sequence[Letter]) -> None:
    """Stores the letters, then hands on the receipts, then acknowledges.

    While the database is away it tries again, with one line in the log, until it is back or the process is asked to
    stop; then nothing is acknowledged and everything comes again.
    """
    began = time.monotonic()
    opened = _open(letters, process.clock.now())
    pause_s, complained = _FIRST_PAUSE_S, False
    while True:
        try:
            with pool.connection() as connection:
                with connection.transaction():
                    generation = generation_of(connection)
                stored = _write(connection, opened, process.clock.now(), generation)
            break
        except DatabaseAway as error:
            why = (str(error).strip() or type(error).__name__).splitlines()[0]
            process.ill("database", why)
            if not complained:
                log.warning("database_away", error=why, letters=len(letters), what="kept, not acknowledged; will retry")
                complained = True
            if process.stop.wait(pause_s):
                return
            pause_s = min(pause_s * 2, _LONGEST_PAUSE_S)
    if complained:
        log.info("database_back")
    process.healthy("database")
    telling.tell(stored.receipts, generation, Counted(delivery.gateway for delivery in opened.deliveries))
    intake.acknowledge(letters)
    READINGS_STORED.inc(stored.readings)
    READINGS_DUPLICATE.inc(stored.duplicates)
    DEAD_LETTERS.inc(stored.dead_letters)
    for delivery in opened.deliveries:
        _say_given_up(delivery)
    BATCH_SECONDS.observe(time.monotonic() - began)


def _say_given_up(delivery: Delivery) -> None:
    readings = sum(last - first + 1 for first, last in delivery.given_up)
    if readings:
        NUMBERS_GIVEN_UP.inc(readings)
        log.warning("outbox_gave_up", gateway=delivery.gateway, readings=readings, what="its outbox was full")


def _open(letters: Sequence[Letter], now: datetime) -> _Opened:
    opened = _Opened()
    for letter in letters:
        if letter.topic.endswith(f"/{topics.STATUS}"):
            opened.statuses.append(letter)
        else:
            try:
                opened.deliveries.append(open_readings(letter.topic, letter.payload, now))
            except RejectedMessage as rejection:
                opened.rejected.append((letter, str(rejection)))
    return opened


def _write(connection: store.Connection, opened: _Opened, now: datetime, generation: int) -> Stored:
    """All of it, each letter in a transaction that a poisonous neighbour cannot spoil.

    A gateway that knows receipts of another generation only gets one of this: the database may lack what it delivered.
    """
    rejected = list(opened.rejected)
    asking: dict[tuple[str, int], None] = {}
    for letter in opened.statuses:
        try:
            gateway, status = take_status(connection, letter.topic, letter.payload)
            if status.online and status.epoch and status.store != generation:
                asking[gateway, status.epoch] = None
        except RejectedMessage as rejection:
            rejected.append((letter, str(rejection)))
    stored = _store(connection, opened.deliveries, now)
    told: tuple[tuple[str, Receipt], ...] = ()
    if asking:
        with connection.transaction():
            known = stored_of(connection, list(asking))
            told = tuple(with_links(connection, [(*box, *held) for box, held in known.items()], {}))
    for letter, reason in rejected:
        store.bury(connection, letter.topic, letter.payload, reason, at=now)
        log.warning("dead_letter", topic=letter.topic, reason=reason, size=len(letter.payload))
    return _sum([stored, Stored(readings=0, duplicates=0, dead_letters=len(rejected), receipts=told)])


def _store(connection: store.Connection, deliveries: Sequence[Delivery], now: datetime) -> Stored:
    """Together; where the database refuses a value among them, each alone, and the refused one is buried.

    No check of ours is known to let such a value through. This stands so that a gap in them stops nobody.
    """
    if not deliveries:
        return Stored(readings=0, duplicates=0, dead_letters=0, receipts=())
    try:
        return store.store_deliveries(connection, joined(deliveries), now)
    except (psycopg.DataError, psycopg.IntegrityError) as error:
        if len(deliveries) > 1:
            return _sum([_store(connection, [delivery], now) for delivery in deliveries])
        (delivery,) = deliveries
        reason = f"refused by the database: {str(error).splitlines()[0]}"
        store.bury(connection, delivery.topic, delivery.payload, reason, at=now)
        log.warning("dead_letter", topic=delivery.topic, reason=reason, size=len(delivery.payload))
        return Stored(readings=0, duplicates=0, dead_letters=1, receipts=())


def _sum(parts: Sequence[Stored]) -> Stored:
    return Stored(
        readings=sum(part.readings for part in parts),
        duplicates=sum(part.duplicates for part in parts),
        dead_letters=sum(part.dead_letters for part in parts),
        receipts=tuple(receipt for part in parts for receipt in part.receipts),
    )
