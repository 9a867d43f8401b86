"""Readings, outbox streams, dead letters and gateway status: all their SQL.

Replays, duplicates and reordering change nothing, for two reasons that do not lean on each other: a place in an outbox
(gateway, epoch, number) that is stored is not stored again, and a measurement (device, metric, record_key) is one row.
The primary key holds `measured_at` too, because a hypertable must; so a record that a meter gave again, with its clock
corrected otherwise, is found by the key without it.
"""

import hashlib
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from functools import partial
from typing import Any

import psycopg
from psycopg.types.multirange import Multirange

from cloud.db import names
from cloud.readings.model import Delivery, Stored
from cloud.readings.ownership import Act, Line, LookUp, owners_of
from cloud.readings.receipt import holds, receipt_of
from cloud.registry import store as registry
from cloud.registry.whose import BODY_METRICS, Whose, Why
from protocols.reading import record_key, record_key_without_user
from protocols.telemetry.messages import Receipt

Connection = psycopg.Connection[tuple[Any, ...]]

MAX_DEVICES_OF_GATEWAY = 500
"""A gateway that names more is broken or hostile."""

DEVICE_LOCK = 0x0D5  # first half of the advisory locks that stand for one device's memory
_FIRST_HEARD_KEY = 1 << 62  # protocols.reading: from here on the key holds the time of hearing itself

_CREATE_INCOMING = """
CREATE TEMP TABLE IF NOT EXISTS incoming (
    place integer GENERATED ALWAYS AS IDENTITY, device_id integer, metric text, record_key bigint,
    measured_at timestamptz, value double precision, elder_id integer, wearer_certainty real, wearer_why text,
    flags text[], meal text, user_slot integer,
    device_time timestamp, clock_offset_s double precision, sequence integer, received_at timestamptz,
    gateway_id text, epoch bigint, outbox_number bigint
) ON COMMIT DELETE ROWS
"""
_COPY_INCOMING = """
COPY incoming (device_id, metric, record_key, measured_at, value, elder_id, wearer_certainty, wearer_why, flags, meal,
               user_slot, device_time, clock_offset_s, sequence, received_at, gateway_id, epoch, outbox_number)
FROM STDIN
"""
# A value that was heard carries its time in its key, so the primary key alone tells it; only records are looked up.
# A row from the time when users were no part of the key is the same record where its user is the same.
_DROP_KNOWN_RECORDS = """
DELETE FROM incoming i USING reading r
WHERE i.record_key < %(heard)s AND r.device_id = i.device_id AND r.metric = i.metric
AND r.record_key = ANY(ARRAY[i.record_key, i.record_key & %(without_user)s])
AND (r.record_key = i.record_key OR r.user_slot = i.user_slot)
"""
# In the order of the key, so that two ingesters that hold the same rows wait for each other and do not deadlock.
_INSERT_READINGS = """
INSERT INTO reading (device_id, metric, record_key, measured_at, value, elder_id, wearer_certainty, wearer_why, flags,
                     meal, user_slot, device_time, clock_offset_s, sequence, received_at, stored_at, gateway_id, epoch,
                     outbox_number)
SELECT DISTINCT ON (i.device_id, i.metric, i.record_key)
       i.device_id, i.metric, i.record_key, i.measured_at, i.value,
       i.elder_id, i.wearer_certainty, i.wearer_why,
       i.flags, i.meal, i.user_slot, i.device_time, i.clock_offset_s, i.sequence, i.received_at, %(now)s,
       i.gateway_id, i.epoch, i.outbox_number
FROM incoming i
ORDER BY i.device_id, i.metric, i.record_key, i.place
ON CONFLICT DO NOTHING
RETURNING elder_id, measured_at
"""
_ASK_DETECTION = """
INSERT INTO detection_due (elder_id, since, asked_at)
SELECT elder_id, since, %(now)s FROM unnest(%(elders)s::integer[], %(since)s::timestamptz[]) AS news (elder_id, since)
ORDER BY elder_id
ON CONFLICT (elder_id) DO UPDATE
SET since = LEAST(detection_due.since, EXCLUDED.since), asked_at = EXCLUDED.asked_at
"""
# `stored` holds what was given up as well; `stored - given_up` is what came. A message may come before or after the
# word that its numbers were given up: what came is never called given up.
_EXTEND_STREAMS = """
INSERT INTO outbox_stream (gateway_id, epoch, stored, given_up)
SELECT gateway_id, epoch, range_agg(span),
       COALESCE(range_agg(span) FILTER (WHERE lost) - range_agg(span) FILTER (WHERE NOT lost),
                range_agg(span) FILTER (WHERE lost), '{}')
FROM (SELECT gateway_id, epoch, int8range(first, last, '[]') AS span, lost
      FROM unnest(%(gateways)s::text[], %(epochs)s::bigint[], %(firsts)s::bigint[], %(lasts)s::bigint[],
                  %(lost)s::boolean[]) AS told (gateway_id, epoch, first, last, lost)) AS delivery
GROUP BY gateway_id, epoch ORDER BY gateway_id, epoch
ON CONFLICT (gateway_id, epoch) DO UPDATE
SET stored = outbox_stream.stored + EXCLUDED.stored,
    given_up = outbox_stream.given_up + (EXCLUDED.given_up - outbox_stream.stored)
               - (EXCLUDED.stored - EXCLUDED.given_up)
RETURNING gateway_id, epoch, stored
"""
# A home that sends is heard. Not written more often than the board can show; a row that somebody else is writing
# is left to them.
_HEARD = """
UPDATE gateway SET heard_at = %(now)s WHERE gateway_id IN (
    SELECT gateway_id FROM gateway
    WHERE gateway_id = ANY(%(gateways)s) AND (heard_at IS NULL OR heard_at < %(now)s - INTERVAL '10 seconds')
    ORDER BY gateway_id FOR NO KEY UPDATE SKIP LOCKED)
"""


