"""Regular visits made ahead of their day: each once, whoever looks and however often."""

from datetime import date, datetime

import structlog

from cloud.db.pool import AsyncConnection
from cloud.routes_config import Routes, clock_time
from cloud.visits import store as visits
from cloud.visits.asking import store as asking
from cloud.visits.model import VisitState
from cloud.visits.regular import store
from cloud.visits.regular.risk import class_of, first_on

log = structlog.get_logger()

ENDED = "rhythm_ended"
"""The note of a cancelled visit: nobody wants its rhythm any more."""
_AT_ONCE = 200


class Rhythms:
    """Looks at every elder's risk once a day of the centre's; makes visits at each call."""

    def __init__(self, routes: Routes) -> None:
        self._routes = routes
        self._looked: date | None = None

    async def follow(self, connection: AsyncConnection, now: datetime) -> int:
        """Gives how many visits were made or called off. Transactions of its own."""
        if self._looked != now.date():
            async with connection.transaction():
                await self._weigh(connection, now)
            self._looked = now.date()
        changed = 0
        while made := await self._make(connection, now):
            changed += made
        async with connection.transaction():
            for visit_id in await store.without_rhythm(connection):
                await visits.cancel(connection, visit_id, ENDED, now)
                changed += 1
        return changed

    async def _weigh(self, connection: AsyncConnection, now: datetime) -> None:
        days = self._routes.regular_days
        wanted = [
            store.ByRisk(known.elder_id, klass, every, first_on(known, every))
            for known in (await store.indicators(connection, now) if days else [])
            if (every := days.get(klass := class_of(known))) is not None
        ]
        begin, end = clock_time(self._routes.regular_from), clock_time(self._routes.regular_to)
        await store.put_by_risk(connection, wanted, begin, end, now)

    async def _make(self, connection: AsyncConnection, now: datetime) -> int:
        async with connection.transaction():
            rhythms = await store.due(connection, now, self._routes.regular_ahead_days, _AT_ONCE)
            for rhythm in rhythms:
                made = await store.put_regular(connection, rhythm.regular_visit_id, now)
                if made is None:
                    continue
                visit_id, people = made
                await visits.add_event(connection, visit_id, VisitState.PROPOSED, now)
                if people > 1:
                    second = await asking.put_second(connection, visit_id)
                    if second is not None:
                        await visits.add_event(connection, second, VisitState.PROPOSED, now)
                log.info("visit_regular", visit=visit_id, rhythm=rhythm.regular_visit_id)
            return len(rhythms)
