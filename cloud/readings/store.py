"""Readings, outbox streams, dead letters and gateway status: all their SQL.

Replays, duplicates and reordering change nothing, for two reasons that do not lean on each other: a place in an outbox
(gateway, epoch, number) that is stored is not stored again, and a measurement (device, metric, record_key) is one row.
What a measurement is by stands in a table of its own (`identities`), so that the rows can go to the hypertable as fast
as COPY takes them, and lie compressed there.
"""

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import partial
from itertools import chain as chain_of
from itertools import repeat
from typing import Any

import numpy as np
import psycopg
from numpy.typing import NDArray

from cloud.db import names
from cloud.db.arrays import Bigints, Instants, Integers, Texts
from cloud.readings.chain import store as chain
from cloud.readings.chain.one_chain import of_one_chain
from cloud.readings.columns import CODE_OF, columns_of
from cloud.readings.homes.store import Homes, forget_homes, homes_of, learn_devices, learn_gateways
from cloud.readings.identities.store import Identities, claim, decided
from cloud.readings.model import Delivery, Stored
from cloud.readings.naming import as_things_stand, with_links
from cloud.readings.ownership import LookUp, file
from cloud.readings.receipt import closed
from cloud.readings.record_keys import record_keys
from cloud.readings.rows import COLUMNS, Place, Rows, encode_rows
from cloud.readings.unsure.store import ask_whether_severe
from cloud.registry import store as registry
from cloud.registry.whose import BODY_METRICS
from protocols.reading import Reading
from protocols.telemetry.messages import Receipt

Connection = psycopg.Connection[tuple[Any, ...]]
Stream = tuple[str, int]
"""An outbox: gateway and epoch."""
Places = NDArray[np.intp]
"""In the readings of a batch."""