def store_deliveries(connection: Connection, deliveries: Sequence[Delivery], now: datetime) -> Stored:
    """All of `deliveries` in one transaction; `now` becomes their `stored_at`.

    A delivery of an unknown gateway is buried and gets no receipt, so that its home keeps everything until somebody
    registers it. A device that its gateway names for the first time becomes a device of kind `unknown`; its readings
    are kept, and belong to nobody yet. Numbers that an outbox gave up go into its receipt. Raises DatabaseAway, and
    psycopg.DataError for a value that no row holds.
    """
    with connection.transaction():
        known = _known_gateways(connection, deliveries)
        strangers = [delivery for delivery in deliveries if delivery.gateway not in known]
        for delivery in strangers:
            _bury_stranger(connection, delivery, now)
        welcome = [delivery for delivery in deliveries if delivery.gateway in known]
        new = _not_stored_yet(connection, welcome)
        rows = _insert(connection, new, now) if new else 0
        faulty = [delivery for delivery in new if delivery.fault]
        for delivery in faulty:
            bury(connection, delivery.topic, delivery.payload, delivery.fault or "", at=now)
        receipts = _extend_streams(connection, welcome) if welcome else []
        connection.execute(_HEARD, {"now": now, "gateways": list(known)})
    sent = sum(len(delivery.readings) for delivery in welcome)
    return Stored(
        readings=rows,
        duplicates=sent - rows,
        dead_letters=len(strangers) + len(faulty),
        receipts=tuple(receipts),
    )


def store_again(connection: Connection, delivery: Delivery, now: datetime) -> Stored | None:
    """The readings of a dead letter; None where its gateway is still unknown.

    Its places in the outbox may count as stored, because a letter that was buried got its receipt; so each reading is
    looked at by itself. Nothing is buried anew. Raises DatabaseAway, psycopg.DataError and psycopg.IntegrityError,
    and has then changed nothing.
    """
    with connection.transaction():
        if not _known_gateways(connection, [delivery]):
            return None
        rows = _insert(connection, [delivery], now)
        receipts = _extend_streams(connection, [delivery])
    return Stored(readings=rows, duplicates=len(delivery.readings) - rows, dead_letters=0, receipts=tuple(receipts))


def _known_gateways(connection: Connection, deliveries: Sequence[Delivery]) -> set[str]:
    found = connection.execute(
        "SELECT gateway_id FROM gateway WHERE gateway_id = ANY(%s)",
        (list({delivery.gateway for delivery in deliveries}),),
    )
    return {gateway for (gateway,) in found}


def _bury_stranger(connection: Connection, delivery: Delivery, now: datetime) -> None:
    reason = f"gateway {delivery.gateway} is not registered; register it and its outbox will be taken"
    # One row a gateway, however often it tries: the readings themselves are safe in its outbox.
    bury(connection, delivery.topic, delivery.payload, reason, at=now, identity=b"unknown gateway")


def _not_stored_yet(connection: Connection, deliveries: Sequence[Delivery]) -> list[Delivery]:
    """`deliveries` without those whose numbers were all delivered: a replay costs one look."""
    held = {
        (gateway, epoch): _closed(stored)
        for gateway, epoch, stored in connection.execute(
            "SELECT gateway_id, epoch, stored - given_up FROM outbox_stream "
            "WHERE gateway_id = ANY(%s) AND epoch = ANY(%s)",
            ([delivery.gateway for delivery in deliveries], [delivery.epoch for delivery in deliveries]),
        )
    }
    return [
        delivery
        for delivery in deliveries
        if delivery.count
        and not holds(
            held.get((delivery.gateway, delivery.epoch), ()), delivery.first, delivery.first + delivery.count - 1
        )
    ]


