"""Readings, outbox streams, dead letters and gateway status: all their SQL.

Replays, duplicates and reordering change nothing, for two reasons that do not lean on each other: a place in an outbox
(gateway, epoch, number) that is stored is not stored again, and a measurement (device, metric, record_key) is one row.
What a measurement is by stands in a table of its own (`identities`), so that the rows can go to the hypertable as fast
as COPY takes them, and lie compressed there.
"""

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

import psycopg

from cloud.db import names
from cloud.db.arrays import Bigints, Instants, Integers, Texts
from cloud.readings.chain import store as chain
from cloud.readings.homes.store import Homes, forget_homes, homes_of, learn_devices, learn_gateways
from cloud.readings.identities.store import Identity, claim, decided
from cloud.readings.model import Delivery, Stored
from cloud.readings.ownership import Line, LookUp, owners_of
from cloud.readings.receipt import receipt_of
from cloud.readings.rows import COLUMNS, HEADER, TRAILER, Place, encode_instant, encode_row, microseconds_since_2000
from cloud.readings.unsure.store import ask_whether_severe
from cloud.registry import store as registry
from protocols.reading import record_key
from protocols.telemetry.messages import Receipt

Connection = psycopg.Connection[tuple[Any, ...]]
Stream = tuple[str, int]
"""An outbox: gateway and epoch."""

