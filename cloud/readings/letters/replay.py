"""A dead letter goes the way of a fresh one again: opened by the same checks, stored by the same statements.

Replaying is idempotent. Places of an outbox do not guard it, since those of a letter with one bad reading count as
stored; that a measurement is one row does. Alarms are not replayed: help that comes days late helps nobody, and a
person who read the letter knows whom to ask.
"""

from datetime import datetime

import psycopg
import structlog

from cloud.db.pool import Connection
from cloud.errors import NotFound, RejectedMessage
from cloud.readings.letters import store
from cloud.readings.letters.model import DeadLetter, Outcome, Replayed
from cloud.readings.model import Delivery
from cloud.readings.opening import open_readings
from cloud.readings.status import open_status, take_status
from cloud.readings.store import store_again
from protocols.telemetry import topics

log = structlog.get_logger()

_STILL_STRANGE = "the gateway is still not registered; add it to the community file and run `doorstep-cloud seed`"
_ALARM = "an alarm is not raised again after its time; look at whom it concerned"
_FAREWELL = "it said that the gateway went off line, which is no news any more"


def replay(connection: Connection, dead_letter_id: int, now: datetime) -> Replayed:
    """The letter, opened and stored again in one transaction; `now` bounds its times and becomes its `stored_at`.

    Raises NotFound where there is no such letter, and DatabaseAway.
    """
    with connection.transaction():
        letter = store.letter(connection, dead_letter_id, claim=True)
        if letter is None:
            raise NotFound(f"there is no dead letter {dead_letter_id}; `doorstep-cloud dead-letters list` shows them")
        replayed = _take(connection, letter, now)
        if replayed.outcome in (Outcome.TAKEN, Outcome.PASSED):
            store.settle(connection, dead_letter_id, now)
        elif replayed.outcome is Outcome.REFUSED and replayed.why != letter.reason:
            store.refuse(connection, dead_letter_id, replayed.why)
    log.info("dead_letter_replayed", letter=dead_letter_id, topic=letter.topic, outcome=replayed.outcome.value)
    return replayed


def _take(connection: Connection, letter: DeadLetter, now: datetime) -> Replayed:
    if letter.replayed_at is not None:
        return _told(letter, Outcome.TAKEN_BEFORE, f"a replay took it at {letter.replayed_at.isoformat()}")
    channel = letter.topic.rpartition("/")[2]
    try:
        if channel == topics.ALARM:
            return _told(letter, Outcome.REFUSED, _ALARM)
        if channel == topics.STATUS:
            return _take_status(connection, letter)
        return _take_readings(connection, letter, open_readings(letter.topic, letter.payload, now), now)
    except RejectedMessage as rejection:
        return _told(letter, Outcome.REFUSED, str(rejection))


def _take_status(connection: Connection, letter: DeadLetter) -> Replayed:
    _, status = open_status(letter.topic, letter.payload)
    if not status.online:  # taken as it comes, it would show a home as dark that has long been back
        return _told(letter, Outcome.PASSED, _FAREWELL)
    take_status(connection, letter.topic, letter.payload)
    return _told(letter, Outcome.TAKEN)


def _take_readings(connection: Connection, letter: DeadLetter, delivery: Delivery, now: datetime) -> Replayed:
    try:
        stored = store_again(connection, delivery, now)
    except (psycopg.DataError, psycopg.IntegrityError) as error:
        return _told(letter, Outcome.REFUSED, f"refused by the database: {str(error).splitlines()[0]}")
    if stored is None:
        return _told(letter, Outcome.REFUSED, _STILL_STRANGE)
    return Replayed(
        letter.dead_letter_id,
        letter.topic,
        Outcome.REFUSED if delivery.fault else Outcome.TAKEN,
        readings=stored.readings,
        duplicates=stored.duplicates,
        why=delivery.fault or "",
    )


def _told(letter: DeadLetter, outcome: Outcome, why: str = "") -> Replayed:
    return Replayed(letter.dead_letter_id, letter.topic, outcome, why=why)
