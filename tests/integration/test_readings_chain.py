"""What a gateway sent is proven from the rows; what is taken out or changed by hand is pointed at."""

import random
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

import msgspec
import psycopg
import pytest
from hypothesis import HealthCheck, given, settings

from cloud.errors import NotFound
from cloud.readings import store
from cloud.readings.chain.model import FaultKind, Findings, Why
from cloud.readings.chain.verify import verify
from cloud.readings.letters import replay
from cloud.readings.model import Delivery
from cloud.readings.opening import open_readings
from cloud.readings.retention.store import thin
from protocols.reading import Metric, Reading, Unit
from protocols.telemetry.chain import digest_of, first_link, next_link
from protocols.telemetry.messages import ReadingsMessage, encode
from protocols.telemetry.topics import READINGS, topic
from tests.integration.test_db_backup import everything
from tests.integration.test_ingest_store import CUFF, EPOCH, NOW, SENSOR, create_record, one, populate, wear
from tests.protocols.telemetry.test_messages import readings

pytestmark = pytest.mark.integration


@pytest.fixture
def connection(any_database: str) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(any_database, autocommit=True) as connection:
        populate(connection)
        wear(connection, CUFF, "elder-1")
        yield connection


class Outbox:
    """Numbers readings and chains them, as a gateway's does."""

    def __init__(self, readings: Sequence[Reading], epoch: int = EPOCH) -> None:
        self.readings = readings
        self._epoch = epoch
        self.links = [first_link(epoch)]
        for reading in readings:
            self.links.append(next_link(self.links[-1], digest_of(reading)))

    def deliver(self, first: int, last: int, given_up: tuple[tuple[int, int], ...] = ()) -> Delivery:
        message = ReadingsMessage(
            epoch=self._epoch,
            first=first,
            sent_at=NOW,
            readings=tuple(self.readings[first - 1 : last]),
            given_up=given_up,
            chain_before=self.links[first - 1],
            chain_after=self.links[last],
        )
        return open_readings(topic("gw-1", READINGS), encode(message), NOW)

    def all(self, size: int = 10) -> list[Delivery]:
        last = len(self.readings)
        return [self.deliver(first, min(first + size - 1, last)) for first in range(1, last + 1, size)]


def create_heard(number: int, **changes: Any) -> Reading:
    at = NOW - timedelta(hours=2) + timedelta(seconds=number)
    fields: dict[str, Any] = {
        "device": SENSOR,
        "metric": Metric.HUMIDITY,
        "value": 40 + number / 7,
        "unit": Unit.PERCENT,
        "measured_at": at,
        "received_at": at + timedelta(microseconds=number),
    }
    return Reading(**{**fields, **changes})


def create_mixed(count: int) -> list[Reading]:
    return [create_record(n) if n % 3 else create_heard(n) for n in range(1, count + 1)]


def look(connection: psycopg.Connection[Any]) -> Findings:
    (findings,) = verify(connection, "home-1")
    return findings


def faults(findings: Findings) -> list[tuple[FaultKind, int, int]]:
    return [(fault.kind, fault.first, fault.last) for fault in findings.faults]


def test_all_that_was_sent_is_proven(connection: psycopg.Connection[Any]) -> None:
    box = Outbox(create_mixed(100))
    letters = box.all(7)
    for letter in [*letters[5:9], *letters[:7], *box.all(30), *letters]:  # out of order, cut otherwise, and again
        store.store_deliveries(connection, [letter], NOW)
    findings = look(connection)
    assert findings.whole
    assert (findings.rows, findings.proven, findings.first, findings.last) == (100, 100, 1, 100)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(reading=readings())
def test_the_database_makes_the_same_digest_of_a_row(connection: psycopg.Connection[Any], reading: Reading) -> None:
    if "\0" in reading.device:
        return  # no row holds it
    row = connection.execute(
        "SELECT reading_digest(%s, %s, %s::float8, %s, %s, %s, %s::float8, %s::int, %s::int, %s, %s::text[])",
        (
            reading.device,
            reading.metric.value,
            reading.value,
            reading.measured_at,
            reading.received_at,
            reading.device_time,
            reading.clock_offset_s,
            reading.sequence,
            reading.user_slot,
            reading.meal and reading.meal.value,
            [flag.value for flag in reading.flags],
        ),
    ).fetchone()
    assert row == (digest_of(reading),)


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        ("DELETE FROM reading WHERE outbox_number = 24", FaultKind.MISSING),
        ("UPDATE reading SET value = value + 1 WHERE outbox_number = 24", FaultKind.CHANGED),
        ("UPDATE reading SET flags = '{body_moved}' WHERE outbox_number = 24", FaultKind.CHANGED),
        ("UPDATE reading SET received_at = received_at + INTERVAL '1 us' WHERE outbox_number = 24", FaultKind.CHANGED),
        ("UPDATE device SET name = name || 'x' WHERE name LIKE '%02'", FaultKind.CHANGED),
    ],
)
def test_what_was_done_by_hand_is_found(connection: psycopg.Connection[Any], change: str, kind: FaultKind) -> None:
    store.store_deliveries(connection, Outbox([create_record(n) for n in range(1, 61)]).all(20), NOW)
    connection.execute(change.encode())
    findings = look(connection)
    fault = next(fault for fault in findings.faults if fault.first <= 24 <= fault.last)
    assert fault.kind is kind
    if kind is FaultKind.MISSING:
        assert (fault.first, fault.last) == (24, 24)
        assert fault.before is not None
        assert fault.after is not None
        assert (fault.before.at, fault.after.at) == (create_record(23).measured_at, create_record(25).measured_at)
    else:
        assert (fault.first, fault.last) == (21, 40)