_COPY_READINGS = f"COPY reading ({COLUMNS}) FROM STDIN (FORMAT binary)".encode()
_HELD = """
SELECT place FROM unnest(%(gateways)s, %(epochs)s, %(firsts)s, %(lasts)s)
    WITH ORDINALITY AS delivery (gateway_id, epoch, first, last, place)
JOIN outbox_stream USING (gateway_id, epoch)
WHERE stored - given_up @> int8range(first, last, '[]')
"""
_ASK_DETECTION = """
INSERT INTO detection_due (elder_id, since, asked_at)
SELECT elder_id, since, %(now)s FROM unnest(%(elders)s, %(since)s) AS news (elder_id, since)
ORDER BY elder_id
ON CONFLICT (elder_id) DO UPDATE
SET since = LEAST(detection_due.since, EXCLUDED.since), asked_at = EXCLUDED.asked_at
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
RETURNING gateway_id, epoch, stored::text
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
        new = _not_stored_yet(connection, welcome)
        if new:
            chain.note_heads(connection, new, now)
            chain.note_odd(connection, new)
        made = _insert(connection, homes, new, now) if new else Counter()
        rows = made.total()
        faulty = [delivery for delivery in new if delivery.fault]
        for delivery in faulty:
            bury(connection, delivery.topic, delivery.payload, delivery.fault or "", at=now)
        receipts = _extend_streams(connection, welcome, made) if welcome else []
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
            receipts = _extend_streams(connection, [delivery], made)
    finally:
        forget_homes(connection)  # the caller's transaction may yet be rolled back
    return Stored(readings=rows, duplicates=len(delivery.readings) - rows, dead_letters=0, receipts=tuple(receipts))


def _bury_stranger(connection: Connection, delivery: Delivery, now: datetime) -> None:
    reason = f"gateway {delivery.gateway} is not registered; register it and its outbox will be taken"
    # One row a gateway, however often it tries: the readings themselves are safe in its outbox.
    bury(connection, delivery.topic, delivery.payload, reason, at=now, identity=b"unknown gateway")


def _not_stored_yet(connection: Connection, deliveries: Sequence[Delivery]) -> list[Delivery]:
    """`deliveries` without those whose numbers were all delivered: a replay costs one look."""
    with_numbers = [delivery for delivery in deliveries if delivery.count]
    found = connection.execute(
        _HELD,
        {
            "gateways": Texts.of([delivery.gateway.encode() for delivery in with_numbers]),
            "epochs": Bigints.of([delivery.epoch for delivery in with_numbers]),
            "firsts": Bigints.of([delivery.first for delivery in with_numbers]),
            "lasts": Bigints.of([delivery.first + delivery.count - 1 for delivery in with_numbers]),
        },
    )
    held = {place - 1 for (place,) in found}
    return [delivery for place, delivery in enumerate(with_numbers) if place not in held]


def _insert(
    connection: Connection, homes: Homes, deliveries: Sequence[Delivery], now: datetime, *, again: bool = False
) -> Counter[Stream]:
    """New rows by outbox. Asks detection to look at their elders. `again`: some of them were refused before."""
    named = {(delivery.gateway, item.reading.device) for delivery in deliveries for item in delivery.readings}
    learn_devices(connection, homes, named)
    lines: list[Line] = []
    places: list[Place] = []
    for delivery in deliveries:
        gateway, epoch, devices = delivery.gateway, delivery.epoch, homes.devices
        for number, reading in delivery.readings:
            lines.append(Line(devices[gateway, reading.device], record_key(reading), reading))
            places.append(Place(gateway, epoch, number))
    owners = owners_of(lines, homes.wearings, LookUp(partial(decided, connection), partial(registry.bands, connection)))
    new = _claimed(connection, lines)
    if len(new) < len(lines):
        made = {places[at] for at in new}
        doubled = {place: line.reading for place, line in zip(places, lines, strict=True) if place not in made}
        chain.note_duplicates(connection, doubled)
    if again:
        chain.note_rows_of_refused(connection, {places[at]: lines[at].reading for at in new})
    stored_at = encode_instant(now)
    since: dict[int, datetime] = {}
    rows = [HEADER]
    for at in new:
        line, elder = lines[at], owners[at].elder_id
        rows.append(encode_row(line, owners[at], places[at], stored_at))
        if elder is not None and not since.get(elder, line.reading.measured_at) < line.reading.measured_at:
            since[elder] = line.reading.measured_at
    if new:
        with connection.cursor() as cursor, cursor.copy(_COPY_READINGS) as copy:
            copy.write(b"".join([*rows, TRAILER]))
        _ask_detection(connection, since, now)
        ask_whether_severe(connection, lines, owners, now)
    return _made(deliveries, places, new)


def _made(deliveries: Sequence[Delivery], places: Sequence[Place], new: Sequence[int]) -> Counter[Stream]:
    """New rows by outbox; `new` are places in `places`, most often all."""
    made: Counter[Stream] = Counter()
    if len(new) == len(places):
        for delivery in deliveries:
            made[delivery.gateway, delivery.epoch] += len(delivery.readings)
    else:
        made.update(places[at][:2] for at in new)
    return made


def _claimed(connection: Connection, lines: Sequence[Line]) -> list[int]:
    """The places in `lines` of those that are new, in the order of their identities; of equal ones the first."""
    come: dict[Identity, int] = {}
    for at, line in enumerate(lines):
        come.setdefault(Identity(line.device_id, line.record_key, line.reading.metric._value_), at)
    identities = sorted(come)
    known = claim(connection, identities, [lines[come[identity]].reading.measured_at for identity in identities])
    return [come[identity] for identity in identities if identity not in known]


def _ask_detection(connection: Connection, since: Mapping[int, datetime], now: datetime) -> None:
    """`since`: the earliest new reading by elder."""
    if not since:
        return
    elders = Integers.of(sorted(since))
    earliest = Instants.of([microseconds_since_2000(since[elder]) for elder in sorted(since)])
    connection.execute(_ASK_DETECTION, {"now": now, "elders": elders, "since": earliest})
    connection.execute("SELECT pg_notify(%s, elder_id::text) FROM unnest(%s) AS elder_id", (names.NEW_READINGS, elders))


def _extend_streams(
    connection: Connection, deliveries: Sequence[Delivery], made: Counter[Stream]
) -> list[tuple[str, Receipt]]:
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
    return [(gateway, receipt_of(epoch, _closed(stored))) for gateway, epoch, stored in found]


def _spans(delivery: Delivery) -> Iterator[tuple[int, int, bool]]:
    """First and last number, and whether they were given up."""
    if delivery.count:
        yield delivery.first, delivery.first + delivery.count - 1, False
    for first, last in delivery.given_up:
        yield first, last, True


def _closed(stored: str) -> list[tuple[int, int]]:
    """`{[1,21),[30,41)}`, as PostgreSQL writes it in rising order, as the closed ranges of the contract."""
    parts = stored[2:-2].split("),[") if len(stored) > len("{}") else []
    bounds = (part.split(",") for part in parts)
    return [(int(low), int(high) - 1) for low, high in bounds]


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