def _insert(connection: Connection, deliveries: Sequence[Delivery], now: datetime) -> int:
    """The number of new rows. Asks detection to look at their elders."""
    devices = _device_ids(connection, deliveries)
    places = [(delivery, numbered) for delivery in deliveries for numbered in delivery.readings]
    lines = [
        Line(devices[delivery.gateway, numbered.reading.device], record_key(numbered.reading), numbered.reading)
        for delivery, numbered in places
    ]
    records = {line.device_id for line in lines if line.record_key < _FIRST_HEARD_KEY}
    if records:
        _lock_memories(connection, sorted(records))
    wearings = registry.wearings(connection, {line.device_id for line in lines})
    look_up = LookUp(partial(_decided, connection), partial(registry.bands, connection))
    owners = owners_of(lines, wearings, look_up)
    connection.execute(_CREATE_INCOMING)
    with connection.cursor() as cursor, cursor.copy(_COPY_INCOMING) as copy:
        for (delivery, numbered), line, owner in zip(places, lines, owners, strict=True):
            reading = line.reading
            copy.write_row(
                (
                    line.device_id,
                    reading.metric.value,
                    line.record_key,
                    reading.measured_at,
                    reading.value,
                    owner.elder_id,
                    owner.certainty,
                    owner.why.value,
                    [flag.value for flag in reading.flags],
                    reading.meal.value if reading.meal else None,
                    reading.user_slot,
                    reading.device_time,
                    reading.clock_offset_s,
                    reading.sequence,
                    reading.received_at,
                    delivery.gateway,
                    delivery.epoch,
                    numbered.number,
                )
            )
    if records:
        _drop_known_records(connection)
    rows = connection.execute(_INSERT_READINGS, {"now": now}).fetchall()
    _ask_detection(connection, rows, now)
    return len(rows)


def _device_ids(connection: Connection, deliveries: Sequence[Delivery]) -> dict[tuple[str, str], int]:
    """Device ids by gateway and name; rows are made for names that are new."""
    wanted = {(delivery.gateway, item.reading.device) for delivery in deliveries for item in delivery.readings}
    gateways = sorted({gateway for gateway, _ in wanted})

    def load() -> dict[tuple[str, str], int]:
        found = connection.execute(
            "SELECT gateway_id, name, device_id FROM device WHERE gateway_id = ANY(%s)", (gateways,)
        )
        return {(gateway, name): device_id for gateway, name, device_id in found}

    known = load()
    new = sorted(wanted - known.keys())
    if not new:
        return known
    for gateway in gateways:
        count = sum(1 for owner, _ in [*known, *new] if owner == gateway)
        if count > MAX_DEVICES_OF_GATEWAY:
            raise psycopg.DataError(f"gateway {gateway} names {count} devices, at most {MAX_DEVICES_OF_GATEWAY}")
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO device (gateway_id, name, kind) VALUES (%s, %s, 'unknown') ON CONFLICT DO NOTHING", new
        )
    return load()


def _decided(connection: Connection, acts: Collection[Act]) -> dict[Act, Whose]:
    """Whose the records are of which some value is stored."""
    rows = connection.execute(
        "SELECT DISTINCT ON (device_id, record_key) device_id, record_key, elder_id, wearer_certainty, wearer_why "
        "FROM reading JOIN unnest(%s::integer[], %s::bigint[]) AS act (device_id, record_key) "
        "USING (device_id, record_key) WHERE metric = ANY(%s)",
        ([device for device, _ in acts], [key for _, key in acts], sorted(BODY_METRICS)),
    )
    return {(device, key): Whose(elder, certainty, Why(why)) for device, key, elder, certainty, why in rows}


def _lock_memories(connection: Connection, devices: list[int]) -> None:
    """Keeps a second ingester from storing the same record, or giving it to somebody else, before our COMMIT."""
    connection.execute(
        "SELECT pg_advisory_xact_lock(%s, device_id) FROM unnest(%s::integer[]) AS device_id", (DEVICE_LOCK, devices)
    )


def _drop_known_records(connection: Connection) -> None:
    """Removes from `incoming` what a meter's memory gave before, with whatever correction of its clock."""
    # A fresh temporary table has no statistics; left alone, the planner may read the whole history to drop a few rows.
    connection.execute("SET LOCAL enable_hashjoin = off")
    connection.execute("SET LOCAL enable_mergejoin = off")
    connection.execute("SET LOCAL enable_seqscan = off")
    connection.execute(
        _DROP_KNOWN_RECORDS,
        {"heard": _FIRST_HEARD_KEY, "without_user": record_key_without_user(_FIRST_HEARD_KEY - 1)},
    )


