"""All SQL of rulings. Each function works in the caller's transaction."""

from datetime import datetime

from cloud.db import names
from cloud.db.pool import AsyncConnection
from cloud.readings.identities.store import DEVICE_LOCK
from cloud.readings.ruling.model import Filed, Ruling
from cloud.registry.whose import BODY_METRICS, Why

_BODY = sorted(BODY_METRICS)
# Where only one could have measured, nobody was in question and there is nothing to rule; the rest has an index.
_ITS_ROWS = """
device_id = %(device)s AND record_key = %(key)s AND metric = ANY(%(metrics)s)
"""
_FILED = f"""
SELECT elder_id, wearer_certainty, wearer_why, min(measured_at) OVER (), coalesce(ruling_id, 0), staff.name
FROM contested_reading AS reading LEFT JOIN LATERAL (
    SELECT ruling_id, staff_id FROM ruling
    WHERE ruling.device_id = reading.device_id AND ruling.record_key = reading.record_key
    ORDER BY ruling_id DESC LIMIT 1) AS newest ON true LEFT JOIN staff USING (staff_id)
WHERE {_ITS_ROWS} LIMIT 1
""".encode()  # noqa: S608 - of our own words
# Between the times at which they lie, so that no other chunk is opened, however it is compressed.
_FILE = f"""
UPDATE contested_reading SET elder_id = %(elder)s, wearer_certainty = 1, wearer_why = %(why)s
WHERE {_ITS_ROWS} AND measured_at >= (SELECT min(measured_at) FROM contested_reading WHERE {_ITS_ROWS})
AND measured_at <= (SELECT max(measured_at) FROM contested_reading WHERE {_ITS_ROWS})
""".encode()  # noqa: S608 - of our own words


async def lock_device(connection: AsyncConnection, device_id: int) -> None:
    """No ingester decides of this device's records before the transaction ends."""
    await connection.execute("SELECT pg_advisory_xact_lock(%s, %s)", (DEVICE_LOCK, device_id))


async def filed(connection: AsyncConnection, device_id: int, record_key: int) -> Filed | None:
    cursor = await connection.execute(_FILED, {"device": device_id, "key": record_key, "metrics": _BODY})
    row = await cursor.fetchone()
    return None if row is None else Filed(*row)


async def may_be_theirs(connection: AsyncConnection, device_id: int, elder_id: int) -> bool:
    """Whether the elder lives in the device's home, or was ever registered to wear it."""
    cursor = await connection.execute(
        """
        SELECT EXISTS (SELECT FROM device JOIN gateway USING (gateway_id) JOIN elder USING (home_id)
                       WHERE device_id = %(device)s AND elder_id = %(elder)s)
            OR EXISTS (SELECT FROM wearer WHERE device_id = %(device)s AND elder_id = %(elder)s)
        """,
        {"device": device_id, "elder": elder_id},
    )
    row = await cursor.fetchone()
    return bool(row and row[0])


async def keep(connection: AsyncConnection, ruling: Ruling, before: Filed, now: datetime) -> None:
    await connection.execute(
        "INSERT INTO ruling (device_id, record_key, measured_at, from_elder_id, to_elder_id, from_why, from_certainty, "
        "staff_id, ruled_at) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)",
        (
            ruling.device_id,
            ruling.record_key,
            before.measured_at,
            before.elder_id,
            ruling.elder_id,
            before.why,
            before.certainty,
            ruling.staff_id,
            now,
        ),
    )


async def file(connection: AsyncConnection, device_id: int, record_key: int, elder_id: int | None) -> None:
    whom = {"device": device_id, "key": record_key, "metrics": _BODY, "elder": elder_id, "why": Why.SAID}
    await connection.execute(_FILE, whom)


async def ask_detection(connection: AsyncConnection, elder_id: int | None, since: datetime, now: datetime) -> None:
    await connection.execute(
        "INSERT INTO detection_due (elder_id, since, asked_at) VALUES (%s, %s, %s) ON CONFLICT (elder_id) DO UPDATE "
        "SET since = LEAST(detection_due.since, EXCLUDED.since), asked_at = EXCLUDED.asked_at",
        (elder_id, since, now),
    )
    await connection.execute(names.NOTIFY, (names.NEW_READINGS, str(elder_id)))
