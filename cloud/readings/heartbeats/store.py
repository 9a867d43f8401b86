"""All SQL of gateways' statuses."""

from datetime import datetime

from cloud.db import names
from cloud.db.pool import Connection
from cloud.readings.heartbeats.order import Kept, is_news
from cloud.readings.receipt import closed
from protocols.telemetry.messages import StatusMessage, encode
from protocols.telemetry.spans import Span

Outbox = tuple[str, int]
"""Gateway and epoch."""

_KEPT = """
SELECT online, (status ->> 'at')::timestamptz, COALESCE((status ->> 'epoch')::bigint, 0),
       COALESCE((status ->> 'session')::bigint, 0), COALESCE((status ->> 'sequence')::bigint, 0)
FROM gateway WHERE gateway_id = %s FOR NO KEY UPDATE
"""
_HEARTBEAT = """
UPDATE gateway SET online = true, heard_at = GREATEST(heard_at, %(at)s), noted_at = now(), status = %(status)s::jsonb
WHERE gateway_id = %(gateway)s
"""
_FAREWELL = """
UPDATE gateway
SET online = false,
    status = status || jsonb_build_object('online', false, 'reason', %(status)s::jsonb -> 'reason',
                                          'epoch', %(epoch)s::bigint, 'session', %(session)s::bigint,
                                          'sequence', %(sequence)s::bigint)
WHERE gateway_id = %(gateway)s
"""
# A return long after the one before begins anew: somebody put an older card back.
_LEAVE = """
WITH back AS (
    UPDATE left_outbox
    SET returns = CASE WHEN returned_at > now() - INTERVAL '15 minutes' THEN returns ELSE 0 END + 1,
        since = CASE WHEN returned_at > now() - INTERVAL '15 minutes' THEN since ELSE now() END, returned_at = now()
    WHERE gateway_id = %(gateway)s AND epoch = %(epoch)s)
INSERT INTO left_outbox (gateway_id, epoch) VALUES (%(gateway)s, %(left)s) ON CONFLICT DO NOTHING
"""
# Within quarters of an hour, as above. Starts of long ago are forgotten: a program that was ended does not come back.
_NOTE_RUN = """
WITH last AS (
    SELECT run FROM gateway_run WHERE gateway_id = %(gateway)s ORDER BY heard_at DESC LIMIT 1),
forgotten AS (
    DELETE FROM gateway_run
    WHERE gateway_id = %(gateway)s AND run <> %(run)s AND heard_at < now() - INTERVAL '1 day')
INSERT INTO gateway_run AS known (gateway_id, run, heard_at) VALUES (%(gateway)s, %(run)s, clock_timestamp())
ON CONFLICT (gateway_id, run) DO UPDATE
SET heard_at = clock_timestamp(),
    returns = CASE WHEN known.run = (SELECT run FROM last) THEN known.returns
                   WHEN known.returned_at > now() - INTERVAL '15 minutes' THEN known.returns + 1 ELSE 1 END,
    since = CASE WHEN known.run = (SELECT run FROM last) OR known.returned_at > now() - INTERVAL '15 minutes'
                 THEN known.since ELSE now() END,
    returned_at = CASE WHEN known.run = (SELECT run FROM last) THEN known.returned_at ELSE now() END
"""


def note_status(connection: Connection, gateway: str, said: StatusMessage) -> bool:
    """Keeps a gateway's newest status; False where no such gateway is registered. Old news change nothing.

    A farewell or last will leaves what the last heartbeat told, and `heard_at`. Raises psycopg.DataError for a text
    that no row holds.
    """
    with connection.transaction():
        row: tuple[bool, datetime | None, int, int, int] | None = connection.execute(_KEPT, (gateway,)).fetchone()
        if row is None:
            return False
        if said.online and said.run:  # of two that take turns the second's words may be no news, and tell of it
            connection.execute(_NOTE_RUN, {"gateway": gateway, "run": said.run})
        kept = Kept(*row)
        if not is_news(kept, said):
            return True
        connection.execute(
            _HEARTBEAT if said.online else _FAREWELL,
            {
                "gateway": gateway,
                "at": said.at,
                "status": encode(said).decode(),
                "epoch": said.epoch,
                "session": said.session,
                "sequence": said.sequence,
            },
        )
        if said.online and said.epoch and kept.epoch and said.epoch != kept.epoch and said.at > (kept.at or said.at):
            connection.execute(_LEAVE, {"gateway": gateway, "epoch": said.epoch, "left": kept.epoch})
        if said.online != kept.online:
            connection.execute(names.NOTIFY, (names.STATUS, gateway))
    return True


def stored_of(connection: Connection, outboxes: list[Outbox]) -> dict[Outbox, tuple[list[Span], list[Span]]]:
    """Of each of `outboxes` (gateway and epoch) what is stored, and that without what it gave up; none where the
    gateway is unknown."""
    if not outboxes:
        return {}
    found = connection.execute(
        "SELECT gateway_id, epoch, coalesce(stored, '{}')::text, coalesce(stored - given_up, '{}')::text "
        "FROM unnest(%s::text[], %s::bigint[]) AS asked (gateway_id, epoch) JOIN gateway USING (gateway_id) "
        "LEFT JOIN outbox_stream USING (gateway_id, epoch) ORDER BY 1, 2",
        ([gateway for gateway, _ in outboxes], [epoch for _, epoch in outboxes]),
    )
    return {(gateway, epoch): (closed(stored), closed(came)) for gateway, epoch, stored, came in found}