def _ask_detection(connection: Connection, rows: Sequence[tuple[Any, ...]], now: datetime) -> None:
    since: dict[int, datetime] = {}
    for elder, measured_at in rows:
        if elder is not None:
            since[elder] = min(measured_at, since.get(elder, measured_at))
    if not since:
        return
    elders = sorted(since)
    connection.execute(_ASK_DETECTION, {"now": now, "elders": elders, "since": [since[elder] for elder in elders]})
    connection.execute(
        "SELECT pg_notify(%s, elder_id::text) FROM unnest(%s::integer[]) AS elder_id", (names.NEW_READINGS, elders)
    )


def _extend_streams(connection: Connection, deliveries: Sequence[Delivery]) -> list[tuple[str, Receipt]]:
    spans = [
        (delivery.gateway, delivery.epoch, first, last, lost)
        for delivery in deliveries
        for first, last, lost in _spans(delivery)
    ]
    gateways, epochs, firsts, lasts, lost = zip(*spans, strict=True)
    found = connection.execute(
        _EXTEND_STREAMS,
        {
            "gateways": list(gateways),
            "epochs": list(epochs),
            "firsts": list(firsts),
            "lasts": list(lasts),
            "lost": list(lost),
        },
    )
    return [(gateway, receipt_of(epoch, _closed(stored))) for gateway, epoch, stored in found]


def _spans(delivery: Delivery) -> Iterator[tuple[int, int, bool]]:
    """First and last number, and whether they were given up."""
    if delivery.count:
        yield delivery.first, delivery.first + delivery.count - 1, False
    for first, last in delivery.given_up:
        yield first, last, True


def _closed(stored: Multirange[int]) -> list[tuple[int, int]]:
    """PostgreSQL gives half-open ranges in rising order; closed ones as the contract has them."""
    return [(part.lower, part.upper - 1) for part in stored if part.lower is not None and part.upper is not None]


def bury(
    connection: Connection,
    topic: str,
    payload: bytes,
    reason: str,
    *,
    at: datetime | None = None,
    identity: bytes | None = None,
) -> None:
    """Keeps a letter that cannot be used, with its reason. The same letter again is counted, not kept twice.

    `identity` says what makes letters of this topic the same, where that is not all their bytes; the newest is kept.
    """
    digest = hashlib.sha256(topic.encode() + b"\0" + (payload if identity is None else identity)).digest()
    with connection.transaction():
        connection.execute(
            "INSERT INTO dead_letter (topic, payload, digest, reason, first_at, last_at) "
            "VALUES (%(topic)s, %(payload)s, %(digest)s, %(reason)s, COALESCE(%(at)s, now()), COALESCE(%(at)s, now())) "
            "ON CONFLICT (digest) DO UPDATE SET times = dead_letter.times + 1, last_at = EXCLUDED.last_at, "
            "payload = EXCLUDED.payload, reason = EXCLUDED.reason, replayed_at = NULL",
            {"topic": topic, "payload": payload, "digest": digest, "reason": reason.replace("\0", "\\0"), "at": at},
        )


def note_status(connection: Connection, gateway: str, status: str, online: bool, said_at: datetime) -> bool:
    """Keeps a gateway's newest status (JSON text); False where no such gateway is registered.

    A heartbeat that is not newer than the kept one changes nothing: the broker gives the last one again to everybody
    who subscribes. A farewell or last will carries the time of its making, so it is taken as it comes, and leaves
    `heard_at` as it is.
    """
    with connection.transaction():
        row = connection.execute(
            "SELECT online, (status ->> 'at')::timestamptz FROM gateway WHERE gateway_id = %s FOR NO KEY UPDATE",
            (gateway,),
        ).fetchone()
        if row is None:
            return False
        was_online, kept_at = row
        if online and kept_at is not None and said_at <= kept_at:
            return True
        if online:
            connection.execute(
                "UPDATE gateway SET online = true, heard_at = GREATEST(heard_at, %(at)s), status = %(status)s::jsonb "
                "WHERE gateway_id = %(gateway)s",
                {"at": said_at, "status": status, "gateway": gateway},
            )
        else:
            connection.execute(
                "UPDATE gateway SET online = false, status = status || "
                "jsonb_build_object('online', false, 'reason', %(status)s::jsonb -> 'reason') "
                "WHERE gateway_id = %(gateway)s",
                {"status": status, "gateway": gateway},
            )
        if online != was_online:
            connection.execute(names.NOTIFY, (names.STATUS, gateway))
    return True