_MEASURED = [CODE_OF[metric.value] for metric in BODY_METRICS]
_COPY_READINGS = f"COPY reading ({COLUMNS}) FROM STDIN (FORMAT binary)".encode()
_HELD = """
SELECT place - 1, stored - given_up @> int8range(first, last, '[]')
    AND EXISTS (SELECT FROM unnest(stored - given_up) AS run
                WHERE run @> last AND (NOT chained OR EXISTS (
                    SELECT FROM chain_head h WHERE h.gateway_id = delivery.gateway_id AND h.epoch = delivery.epoch
                                               AND h.number >= last AND h.number < upper(run))))
FROM unnest(%(gateways)s, %(epochs)s, %(firsts)s, %(lasts)s, %(chained)s::boolean[])
    WITH ORDINALITY AS delivery (gateway_id, epoch, first, last, chained, place)
JOIN outbox_stream USING (gateway_id, epoch)
WHERE stored - given_up && int8range(first, last, '[]')
"""
_ASK_DETECTION = """
INSERT INTO detection_due (elder_id, since, asked_at, events_only)
SELECT elder_id, since, %(now)s, NOT measured
FROM unnest(%(elders)s, %(since)s, %(measured)s::boolean[]) AS news (elder_id, since, measured)
ORDER BY elder_id
ON CONFLICT (elder_id) DO UPDATE
SET since = LEAST(detection_due.since, EXCLUDED.since), asked_at = EXCLUDED.asked_at,
    events_only = detection_due.events_only AND EXCLUDED.events_only
"""
# `stored` holds what was given up as well; `stored - given_up` is what came. A message may come before or after the
# word that its numbers were given up: what came is never called given up.
_EXTEND_STREAMS = """
INSERT INTO outbox_stream (gateway_id, epoch, stored, given_up, readings)
SELECT gateway_id, epoch, range_agg(span),
       COALESCE(range_agg(span) FILTER (WHERE lost) - range_agg(span) FILTER (WHERE NOT lost),
                range_agg(span) FILTER (WHERE lost), '{}'),
       sum(rows)
FROM (SELECT gateway_id, epoch, int8range(first, last, '[]') AS span, lost, rows
      FROM unnest(%(gateways)s, %(epochs)s, %(firsts)s, %(lasts)s, %(lost)s::boolean[],
                  %(rows)s) AS told (gateway_id, epoch, first, last, lost, rows)) AS delivery
GROUP BY gateway_id, epoch ORDER BY gateway_id, epoch
ON CONFLICT (gateway_id, epoch) DO UPDATE
SET stored = outbox_stream.stored + EXCLUDED.stored,
    given_up = outbox_stream.given_up + (EXCLUDED.given_up - outbox_stream.stored)
               - (EXCLUDED.stored - EXCLUDED.given_up),
    readings = outbox_stream.readings + EXCLUDED.readings
RETURNING gateway_id, epoch, stored::text, (stored - given_up)::text
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
    try:
        return _store(connection, deliveries, now)
    except BaseException:
        forget_homes(connection)
        raise


def _store(connection: Connection, deliveries: Sequence[Delivery], now: datetime) -> Stored:
    with connection.transaction():
        homes = homes_of(connection)
        known = learn_gateways(connection, homes, {delivery.gateway for delivery in deliveries})
        strangers = [delivery for delivery in deliveries if delivery.gateway not in known]
        for delivery in strangers:
            _bury_stranger(connection, delivery, now)
        welcome = [delivery for delivery in deliveries if delivery.gateway in known]
        new, refused = of_one_chain(connection, *_not_stored_yet(connection, welcome), now)
        if refused:
            welcome = [delivery for delivery in welcome if delivery not in refused]
        if new:
            chain.note_odd(connection, new)
        made = _insert(connection, homes, new, now) if new else Counter()
        rows = made.total()
        faulty = [delivery for delivery in new if delivery.fault]
        for delivery in faulty:
            bury(connection, delivery.topic, delivery.payload, delivery.fault or "", at=now)
        receipts = _extend_streams(connection, welcome, made, new) if welcome else []
        receipts += as_things_stand(connection, refused, welcome)
        connection.execute(_HEARD, {"now": now, "gateways": Texts.of([gateway.encode() for gateway in known])})
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
    try:
        with connection.transaction():
            homes = homes_of(connection)
            if not learn_gateways(connection, homes, [delivery.gateway]):
                return None
            made = _insert(connection, homes, [delivery], now, again=True)
            rows = made.total()
            receipts = _extend_streams(connection, [delivery], made, [])
    finally:
        forget_homes(connection)  # the caller's transaction may yet be rolled back
    return Stored(readings=rows, duplicates=len(delivery.readings) - rows, dead_letters=0, receipts=tuple(receipts))


def _bury_stranger(connection: Connection, delivery: Delivery, now: datetime) -> None:
    reason = f"gateway {delivery.gateway} is not registered; register it and its outbox will be taken"
    # One row a gateway, however often it tries: the readings themselves are safe in its outbox.
    bury(connection, delivery.topic, delivery.payload, reason, at=now, identity=b"unknown gateway")


def _not_stored_yet(connection: Connection, deliveries: Sequence[Delivery]) -> tuple[list[Delivery], list[Delivery]]:
    """`deliveries` without those whose numbers were all delivered: a replay costs one look. And those of them of which
    some numbers were. Where no running hash says whose numbers they are, they count as not delivered."""
    with_numbers = [delivery for delivery in deliveries if delivery.count]
    found = connection.execute(
        _HELD,
        {
            "gateways": Texts.of([delivery.gateway.encode() for delivery in with_numbers]),
            "epochs": Bigints.of([delivery.epoch for delivery in with_numbers]),
            "firsts": Bigints.of([delivery.first for delivery in with_numbers]),
            "lasts": Bigints.of([delivery.first + delivery.count - 1 for delivery in with_numbers]),
            "chained": [delivery.chain is not None for delivery in with_numbers],
        },
    )
    held: dict[int, bool] = dict(found.fetchall())
    return (
        [delivery for place, delivery in enumerate(with_numbers) if not held.get(place, False)],
        [with_numbers[place] for place, whole in held.items() if not whole],
    )


def _insert(
    connection: Connection, homes: Homes, deliveries: Sequence[Delivery], now: datetime, *, again: bool = False
) -> Counter[Stream]:
    """New rows by outbox. Asks detection to look at their elders. `again`: some of them were refused before."""
    readings = [reading for delivery in deliveries for reading in delivery.readings]
    if not readings:
        return Counter()
    columns = columns_of(readings)
    counts = [len(delivery.readings) for delivery in deliveries]
    delivery_of = np.repeat(np.arange(len(deliveries)), counts)
    gateways = chain_of.from_iterable(
        repeat(delivery.gateway, count) for delivery, count in zip(deliveries, counts, strict=True)
    )
    devices = list(zip(gateways, columns.devices, strict=True))
    learn_devices(connection, homes, devices)
    device_ids = np.array([homes.devices[device] for device in devices])
    keys = record_keys(columns)
    look_up = LookUp(partial(decided, connection), partial(registry.bands, connection))
    filed = file(readings, device_ids, keys, homes.wearings, look_up)
    rows = Rows(
        columns=columns,
        device_ids=device_ids,
        record_keys=keys,
        epochs=np.array([delivery.epoch for delivery in deliveries])[delivery_of],
        numbers=np.concatenate([np.array(delivery.numbers, np.int64) for delivery in deliveries]),
        owners=filed.owners,
        owner_of=filed.of,
        gateways=[delivery.gateway for delivery in deliveries],
        gateway_of=delivery_of,
    )
    new = _claimed(connection, rows)
    _note_proof(connection, rows, readings, new, again=again)
    if len(new):
        with connection.cursor() as cursor, cursor.copy(_COPY_READINGS) as copy:
            copy.write(encode_rows(rows, new, now))
        _ask_detection(connection, rows, new, now)
        ask_whether_severe(connection, filed.asked, filed.answers, now)
    made: Counter[Stream] = Counter()
    for delivery, count in zip(deliveries, np.bincount(delivery_of[new], minlength=len(deliveries)), strict=True):
        made[delivery.gateway, delivery.epoch] += int(count)
    return made


def _claimed(connection: Connection, rows: Rows) -> Places:
    """The places in `rows` of those that are new, in the order of their identities; of equal ones the first."""
    devices, keys, metrics = rows.device_ids, rows.record_keys, rows.columns.metrics
    order = np.lexsort((metrics, keys, devices))
    differs = [np.diff(column[order]) != 0 for column in (devices, keys, metrics)]
    chosen: Places = order[np.concatenate([[True], np.logical_or.reduce(differs)])]
    identities = Identities(devices[chosen], keys[chosen], metrics[chosen], rows.columns.measured_us[chosen])
    known = claim(connection, identities)
    if known:
        chosen = chosen[np.array([identity not in known for identity in identities.each()])]
    return chosen


def _note_proof(connection: Connection, rows: Rows, readings: Sequence[Reading], new: Places, *, again: bool) -> None:
    """Keeps what the proof needs of readings that get no row, and of such as got none before."""
    if len(new) < len(readings):
        doubled = np.setdiff1d(np.arange(len(readings)), new)
        made = set(_places(rows, new))
        chain.note_duplicates(
            connection,
            {
                place: readings[at]
                for place, at in zip(_places(rows, doubled), doubled.tolist(), strict=True)
                if place not in made
            },
        )
    if again:
        places = _places(rows, new)
        chain.note_rows_of_refused(
            connection, {place: readings[at] for place, at in zip(places, new.tolist(), strict=True)}
        )


def _places(rows: Rows, chosen: Places) -> list[Place]:
    gateways = [rows.gateways[of] for of in rows.gateway_of[chosen].tolist()]
    return list(map(Place, gateways, rows.epochs[chosen].tolist(), rows.numbers[chosen].tolist()))


def _ask_detection(connection: Connection, rows: Rows, new: Places, now: datetime) -> None:
    """With the earliest new reading of each elder, and whether anything was measured on them."""
    elders = np.array([owner.elder_id or 0 for owner in rows.owners])[rows.owner_of[new]]  # ids begin at 1
    somebodys = elders > 0
    if not somebodys.any():
        return
    known, of = np.unique(elders[somebodys], return_inverse=True)
    earliest = np.full(len(known), np.iinfo(np.int64).max)
    np.minimum.at(earliest, of, rows.columns.measured_us[new][somebodys])
    measured = np.zeros(len(known), dtype=np.bool_)
    measured[of[np.isin(rows.columns.metrics[new][somebodys], _MEASURED)]] = True
    connection.execute(
        _ASK_DETECTION,
        {
            "now": now,
            "elders": Integers.of(known),
            "since": Instants.of(earliest),
            "measured": measured.tolist(),
        },
    )
    connection.execute(
        "SELECT pg_notify(%s, elder_id::text) FROM unnest(%s) AS elder_id", (names.NEW_READINGS, Integers.of(known))
    )


def _extend_streams(
    connection: Connection, deliveries: Sequence[Delivery], made: Counter[Stream], fitting: Sequence[Delivery]
) -> list[tuple[str, Receipt]]:
    """`fitting` are those of `deliveries` whose hashes are kept now. What the others say of numbers that are stored
    was compared with nothing: a receipt with it would tell a copied card that the other's readings are its own."""
    left = dict(made)
    spans = [
        (delivery.gateway, delivery.epoch, first, last, lost)
        for delivery in deliveries
        for first, last, lost in _spans(delivery)
    ]
    gateways, epochs, firsts, lasts, lost = zip(*spans, strict=True)
    found = connection.execute(
        _EXTEND_STREAMS,
        {
            "gateways": Texts.of([gateway.encode() for gateway in gateways]),
            "epochs": Bigints.of(epochs),
            "firsts": Bigints.of(firsts),
            "lasts": Bigints.of(lasts),
            "lost": list(lost),
            # once for each outbox, with its first span
            "rows": Bigints.of([left.pop(stream, 0) for stream in zip(gateways, epochs, strict=True)]),
        },
    )
    told = {
        (delivery.gateway, delivery.epoch, delivery.first + delivery.count - 1): delivery.chain[1]
        for delivery in fitting
        if delivery.chain is not None
    }
    return with_links(
        connection, [(gateway, epoch, closed(stored), closed(came)) for gateway, epoch, stored, came in found], told
    )


def _spans(delivery: Delivery) -> Iterator[tuple[int, int, bool]]:
    """First and last number, and whether they were given up."""
    if delivery.count:
        yield delivery.first, delivery.first + delivery.count - 1, False
    for first, last in delivery.given_up:
        yield first, last, True


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
