"""All SQL of the proof: hashes that came with messages, readings without a row of their own, and reading it back."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from operator import itemgetter

import numpy as np
from psycopg.types.multirange import Multirange

from cloud.db.arrays import Bigints, Byteas, Texts
from cloud.db.pool import Connection
from cloud.readings.chain.block import HEAD, NOTE, ROW, Block
from cloud.readings.chain.model import Head, Stream, Why
from cloud.readings.model import Delivery
from cloud.readings.rows import Place
from protocols.reading import Reading
from protocols.telemetry.chain import LINK_BYTES, digest_of
from protocols.telemetry.spans import Span

_Bare = tuple[str, int, int]
"""A Place without its names: as quick to make as a tuple is."""
_APART = 16
"""Where a gateway sends one reading a message, a proof is to so many readings: a hash is larger than many a reading."""

_NOTE_HEADS = """
WITH noted AS (
INSERT INTO chain_head AS kept (gateway_id, epoch, number, link, told_at)
SELECT gateway_id, epoch, number, link, %(now)s
FROM unnest(%(gateways)s::text[], %(epochs)s::bigint[], %(numbers)s::bigint[], %(links)s::bytea[])
     AS told (gateway_id, epoch, number, link)
ON CONFLICT (gateway_id, epoch, number) DO UPDATE SET told_at = kept.told_at WHERE kept.link <> EXCLUDED.link
RETURNING gateway_id, epoch, number, xmax::text <> '0' AS known)
SELECT gateway_id, epoch, number FROM noted WHERE known
"""
_WITHIN = """
SELECT place - 1, number, link
FROM unnest(%(gateways)s::text[], %(epochs)s::bigint[], %(numbers)s::bigint[], %(lasts)s::bigint[])
     WITH ORDINALITY AS asked (gateway_id, epoch, first, last, place)
JOIN chain_head h USING (gateway_id, epoch) WHERE h.number BETWEEN first - 1 AND last
"""
_HIGHEST = """
SELECT place - 1, head.number, head.link
FROM unnest(%(gateways)s::text[], %(epochs)s::bigint[], %(numbers)s::bigint[], %(lasts)s::bigint[])
     WITH ORDINALITY AS asked (gateway_id, epoch, first, last, place)
CROSS JOIN LATERAL (SELECT number, link FROM chain_head h
                    WHERE h.gateway_id = asked.gateway_id AND h.epoch = asked.epoch
                      AND h.number BETWEEN asked.first AND asked.last
                    ORDER BY h.number DESC LIMIT 1) AS head
"""
# A number that was stored before has its row, or was noted then.
_NOTE_READINGS = """
INSERT INTO chain_reading (gateway_id, epoch, number, digest, row_digest, why)
SELECT gateway_id, epoch, number, digest, row_digest, %(why)s
FROM unnest(%(gateways)s::text[], %(epochs)s::bigint[], %(numbers)s::bigint[], %(digests)s::bytea[],
            %(row_digests)s::bytea[]) AS come (gateway_id, epoch, number, digest, row_digest)
WHERE NOT EXISTS (SELECT FROM outbox_stream s WHERE s.gateway_id = come.gateway_id AND s.epoch = come.epoch
                  AND s.stored - s.given_up @> come.number)
ON CONFLICT (gateway_id, epoch, number) DO UPDATE SET row_digest = NULL, why = EXCLUDED.why
WHERE EXCLUDED.why = 'duplicate' AND chain_reading.why = 'altered'
"""
_NOTE_ROWS_OF_REFUSED = """
UPDATE chain_reading r SET row_digest = come.digest, why = 'altered'
FROM unnest(%(gateways)s::text[], %(epochs)s::bigint[], %(numbers)s::bigint[], %(digests)s::bytea[])
     AS come (gateway_id, epoch, number, digest)
