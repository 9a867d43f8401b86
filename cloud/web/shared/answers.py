"""What pages of one sight ask for when they renew themselves, asked of the database once for all of them.

An event reaches every page of a community at one moment, and each asks anew for the same rows. What they are shared is
asked for as a role in its regions and as nobody in particular: what belongs to one person the database leaves out by
itself. Whoever opens a page, or renews it after a deed of their own, shares nothing and is answered from the tables.

A shared part is at least as new as the newest event that any page has heard of (`hear` comes before the pages), as what
anybody did here (`touch`), and as `AGE_S`, for what is told by no event.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from fastapi import Request
from prometheus_client import Counter

from cloud.db.pool import AsyncConnection, AsyncPool
from cloud.db.sight import Sight, seeing
from cloud.web.live.model import EventKind, LiveEvent

RENEWAL = "x-renewal"
"""The header of a page that asks anew because something happened, and by nobody's deed at it."""
AGE_S = 2.0
FEW_REGIONS = 50
"""For more of them statements are planned anew each time: what is quick for a street is not for a city."""

parts_asked = Counter("doorstep_web_shared_parts", "Parts of pages that renew themselves", ["part", "how"])


@dataclass(frozen=True)
class Part:
    """Rows that a page is made of."""

    ask: Callable[[AsyncConnection], Awaitable[Any]]
    old_by: frozenset[EventKind] = frozenset()
    """Events after which it is to be asked for anew."""


@dataclass
class _Kept:
    began: float
    """When its asking began, by the loop's clock: it holds whatever was committed before."""
    old_by: frozenset[EventKind]
    old: bool = False
    value: Any = None


@dataclass
class _Place:
    alone: asyncio.Lock = field(default_factory=asyncio.Lock)
    parts: dict[str, _Kept] = field(default_factory=dict)


_Key = tuple[str, datetime | None, Sight]


class Answers:
    """Belongs to one event loop."""

    def __init__(self, few: AsyncPool, many: AsyncPool, *, side_by_side: int, age_s: float = AGE_S) -> None:
        """`few` plans once and is for sights of few regions, `many` for the others. Renewals take at most
        `side_by_side` connections at once, so that who opens a page finds one."""
        self._few = few
        self._many = many
        self._turns = asyncio.Semaphore(side_by_side)
        self._age_s = age_s
        self._places: dict[_Key, _Place] = {}

    async def get(
        self, page: str, sight: Sight, parts: Mapping[str, Part], *, since: datetime | None = None
    ) -> dict[str, Any]:
        """Each of `parts` of `page`, by name; the same parts each time for the same page and `since`.

        Of `sight` only what it shares with others counts. Who shares an answer must not change it. Raises DatabaseAway.
        """
        came = asyncio.get_running_loop().time()
        everybodys = replace(sight, staff_id=None)
        place = self._place((page, since, everybodys))
        async with place.alone:
            missing = [name for name in parts if not self._serves(place.parts.get(name), came)]
            if missing:
                async with self._turns, self.connection(everybodys) as connection:
                    for name in missing:
                        await _ask(connection, place, name, parts[name])
            for name in parts:
                parts_asked.labels(f"{page}/{name}", "asked" if name in missing else "shared").inc()
            return {name: place.parts[name].value for name in parts}

    @asynccontextmanager
    async def connection(self, sight: Sight) -> AsyncIterator[AsyncConnection]:
        """For the rows of lists, in `sight`. Raises DatabaseAway."""
        pool = self._few if len(sight.regions) <= FEW_REGIONS else self._many
        with seeing(sight):
            async with pool.connection() as connection:
                yield connection

    def hear(self, event: LiveEvent) -> None:
        """Whatever the event makes old is asked for anew by whoever comes next."""
        for (*_, sight), place in self._places.items():
            if event.region_id is None or event.region_id in sight.regions:
                for kept in place.parts.values():
                    kept.old = kept.old or event.kind in kept.old_by

    def touch(self, regions: frozenset[int] | None = None) -> None:
        """Somebody who sees `regions` did something; None: nobody knows where."""
        for (*_, sight), place in self._places.items():
            if regions is None or not regions.isdisjoint(sight.regions):
                for kept in place.parts.values():
                    kept.old = True

    def _place(self, key: _Key) -> _Place:
        if key not in self._places:
            now = asyncio.get_running_loop().time()
            for other in [other for other, place in self._places.items() if self._is_over(place, now)]:
                del self._places[other]
            self._places[key] = _Place()
        return self._places[key]

    def _is_over(self, place: _Place, now: float) -> bool:
        return not place.alone.locked() and all(now - kept.began > self._age_s for kept in place.parts.values())

    def _serves(self, kept: _Kept | None, came: float) -> bool:
        """What began after somebody came is new enough for them, whatever has happened since."""
        if kept is None:
            return False
        return kept.began >= came or (not kept.old and came - kept.began <= self._age_s)


async def _ask(connection: AsyncConnection, place: _Place, name: str, part: Part) -> None:
    """Stands in `place` while it is asked for, so that what happens meanwhile makes it old."""
    kept = place.parts[name] = _Kept(asyncio.get_running_loop().time(), part.old_by)
    try:
        kept.value = await part.ask(connection)
    except BaseException:
        del place.parts[name]
        raise


async def ask(connection: AsyncConnection, parts: Mapping[str, Part]) -> dict[str, Any]:
    """Each of `parts`, shared with nobody."""
    return {name: await part.ask(connection) for name, part in parts.items()}


def renews(request: Request) -> bool:
    """Whether a page asks anew by itself."""
    return RENEWAL in request.headers
