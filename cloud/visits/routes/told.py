"""Where something happened, by what the database notified."""

from collections.abc import Iterable
from uuid import UUID

from cloud.db.listen import Wake
from cloud.db.names import ALARM, ALERT, VISIT
from cloud.db.pool import AsyncConnection
from cloud.visits.routes import store


async def regions_told(connection: AsyncConnection, wakes: Iterable[Wake]) -> frozenset[int] | None:
    """Regions of the homes that `wakes` are about; None where one says no id: look everywhere."""
    ids: dict[str, list[str]] = {VISIT: [], ALERT: [], ALARM: []}
    for channel, payload in wakes:
        ids.setdefault(channel, []).append(payload)
    try:
        visits, alerts = [int(one) for one in ids[VISIT]], [int(one) for one in ids[ALERT]]
        alarms = [UUID(one) for one in ids[ALARM]]
    except ValueError:
        return None
    found = await store.regions_of(connection, visits, alerts, alarms)
    await connection.commit()
    return found