WHERE r.gateway_id = come.gateway_id AND r.epoch = come.epoch AND r.number = come.number AND r.why = 'refused'
"""
_DIGEST = (
    "reading_digest(d.name, r.metric, r.value, r.measured_at, r.received_at, r.device_time, r.clock_offset_s, "
    "r.sequence, r.user_slot, r.meal, r.flags)"
)
NOTE_THINNED = f"""
INSERT INTO chain_reading (gateway_id, epoch, number, digest, why)
SELECT DISTINCT ON (r.gateway_id, r.epoch, r.outbox_number) r.gateway_id, r.epoch, r.outbox_number, {_DIGEST}, 'thinned'
FROM reading r JOIN device d USING (device_id)
WHERE r.metric = %(metric)s AND r.measured_at >= %(week)s AND r.measured_at < %(next)s
ORDER BY r.gateway_id, r.epoch, r.outbox_number
ON CONFLICT (gateway_id, epoch, number) DO UPDATE SET why = 'thinned'
"""  # noqa: S608 - constants of ours
"""For retention, before it deletes these rows: 32 bytes of each stay, so that what stands around them can be proven."""
# A row, a note and a hash as bytes of `block.ROW`, `NOTE` and `HEAD`, so that a block of each is one value. One sort
# serves all; none is made of the values afterwards, which are large.
_BLOCKS = f"""
SELECT gateway_id, epoch, number / {{of}} AS block, kind, string_agg(body, '' ORDER BY number),
       string_agg(what, E'\\n' ORDER BY number)
FROM (SELECT r.gateway_id COLLATE "C" AS gateway_id, r.epoch, r.outbox_number AS number, 0 AS kind,
             int8send(r.outbox_number) || timestamptz_send(r.measured_at) || {_DIGEST} AS body,
             d.name || ' ' || r.metric AS what
      FROM reading r JOIN device d USING (device_id) WHERE r.gateway_id = ANY(%(gateways)s)
      UNION ALL
      SELECT gateway_id COLLATE "C", epoch, number, 1,
             int8send(number) || digest || coalesce(row_digest, %(none)s) || convert_to(rpad(why, 9), 'UTF8'), NULL
      FROM chain_reading WHERE gateway_id = ANY(%(gateways)s)
      UNION ALL
      SELECT gateway_id COLLATE "C", epoch, number, 2,
             int8send(number) || link || CASE WHEN disputed IS NULL THEN '\\x00'::bytea ELSE '\\x01'::bytea END, NULL
      FROM chain_head WHERE gateway_id = ANY(%(gateways)s)) AS held
