"""All SQL of retention beside that of readings (cloud.readings.retention). Each kind goes in its own transaction."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from cloud.db.pool import Connection

_LOCK = 0x0D00_0259  # one process at a time
_TIMEOUT = "SET LOCAL statement_timeout = '10min'"


@contextmanager
def alone(working: Connection) -> Iterator[bool]:
    """Whether no other process is at it; held while the context lives. `working` commits by itself."""
    mine = working.execute("SELECT pg_try_advisory_lock(%s)", (_LOCK,)).fetchone() == (True,)
    try:
        yield mine
    finally:
        if mine:
            working.execute("SELECT pg_advisory_unlock(%s)", (_LOCK,))


def forget_alarms(connection: Connection, before: datetime) -> int:
    """Calls that were closed before that moment, with all that was done about them; drills and silences of before."""
    return _run(
        connection,
        """
        WITH old AS MATERIALIZED (SELECT alarm_id FROM alarm WHERE state = 'closed' AND closed_at < %(before)s),
             quiet AS MATERIALIZED (SELECT silence_id FROM silence WHERE closed_at < %(before)s),
             a AS (UPDATE visit SET alarm_id = NULL WHERE alarm_id IN (SELECT alarm_id FROM old)),
             b AS (DELETE FROM escalation WHERE subject_id IN (SELECT alarm_id FROM old)
                   OR subject_id IN (SELECT silence_id FROM quiet))
        SELECT NULL
        """,
        before,
        """
        DELETE FROM alarm_card_view WHERE alarm_id IN
            (SELECT alarm_id FROM alarm WHERE state = 'closed' AND closed_at < %(before)s)
        """,
        """
        DELETE FROM scaip_forward WHERE alarm_id IN
            (SELECT alarm_id FROM alarm WHERE state = 'closed' AND closed_at < %(before)s)
        """,
        """
        DELETE FROM alarm_event WHERE alarm_id IN
            (SELECT alarm_id FROM alarm WHERE state = 'closed' AND closed_at < %(before)s)
        """,
        "DELETE FROM drill WHERE heard_at < %(before)s",
        "DELETE FROM silence WHERE closed_at < %(before)s",
        "DELETE FROM alarm WHERE state = 'closed' AND closed_at < %(before)s",
    )


def forget_audit(connection: Connection, before: datetime, now: datetime) -> int:
    """The oldest lines, up to the first that is not older. What stays can still be verified. Half a year stays.

    Gives how many went.
    """
    with connection.transaction():
        connection.execute(_TIMEOUT)
        connection.execute("SELECT pg_advisory_xact_lock(223344016)")  # as the trigger that adds a line
        row = connection.execute(
            "SELECT audit_id, digest FROM audit WHERE audit_id < coalesce("
            "(SELECT min(audit_id) FROM audit WHERE at >= %(before)s), 9223372036854775807) "
            "ORDER BY audit_id DESC LIMIT 1",
            {"before": before},
        ).fetchone()
        if row is None:
            return 0
        connection.execute(
            "INSERT INTO audit_start (audit_id, digest, until, at) VALUES (%s, %s, %s, %s)", (*row, before, now)
        )
        return connection.execute("DELETE FROM audit WHERE audit_id <= %s", (row[0],)).rowcount


def forget_dead_letters(connection: Connection, before: datetime) -> int:
    return _run(connection, "DELETE FROM dead_letter WHERE last_at < %(before)s", before)


def forget_sessions(connection: Connection, before: datetime) -> int:
    """What people and programs signed in with, so long after it ended; tries of more than a day ago."""
    return _run(
        connection,
        "DELETE FROM session WHERE ends_at < %(before)s",
        before,
        "DELETE FROM half_session WHERE ends_at < %(before)s",
        "DELETE FROM challenge WHERE ends_at < %(before)s",
        "DELETE FROM link_session WHERE ends_at < %(before)s",
        "DELETE FROM api_token WHERE ends_at < %(before)s OR revoked_at < %(before)s",
        "DELETE FROM try WHERE tried_at < now() - INTERVAL '1 day'",
    )


def forget_notices(connection: Connection, before: datetime) -> int:
    """Who was told by which way, with the receipts of their phones; phones that push services no longer know."""
    return _run(
        connection,
        "DELETE FROM notice WHERE asked_at < %(before)s",
        before,
        "DELETE FROM push_subscription WHERE gone_at < %(before)s",
    )


def forget_texts(connection: Connection, before: datetime) -> int:
    return _run(
        connection,
        "UPDATE notice SET sms_id = NULL FROM sms WHERE notice.sms_id = sms.sms_id "
        "AND sms.state <> 'waiting' AND sms.asked_at < %(before)s",
        before,
        "DELETE FROM sms WHERE state <> 'waiting' AND asked_at < %(before)s",
    )


KINDS: dict[str, Callable[[Connection, datetime], int]] = {
    "alarms": forget_alarms,
    "dead_letters": forget_dead_letters,
    "sessions": forget_sessions,
    "notices": forget_notices,
    "texts": forget_texts,
}
"""By the name of their key, NAME_days, in the configuration. The audit stands apart: it is told when."""


def cut_off(now: datetime, days: int) -> datetime:
    return now - timedelta(days=days)


def _run(connection: Connection, statement: str, before: datetime, *more: str) -> int:
    """How many rows went, in all."""
    gone = 0
    with connection.transaction():
        connection.execute(_TIMEOUT)
        for one in (statement, *more):
            count = connection.execute(one.encode(), {"before": before}).rowcount
            gone += count if "DELETE" in one.split(maxsplit=1)[0] else 0
    return gone