def test_whose_a_reading_is_may_change(connection: psycopg.Connection[Any]) -> None:
    store.store_deliveries(connection, Outbox([create_record(n) for n in range(1, 21)]).all(), NOW)
    connection.execute("UPDATE reading SET elder_id = NULL, wearer_certainty = 0.5, wearer_why = 'person_said'")
    assert look(connection).whole


def test_readings_without_a_row_of_their_own_keep_the_chain(connection: psycopg.Connection[Any]) -> None:
    ahead = NOW + timedelta(days=900)
    sent = [
        create_record(1),
        create_record(1, measured_at=NOW, clock_offset_s=5.0),  # the same record, corrected otherwise
        create_record(3, unit=Unit.KPA),  # refused
        create_record(4, measured_at=ahead),  # brought to its bound
        create_record(5),
        create_record(4, measured_at=ahead + timedelta(days=1)),  # brought there too, and the same record
    ]
    box = Outbox(sent)
    store.store_deliveries(connection, [box.deliver(1, 6)], NOW)
    findings = look(connection)
    assert findings.whole
    assert (findings.rows, findings.proven) == (3, 6)
    assert findings.why == {Why.DUPLICATE: 2, Why.REFUSED: 1, Why.ALTERED: 1}
    for again in (box.deliver(1, 6), box.deliver(2, 5)):
        store.store_deliveries(connection, [again], NOW)
    assert look(connection) == findings
    connection.execute("UPDATE reading SET value = 1 WHERE outbox_number = 4")
    assert faults(look(connection)) == [(FaultKind.CHANGED, 4, 4)]
    connection.execute("DELETE FROM reading WHERE outbox_number = 4")
    assert faults(look(connection)) == [(FaultKind.MISSING, 4, 4)]


def test_a_number_that_was_stored_is_never_noted_as_without_a_row(connection: psycopg.Connection[Any]) -> None:
    """Otherwise its row could be taken out, and nobody would miss it."""
    box = Outbox(create_mixed(20))
    store.store_deliveries(connection, [box.deliver(1, 10), box.deliver(5, 12)], NOW)
    store.store_deliveries(connection, [box.deliver(8, 20)], NOW)
    assert one(connection, "SELECT count(*) FROM chain_reading") == 0
    assert look(connection).whole


def test_the_way_of_a_dead_letter_does_not_break_the_chain(connection: psycopg.Connection[Any]) -> None:
    """Refused, then taken by a replay (here: its bytes were mended by hand), then changed by hand."""
    store.store_deliveries(connection, [Outbox([create_record(1), create_record(2, unit=Unit.KPA)]).deliver(1, 2)], NOW)
    assert look(connection).why == {Why.REFUSED: 1}
    payload = bytes(one(connection, "SELECT payload FROM dead_letter")).replace(b"kPa", b"mm[Hg]")
    connection.execute("UPDATE dead_letter SET payload = %s", (payload,))
    replay.replay(connection, one(connection, "SELECT dead_letter_id FROM dead_letter"), NOW)
    findings = look(connection)
    assert findings.whole
    assert (findings.rows, findings.proven) == (2, 2)
    connection.execute("UPDATE reading SET value = 1 WHERE outbox_number = 2")
    assert faults(look(connection)) == [(FaultKind.CHANGED, 2, 2)]


