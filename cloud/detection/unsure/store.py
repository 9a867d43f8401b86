"""All SQL of severe values that are nobody's for sure. Each function works in the caller's transaction."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

import msgspec
from psycopg.types.json import Jsonb

from cloud.db.names import NOTIFY, SEVERE
from cloud.db.pool import Connection
from cloud.detection.model import Observation
from cloud.detection.unsure.severe import Severe
from protocols.reading import Flag, Metric


@dataclass(frozen=True)
class DueRecord:
    """A record that is nobody's for sure."""

    device_id: int
    record_key: int
    gateway_id: str
    home_id: int
    time_zone: str
    """IANA name of the home's zone."""


def claim(connection: Connection) -> DueRecord | None:
    """The record that has waited longest, held until the transaction ends; None where none waits or all are held."""
    row = connection.execute(
        "SELECT due.device_id, due.record_key, device.gateway_id, home.home_id, home.time_zone FROM unsure_due AS due "
        "JOIN device USING (device_id) JOIN gateway USING (gateway_id) JOIN home USING (home_id) "
        "ORDER BY due.asked_at LIMIT 1 FOR UPDATE OF due SKIP LOCKED"
    ).fetchone()
    return None if row is None else DueRecord(*row)


def forget(connection: Connection, due: DueRecord) -> None:
    """The claimed record has been looked at."""
    connection.execute(
        "DELETE FROM unsure_due WHERE device_id = %s AND record_key = %s", (due.device_id, due.record_key)
    )


def put_back(connection: Connection, due: DueRecord, now: datetime) -> None:
    """The record waits behind all others."""
    connection.execute(
        "UPDATE unsure_due SET asked_at = %s WHERE device_id = %s AND record_key = %s",
        (now, due.device_id, due.record_key),
    )


def nobodys(
    connection: Connection, due: DueRecord, metrics: Collection[Metric], since: datetime
) -> tuple[list[Observation], list[Observation]]:
    """What of the device is nobody's for sure and was measured since then: of this record, and of others."""
    rows = connection.execute(
        "SELECT record_key, metric, value, measured_at, stored_at, flags FROM reading "
        "WHERE gateway_id = %s AND device_id = %s AND wearer_certainty < 1 AND elder_id IS NULL "
        "AND metric = ANY(%s) AND measured_at >= %s",
        (due.gateway_id, due.device_id, sorted(metrics), since),
    )
    known = frozenset(Flag)
    record: list[Observation] = []
    around: list[Observation] = []
    for key, metric, value, measured_at, stored_at, flags in rows:
        observation = Observation(
            Metric(metric), value, measured_at, stored_at, frozenset(Flag(one) for one in flags if one in known)
        )
        (record if key == due.record_key else around).append(observation)
    return record, around


def keep(connection: Connection, due: DueRecord, severe: Severe, measured_at: datetime, now: datetime) -> bool:
    """Raises the alert, or brings an open one up to date; True where that changed something. A closed one stays so."""
    changed = connection.execute(
        "INSERT INTO unsure_alert AS a (device_id, record_key, home_id, priority, reasons, measured_at, raised_at) "
        "VALUES (%s, %s, %s, %s, %s, %s, %s) ON CONFLICT (device_id, record_key) DO UPDATE "
        "SET priority = EXCLUDED.priority, reasons = EXCLUDED.reasons "
        "WHERE a.state = 'open' AND (a.priority, a.reasons) IS DISTINCT FROM (EXCLUDED.priority, EXCLUDED.reasons)",
        (
            due.device_id,
            due.record_key,
            due.home_id,
            severe.priority,
            Jsonb(msgspec.to_builtins(list(severe.reasons))),
            measured_at,
            now,
        ),
    ).rowcount
    if changed:
        connection.execute(NOTIFY, (SEVERE, due.gateway_id))
    return changed > 0
