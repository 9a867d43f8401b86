"""What people do with a visit, by the commands behind the pages; one act in ten by the pages' own HTTP."""

import asyncio
import random
from collections import Counter
from collections.abc import Mapping
from datetime import date

import httpx

from cloud.errors import Conflict
from cloud.visits import commands
from cloud.visits.model import Report, Visit
from tests.bench._month.centre import Centre

BY_HTTP = 0.1


class Refused(Exception):
    """The centre says that this is not to be had any more."""


class Acts:
    def __init__(self, centre: Centre, chance: random.Random) -> None:
        self._centre = centre
        self._chance = chance
        self.done: Counter[str] = Counter()
        self.by_http: Counter[str] = Counter()

    async def step(self, visit_id: int, staff_id: int, to: str, note: str = "") -> None:
        """Raises Refused."""
        self.done[to] += 1
        if self._chance.random() < BY_HTTP:
            page = await self._centre.page_of(staff_id)
            way = "dispatch" if to == "cancelled" else "steps"
            await self._post(page, f"/api/v1/visits/{visit_id}/{way}", {"to": to, "note": note})
            return
        now = self._centre.now
        async with self._centre.pool.connection() as connection:
            try:
                match to:
                    case "accepted":
                        await commands.accept(connection, visit_id, staff_id, now)
                    case "travelling":
                        await commands.travel(connection, visit_id, staff_id, now)
                    case "at_the_door":
                        await commands.arrive(connection, visit_id, staff_id, now)
                    case "no_answer":
                        await commands.no_answer(connection, visit_id, staff_id, note, now)
                    case "declined":
                        await commands.decline(connection, visit_id, staff_id, note, now)
                    case _:
                        await commands.cancel(connection, visit_id, staff_id, note, now)
            except Conflict as conflict:
                raise Refused(str(conflict)) from conflict

    async def report(self, visit_id: int, staff_id: int, *, of_alert: bool, next_on: date | None) -> None:
        """Raises Refused."""
        self.done["filed"] += 1
        verdict = self._chance.choices(("right", "false", "technique"), (78, 14, 8))[0] if of_alert else None
        report = Report(("all_usual",), ("talked",), "", verdict, next_on)  # type: ignore[arg-type]  # of three words
        if self._chance.random() < BY_HTTP:
            page = await self._centre.page_of(staff_id)
            body = {"findings": ["all_usual"], "actions": ["talked"], "verdict": verdict}
            day = None if next_on is None else next_on.isoformat()
            await self._post(page, f"/api/v1/visits/{visit_id}/report", body | {"next_on": day})
            return
        async with self._centre.pool.connection() as connection:
            try:
                await commands.file_report(connection, visit_id, staff_id, report, self._centre.now)
            except Conflict as conflict:
                raise Refused(str(conflict)) from conflict

    async def assess(self, visit_id: int, elder_id: int) -> int:
        """The face that the elder gave."""
        self.done["assessed"] += 1
        face = self._chance.choices((1, 2, 3, 4, 5), (1, 2, 8, 34, 55))[0]
        if self._chance.random() < BY_HTTP:
            page = self._centre.page_of_elder()
            await self._post(page, f"/e/link-{elder_id}/visits/{visit_id}/assessment", {"face": face})
            return face
        async with self._centre.pool.connection() as connection:
            policy = self._centre.config.visits
            await commands.assess(connection, visit_id, elder_id, face, "", self._centre.now, policy=policy)
        return face

    async def ask(self, elder_id: int) -> Visit:
        self.done["requested"] += 1
        wish = self._chance.choice(("medicine", "washing", "company", "unwell"))
        async with self._centre.pool.connection() as connection:
            return await commands.request(connection, elder_id, wish, self._centre.now)

    async def take_back(self, elder_id: int) -> None:
        self.done["taken_back"] += 1
        async with self._centre.pool.connection() as connection:
            await commands.take_back(connection, elder_id, self._centre.now)

    async def _post(self, page: httpx.AsyncClient, path: str, body: Mapping[str, object]) -> None:
        # in a task of its own, as a server has it: who asks is remembered for the rest of a task
        answer = await asyncio.create_task(page.post(path, json=body))
        self.by_http[str(answer.status_code)] += 1
        if answer.status_code == httpx.codes.CONFLICT:
            raise Refused(answer.text)
        if answer.is_error:
            raise ValueError(f"{path}: {answer.status_code} {answer.text}")