GROUP BY gateway_id, epoch, block, kind ORDER BY gateway_id, epoch, block, kind
"""  # noqa: S608 - constants of ours
_OF_BLOCK = 4096


def note_heads(connection: Connection, deliveries: Iterable[Delivery], now: datetime) -> set[_Bare]:
    """Keeps the running hashes that came with `deliveries`, before their first and after their last number.

    Of small messages that follow each other one in `_APART` readings is kept. The first that was told of a number
    stays. Returns the places (gateway, epoch and number) of which another is kept than was told now: the caller then
    undoes this.
    """
    begins: dict[_Bare, bytes] = {}
    ends: dict[_Bare, bytes] = {}
    for delivery in deliveries:
        if delivery.chain is not None:
            gateway, epoch, first = delivery.gateway, delivery.epoch, delivery.first
            begins[gateway, epoch, first - 1], ends[gateway, epoch, first + delivery.count - 1] = delivery.chain
    if not ends:
        return set()
    told = begins | ends
    places = _thinned(sorted(told), begins.keys() & ends.keys())
    links = Byteas.of([told[place] for place in places])
    found = connection.execute(_NOTE_HEADS, {**_columns(places), "links": links, "now": now})
    return {(gateway, epoch, number) for gateway, epoch, number in found}


def heads_within(connection: Connection, deliveries: Sequence[Delivery]) -> list[dict[int, bytes]]:
    """Of each of `deliveries` the hashes that are kept of its numbers, and of the one before them."""
    return _heads(connection, _WITHIN, [(d.gateway, d.epoch, d.first, d.first + d.count - 1) for d in deliveries])


def highest_heads(connection: Connection, spans: Sequence[tuple[str, int, int, int]]) -> list[dict[int, bytes]]:
    """Of each span (gateway, epoch, first and last number) the highest number of which a hash is kept, and that."""
    return _heads(connection, _HIGHEST, spans)


def _heads(connection: Connection, query: str, spans: Sequence[tuple[str, int, int, int]]) -> list[dict[int, bytes]]:
    found: list[dict[int, bytes]] = [{} for _ in spans]
    if spans:
        lasts = Bigints.of([last for *_, last in spans])
        for at, number, link in connection.execute(
            query.encode(), {**_columns([s[:3] for s in spans]), "lasts": lasts}
        ):
            found[at][number] = link
    return found


def note_odd(connection: Connection, deliveries: Iterable[Delivery]) -> None:
    """Keeps the digests of readings of which no row or an altered one is made. Before their numbers count as stored."""
    refused: dict[Place, tuple[bytes, bytes | None]] = {}
    altered: dict[Place, tuple[bytes, bytes | None]] = {}
    for delivery in deliveries:
        if delivery.odd:
            rows = dict(zip(delivery.numbers, delivery.readings, strict=True))
            for number, digest in delivery.odd:
                place = Place(delivery.gateway, delivery.epoch, number)
                if number in rows:
                    altered[place] = digest, digest_of(rows[number])
                else:
                    refused[place] = digest, None
    _note(connection, refused, Why.REFUSED)
    _note(connection, altered, Why.ALTERED)


def note_duplicates(connection: Connection, readings: Mapping[Place, Reading]) -> None:
    """Keeps the digests of `readings`, whose records are stored under other numbers. Before theirs count as stored."""
    _note(connection, {place: (digest_of(reading), None) for place, reading in readings.items()}, Why.DUPLICATE)


def note_rows_of_refused(connection: Connection, rows: Mapping[Place, Reading]) -> None:
    """What was refused once has a row now: a dead letter was replayed."""
    places = sorted(rows)
    connection.execute(
        _NOTE_ROWS_OF_REFUSED, {**_columns(places), "digests": [digest_of(rows[place]) for place in places]}
    )


def streams(connection: Connection, home: str | None) -> list[Stream]:
    """All outboxes of the home of code `home`, or of all homes; also those that sent nothing yet."""
    found = connection.execute(
        "SELECT gateway_id, epoch, stored, given_up FROM gateway JOIN home USING (home_id) "
        "LEFT JOIN outbox_stream USING (gateway_id) WHERE %(home)s::text IS NULL OR code = %(home)s "
        "ORDER BY gateway_id, epoch",
        {"home": home},
    )
    return [
        Stream(gateway, -1 if epoch is None else epoch, _closed(stored), _closed(given_up))
        for gateway, epoch, stored, given_up in found
    ]


def blocks(connection: Connection, gateways: Sequence[str]) -> Iterator[tuple[tuple[str, int], Block]]:
    """Outbox (gateway and epoch) and block of all that is held of `gateways`, outbox by outbox in order of numbers.

    In a transaction; it may take minutes: rows do not lie by gateway, so it costs one look at every row there is,
    whether one home is asked for or all. The connection is busy until the last was taken.
    """
    connection.execute("SET LOCAL statement_timeout = '2h'")
    connection.execute("SET LOCAL work_mem = '64MB'")
    wanted = {"gateways": list(gateways), "none": bytes(LINK_BYTES)}
    with connection.cursor() as cursor:
        found = cursor.stream(_BLOCKS.format(of=_OF_BLOCK).encode(), wanted, binary=True)
        for (gateway, epoch, _), parts in groupby(found, key=itemgetter(0, 1, 2)):
            held = {kind: (body, what) for *_, kind, body, what in parts}
            rows, whats = held.get(0, (b"", None))
            heads = np.frombuffer(held[2][0], HEAD) if 2 in held else ()
            yield (
                (gateway, epoch),
                Block(
                    rows=np.frombuffer(rows, ROW),
                    whats=whats.split("\n") if whats is not None else (),
                    notes=np.frombuffer(held[1][0] if 1 in held else b"", NOTE),
                    heads=[Head(int(head["number"]), head["link"].tobytes(), bool(head["disputed"])) for head in heads],
                ),
            )


def _thinned(places: list[_Bare], inner: set[_Bare]) -> list[_Bare]:
    """`places` without those of `inner` that stand closer than `_APART` behind one that stays."""
    kept: list[_Bare] = []
    for place in places:
        near = bool(kept) and kept[-1][:2] == place[:2] and place[2] - kept[-1][2] < _APART
        if not (near and place in inner):
            kept.append(place)
    return kept


def _note(connection: Connection, digests: Mapping[Place, tuple[bytes, bytes | None]], why: Why) -> None:
    if not digests:
        return
    places = sorted(digests)
    connection.execute(
        _NOTE_READINGS,
        {
            **_columns(places),
            "digests": [digests[place][0] for place in places],
            "row_digests": [digests[place][1] for place in places],
            "why": why.value,
        },
    )


def _columns(places: Sequence[_Bare]) -> dict[str, Texts | Bigints]:
    return {
        "gateways": Texts.of([gateway.encode() for gateway, _, _ in places]),
        "epochs": Bigints.of([epoch for _, epoch, _ in places]),
        "numbers": Bigints.of([number for _, _, number in places]),
    }


def _closed(ranges: Multirange[int] | None) -> tuple[Span, ...]:
    parts = () if ranges is None else ranges
    return tuple((part.lower, part.upper - 1) for part in parts if part.lower is not None and part.upper is not None)