def test_what_was_given_up_and_what_retention_took_are_told_apart(connection: psycopg.Connection[Any]) -> None:
    old = [create_heard(n, measured_at=NOW - timedelta(days=500) + timedelta(hours=n)) for n in range(1, 21)]
    mixed = [reading for n, heard in enumerate(old) for reading in (heard, create_record(n))]
    box = Outbox(mixed)
    letters = [box.deliver(1, 10), box.deliver(15, 30, given_up=((11, 14),)), box.deliver(31, 40)]
    store.store_deliveries(connection, letters, NOW)
    assert sum(rows for _, _, rows in thin(connection, {"humidity": 31}, NOW)) == 18
    findings = look(connection)
    assert findings.whole
    assert (findings.given_up, findings.why, findings.rows) == (4, {Why.THINNED: 18}, 18)
    assert findings.proven == 36
    connection.execute("DELETE FROM reading WHERE outbox_number = 20")
    assert faults(look(connection)) == [(FaultKind.MISSING, 20, 20)]


def test_each_epoch_has_its_own_proof(connection: psycopg.Connection[Any]) -> None:
    """A replaced card: the meter's memory is read again under a new epoch, and sensors go on."""
    records = [create_record(n) for n in range(1, 11)]
    store.store_deliveries(connection, Outbox(records).all(), NOW)
    again = [*records, *(create_heard(n) for n in range(1, 6))]
    store.store_deliveries(connection, Outbox(again, epoch=5).all(), NOW)
    new, old = verify(connection, "home-1")
    assert (old.epoch, old.rows, old.proven) == (EPOCH, 10, 10)
    assert (new.epoch, new.rows, new.proven, new.why) == (5, 5, 15, {Why.DUPLICATE: 10})
    assert new.whole
    assert old.whole


def test_two_gateways_with_one_identity_are_noticed(connection: psycopg.Connection[Any]) -> None:
    one_box = Outbox([create_record(n) for n in range(1, 21)])
    other = Outbox([*one_box.readings[:10], *(create_record(n) for n in range(100, 110))])
    store.store_deliveries(connection, [one_box.deliver(1, 20)], NOW)
    store.store_deliveries(connection, [other.deliver(1, 10), other.deliver(11, 20)], NOW)
    assert look(connection).whole, "numbers that were delivered are not looked at again"
    longer = Outbox([*other.readings, create_record(111)])
    for strange in (
        [longer.deliver(21, 21)],
        [longer.deliver(15, 21)],
        [longer.deliver(16, 18), longer.deliver(1, 21)],
    ):
        stored = store.store_deliveries(connection, strange, NOW)
        ((_, receipt),) = stored.receipts
        assert (stored.readings, receipt.through) == (0, 20)
        assert receipt.links == ((20, one_box.links[20]),), "by this the second knows that these are not its own"
    assert look(connection).whole


def test_readings_of_before_the_chain_are_here_and_unproven(connection: psycopg.Connection[Any]) -> None:
    box = Outbox([create_record(n) for n in range(1, 31)])
    message = ReadingsMessage(epoch=EPOCH, first=1, sent_at=NOW, readings=tuple(box.readings[:10]))
    store.store_deliveries(connection, [open_readings(topic("gw-1", READINGS), encode(message), NOW)], NOW)
    store.store_deliveries(connection, [box.deliver(11, 30)], NOW)
    findings = look(connection)
    assert findings.whole
    assert (findings.before_chain, findings.proven) == (10, 20)


def test_one_reading_a_message_keeps_one_hash_in_sixteen(connection: psycopg.Connection[Any]) -> None:
    box = Outbox([create_record(n) for n in range(1, 101)])
    store.store_deliveries(connection, box.all(size=1), NOW)
    assert one(connection, "SELECT count(*) FROM chain_head") == 100 // 16 + 2
    assert look(connection).proven == 100


def test_a_home_that_is_not_there(connection: psycopg.Connection[Any]) -> None:
    with pytest.raises(NotFound, match="there is no home nowhere"):
        list(verify(connection, "nowhere"))
    assert list(verify(connection, "home-1")) == []


def test_a_month_sent_again_changes_no_row_of_any_table(connection: psycopg.Connection[Any], any_database: str) -> None:
    """Whatever was made of it, detection's list of what to look at included: no news, no alert, no visit."""
    month = [
        msgspec.structs.replace(reading, measured_at=NOW - timedelta(days=30) + timedelta(minutes=43 * n))
        for n, reading in enumerate(create_mixed(999))
    ]
    box = Outbox(month)
    for letter in box.all(50):
        store.store_deliveries(connection, [letter], NOW)
    connection.execute("DELETE FROM detection_due")  # detection has looked
    before = everything(any_database)
    assert len(before["reading"]) == 999
    for size in (50, 7, 100):
        again = box.all(size)
        random.Random(size).shuffle(again)
        stored = store.store_deliveries(connection, again, NOW + timedelta(seconds=5))
        assert (stored.readings, stored.duplicates) == (0, 999)
        assert [receipt.through for _, receipt in stored.receipts] == [999]
    assert everything(any_database) == before
    assert look(connection).proven == 999
