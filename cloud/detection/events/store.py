"""All SQL of events. Rows come as one piece of bytes, since six weeks of a bathroom's humidity are 60,000 of them."""

from collections.abc import Mapping
from datetime import UTC, datetime, tzinfo

import numpy as np

from cloud.db.pool import Connection
from cloud.detection.columns import EVENT_CODE, EventKind, Events, create_events, us_of
from cloud.detection.events.places import place_of
from protocols.reading import Metric

KIND_OF_METRIC = {
    Metric.MOTION: EventKind.MOTION,
    Metric.CONTACT: EventKind.CONTACT,
    Metric.HUMIDITY: EventKind.HUMIDITY,
    Metric.AMBIENT_TEMPERATURE: EventKind.TEMPERATURE,
    Metric.FLOW: EventKind.FLOW,
}
"""The metrics that are events."""
_EPOCH_US = us_of(datetime(2000, 1, 1, tzinfo=UTC))
"""Where PostgreSQL counts from."""
_ROW = np.dtype(
    [("metric", ">i4"), ("device_id", ">i4"), ("value", ">f8"), ("measured_at", ">i8"), ("stored_at", ">i8")]
)
"""One after the other, without anything between."""
_EVENTS = """
SELECT coalesce(string_agg(int4send(wanted.place::integer) || int4send(device_id) || float8send(value)
                           || timestamptz_send(measured_at) || timestamptz_send(stored_at), ''::bytea), '')
FROM unnest(%(metrics)s::text[], %(since)s::timestamptz[]) WITH ORDINALITY AS wanted (metric, since, place)
CROSS JOIN LATERAL (
    SELECT device_id, value, measured_at, stored_at FROM reading
    WHERE elder_id = %(elder)s AND reading.metric = wanted.metric AND measured_at >= wanted.since
          AND stored_at < %(until)s) AS told
"""
_NEVER = datetime(9999, 1, 1, tzinfo=UTC)


def events_of(
    connection: Connection,
    elder_id: int,
    since: Mapping[Metric, datetime],
    zone: tzinfo,
    *,
    until: datetime | None = None,
) -> Events:
    """What the elder's sensors told of since then, by metric, and what of it had arrived before `until`.

    A sensor is the elder's who is registered for it; one of a room that several are registered for is nobody's
    (docs/detection.md).
    """
    with connection.cursor(binary=True) as cursor:
        row = cursor.execute(
            _EVENTS,
            {
                "elder": elder_id,
                "metrics": [metric.value for metric in since],
                "since": list(since.values()),
                "until": until or _NEVER,
            },
        ).fetchone()
    rows = np.frombuffer(b"" if row is None else row[0], dtype=_ROW)
    codes = np.array([EVENT_CODE[KIND_OF_METRIC[metric]] for metric in since], dtype=np.int64)
    devices, of_device = np.unique(rows["device_id"], return_inverse=True)
    names = _places(connection, devices.tolist())
    places = sorted(set(names))
    place_of_device = np.array([places.index(name) for name in names], dtype=np.int64)
    return create_events(
        kind=codes[rows["metric"].astype(np.int64) - 1],
        place=place_of_device[of_device] if len(rows) else [],
        places=tuple(places),
        value=rows["value"].astype(np.float64),
        at_us=rows["measured_at"].astype(np.int64) + _EPOCH_US,
        arrived_us=rows["stored_at"].astype(np.int64) + _EPOCH_US,
        zone=zone,
    )


def _places(connection: Connection, device_ids: list[int]) -> list[str]:
    """Of each device, in their order. One that the registry no longer knows is a place of its own."""
    found = connection.execute(
        "SELECT device_id, kind, label, name FROM device WHERE device_id = ANY(%s)", (device_ids,)
    )
    known = {device_id: place_of(kind, label, name) for device_id, kind, label, name in found}
    return [known.get(device_id, f"device {device_id}") for device_id in device_ids]
