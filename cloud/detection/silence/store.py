"""All SQL of who was heard, and of what an elder is to measure."""

from datetime import datetime

from cloud.db.pool import Connection
from protocols.device_kind import DeviceKind
from protocols.reading import Metric

METRIC_OF_KIND = {DeviceKind.GLUCOMETER: Metric.GLUCOSE, DeviceKind.SPHYGMOMANOMETER: Metric.SYSTOLIC}
"""By which metric a meter's silence is noticed."""
_SILENCES = """
SELECT gateway.gateway_id, gateway.noted_at, told.since, told.left_at
FROM elder JOIN gateway USING (home_id)
LEFT JOIN silent_gateway told ON told.gateway_id = gateway.gateway_id AND coalesce(told.left_at >= %s, true)
WHERE elder_id = %s AND gateway.noted_at IS NOT NULL
ORDER BY gateway.gateway_id, told.since
"""
_METERS = """
SELECT device.kind, (told ->> 'heard_at')::timestamptz, told ->> 'trouble' IS NOT NULL
FROM elder JOIN gateway USING (home_id)
CROSS JOIN jsonb_array_elements(
    CASE jsonb_typeof(status -> 'devices') WHEN 'array' THEN status -> 'devices' ELSE '[]' END) AS told
JOIN device ON device.gateway_id = gateway.gateway_id AND device.name = told ->> 'device'
WHERE elder.elder_id = %(elder)s AND device.kind = ANY(%(kinds)s)
      AND EXISTS (SELECT FROM wearer WHERE wearer.device_id = device.device_id AND wearer.elder_id = %(elder)s
                                           AND upper_inf(during))
      AND NOT EXISTS (SELECT FROM wearer WHERE wearer.device_id = device.device_id AND wearer.elder_id <> %(elder)s
                                               AND upper_inf(during))
ORDER BY device.device_id
"""


def silences_of(
    connection: Connection, elder_id: int, since: datetime
) -> dict[str, tuple[datetime, list[tuple[datetime, datetime | None]]]]:
    """Of each gateway of the elder's home that was ever heard: when its last heartbeat was noted, and when supervision
    had it for silent, as far as that did not end before `since`; None: it is still. All by the wall's clock."""
    found: dict[str, tuple[datetime, list[tuple[datetime, datetime | None]]]] = {}
    for gateway_id, noted_at, begin, end in connection.execute(_SILENCES, (since, elder_id)):
        spans = found.setdefault(gateway_id, (noted_at, []))[1]
        if begin is not None:
            spans.append((begin, end))
    return found


def meters_of(connection: Connection, elder_id: int) -> list[tuple[Metric, datetime | None, bool]]:
    """Of each meter that only this elder uses: when its gateway heard it last, by the gateway's clock, and whether it
    tells of a trouble with it."""
    rows = connection.execute(_METERS, {"elder": elder_id, "kinds": [kind.value for kind in METRIC_OF_KIND]})
    return [(METRIC_OF_KIND[DeviceKind(kind)], heard_at, trouble) for kind, heard_at, trouble in rows]


def plan_of(connection: Connection, elder_id: int) -> dict[Metric, float]:
    """What the elder is to measure, and every so many days at the latest."""
    row = connection.execute("SELECT measures FROM elder WHERE elder_id = %s", (elder_id,)).fetchone()
    known = frozenset(Metric)
    return {} if row is None else {Metric(metric): float(days) for metric, days in row[0].items() if metric in known}
