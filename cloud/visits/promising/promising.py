"""The promise of a visit to one elder, as the tables say who works when."""

from datetime import datetime

from cloud.config import Visits
from cloud.db.pool import AsyncConnection
from cloud.detection.model import Priority
from cloud.routes_config import Routes
from cloud.visits.promising import store
from cloud.visits.promising.hours import promise

DEFAULT_HOURS = Routes()


async def promised_by(  # noqa: PLR0917 - to whom what is promised, when and by which rules
    connection: AsyncConnection,
    elder_id: int,
    priority: Priority,
    at: datetime,
    promises: Visits,
    routes: Routes = DEFAULT_HOURS,
    *,
    floor: bool = False,
) -> datetime:
    """For what is asked for at `at`; cloud.visits.promising.hours.promise says how."""
    team = None
    if priority is Priority.TODAY and not floor:
        team = await store.hours_of(connection, elder_id)
    return promise(priority, at, team, promises, routes, floor=floor)
