"""All SQL of the page of unsure measurements."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from psycopg.rows import dict_row

from cloud.db.pool import AsyncConnection
from cloud.registry.whose import BODY_METRICS
from cloud.web.unsure.model import Act, Person, Usual, act_of
from protocols.reading import Metric

MOST_OPEN, MOST_FILED = 100, 50
_METRICS = [metric.value for metric in Metric if metric in BODY_METRICS]
"""In the order in which people say them: systolic before diastolic."""

_ACTS = """
    SELECT r.device_id, r.record_key, min(r.measured_at) AS measured_at, d.kind AS device_kind,
           d.label AS device_label, h.code AS home_code, h.address, h.time_zone, min(r.wearer_why) AS why,
           min(r.wearer_certainty) AS certainty, min(r.user_slot) AS user_slot, sharing.rule,
           min(r.elder_id) AS elder_id, min(e.name) AS elder_name, newest.said_by,
           coalesce(newest.ruling_id, 0) AS ruling_id,
           (SELECT priority FROM unsure_alert a WHERE a.device_id = r.device_id AND a.record_key = r.record_key
                                                 AND a.state = 'open') AS severe,
           jsonb_agg(jsonb_build_object('metric', r.metric, 'value', r.value, 'flags', r.flags)
                     ORDER BY array_position(%(metrics)s::text[], r.metric)) AS values
    FROM acts JOIN contested_reading r USING (device_id, record_key) JOIN device d USING (device_id)
    JOIN gateway g ON g.gateway_id = d.gateway_id JOIN home h USING (home_id)
    LEFT JOIN sharing USING (device_id) LEFT JOIN elder e ON e.elder_id = r.elder_id
    LEFT JOIN LATERAL (SELECT ruling_id, staff.name AS said_by FROM ruling JOIN staff USING (staff_id)
                       WHERE ruling.device_id = acts.device_id AND ruling.record_key = acts.record_key
                       ORDER BY ruling_id DESC LIMIT 1) AS newest ON true
    WHERE r.metric = ANY(%(metrics)s) AND r.wearer_why <> 'only_wearer'
    GROUP BY r.device_id, r.record_key, d.device_id, h.home_id, sharing.rule, newest.said_by, newest.ruling_id
    ORDER BY measured_at DESC
"""
_OPEN = """
    WITH acts AS (
        SELECT device_id, record_key FROM contested_reading JOIN gateway USING (gateway_id) JOIN home USING (home_id)
        WHERE wearer_certainty < 1 AND elder_id IS NULL AND region_id = ANY(%(regions)s)
        GROUP BY device_id, record_key ORDER BY max(measured_at) DESC LIMIT %(most)s)
"""
_SEVERE = """
    WITH acts AS (
        SELECT device_id, record_key FROM unsure_alert JOIN home USING (home_id)
        WHERE state = 'open' AND region_id = ANY(%(regions)s) ORDER BY measured_at DESC LIMIT %(most)s)
"""
_FILED = """
    WITH lately AS (
        SELECT device_id, record_key, measured_at FROM contested_reading
        WHERE wearer_certainty < 1 AND elder_id IS NOT NULL AND measured_at >= %(since)s
        UNION ALL SELECT device_id, record_key, measured_at FROM ruling WHERE ruled_at >= %(since)s),
    acts AS (
        SELECT device_id, record_key FROM lately JOIN device USING (device_id) JOIN gateway USING (gateway_id)
        JOIN home USING (home_id) WHERE region_id = ANY(%(regions)s)
        GROUP BY device_id, record_key ORDER BY max(measured_at) DESC LIMIT %(most)s)
"""
_PEOPLE = """
    SELECT d.device_id, e.elder_id, e.name, coalesce(jsonb_agg(DISTINCT jsonb_build_object(
               'metric', b.metric, 'low', b.low, 'high', b.high)) FILTER (WHERE b.metric = ANY(%(metrics)s)), '[]')
               AS usual,
           coalesce(jsonb_agg(DISTINCT jsonb_build_array(lower(part), upper(part)))
                    FILTER (WHERE part IS NOT NULL), '[]') AS minutes
    FROM device d JOIN gateway g USING (gateway_id)
    JOIN elder e ON e.home_id = g.home_id OR EXISTS (SELECT FROM wearer w
                                                     WHERE w.device_id = d.device_id AND w.elder_id = e.elder_id)
    LEFT JOIN baseline b USING (elder_id)
    LEFT JOIN wearer w ON w.device_id = d.device_id AND w.elder_id = e.elder_id
    LEFT JOIN LATERAL unnest(w.usual_minutes) AS part ON true
    WHERE d.device_id = ANY(%(devices)s)
    GROUP BY d.device_id, e.elder_id ORDER BY e.elder_id
"""


async def count_open(conn: AsyncConnection, regions: frozenset[int]) -> int:
    """Measurements that are nobody's yet."""
    cursor = await conn.execute(
        "SELECT count(DISTINCT (device_id, record_key)) FROM contested_reading JOIN gateway USING (gateway_id) "
        "JOIN home USING (home_id) WHERE wearer_certainty < 1 AND elder_id IS NULL AND region_id = ANY(%s)",
        (list(regions),),
    )
    row = await cursor.fetchone()
    return int(row[0]) if row else 0


async def open_acts(conn: AsyncConnection, regions: frozenset[int]) -> list[Act]:
    """Newest first, at most `MOST_OPEN`."""
    return await _acts(conn, _OPEN + _ACTS, {"regions": list(regions), "most": MOST_OPEN})


async def severe_acts(conn: AsyncConnection, regions: frozenset[int]) -> list[Act]:
    """Severe ones that are nobody's for sure: the most urgent first, among them the newest."""
    acts = await _acts(conn, _SEVERE + _ACTS, {"regions": list(regions), "most": MOST_OPEN})
    return sorted(acts, key=lambda act: act.urgency)


async def filed_acts(conn: AsyncConnection, regions: frozenset[int], since: datetime) -> list[Act]:
    """What a rule filed of measurements since then, and what people said since then; newest first."""
    return await _acts(conn, _FILED + _ACTS, {"regions": list(regions), "since": since, "most": MOST_FILED})


async def is_in(conn: AsyncConnection, device_id: int, regions: frozenset[int]) -> bool:
    """Whether the device stands in a home of `regions`."""
    cursor = await conn.execute(
        "SELECT FROM device JOIN gateway USING (gateway_id) JOIN home USING (home_id) "
        "WHERE device_id = %s AND region_id = ANY(%s)",
        (device_id, list(regions)),
    )
    return await cursor.fetchone() is not None


async def _acts(conn: AsyncConnection, query: str, values: dict[str, Any]) -> list[Act]:
    async with conn.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(query.encode(), {**values, "metrics": _METRICS})
        rows = await cursor.fetchall()
    people = await _people(conn, {row["device_id"] for row in rows})
    return [act_of(row, people.get(row["device_id"], [])) for row in rows]


async def _people(conn: AsyncConnection, devices: Collection[int]) -> dict[int, list[Person]]:
    found: dict[int, list[Person]] = {}
    cursor = await conn.execute(_PEOPLE, {"devices": list(devices), "metrics": _METRICS})
    for device_id, elder_id, name, usual, minutes in await cursor.fetchall():
        times = [f"{_clock(first)}-{_clock(after)}" for first, after in minutes]
        person = Person(elder_id, name, [Usual(**one) for one in usual], times)
        found.setdefault(device_id, []).append(person)
    return found


def _clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"
