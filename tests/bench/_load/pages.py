"""Open pages as programs: each holds its stream of events, and asks anew where the page's script would."""

import asyncio
import json
import random
import re
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from cloud.tasks import end
from cloud.web.entry.csrf import HEADER, csrf_of
from cloud.web.entry.current import COOKIE
from cloud.web.shared.answers import RENEWAL

DESK_APART_S, MINE_APART_S, NOBODYS_APART_S = 1.0, 2.0, 5.0
"""As board.js and fresh.js have it: a desk looks anew a second after what is no call; a nurse's list two seconds after
what is hers, and within five seconds after what is everybody's and still is; what colleagues do is folded away."""

_VISIT = re.compile(r'href="/visits/(\d+)"')
_LISTS = re.compile(r'<ol class="cards" data-whose="(\w+)"(.*?)</ol>', re.DOTALL)


@dataclass
class Heard:
    """What all pages together saw, in wall seconds."""

    came: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    """By what an event is of, such as `alarm 0b1c...`: when each page had it."""
    took: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    """By action, in seconds."""
    failed: dict[str, int] = field(default_factory=lambda: defaultdict(int))


class Page:
    def __init__(
        self, address: str, login: str, *, staff_id: int, community: int, heard: Heard, client: aiohttp.ClientSession
    ) -> None:
        self.login, self.staff_id, self.community, self._heard, self._client = login, staff_id, community, heard, client
        self._address = urlsplit(address)
        token = f"token-{login}"
        self._headers = {"cookie": f"{COOKIE}={token}", HEADER: csrf_of(token), "origin": address}
        self._wanted_at: float | None = None
        self._asked_at = 0.0
        self._had: set[str] = set()
        self._lists: dict[str, list[int]] = {}
        self._nobodys: set[int] = set()
        self._for_own = False
        self.shown: set[int] = set()
        """Visits on a nurse's list."""

    @property
    def is_desk(self) -> bool:
        return self.login.startswith("desk")

    async def listen(self) -> None:
        """Until cancelled; again after a stream that was refused or broke, as the scripts do."""
        while True:
            await self._stream()
            self._heard.failed["the stream of events"] += 1
            await asyncio.sleep(2.0 + random.uniform(0.0, 0.0 if self.is_desk else 3.0))

    async def _stream(self) -> None:
        """A browser reads its stream beside everything else; so it is read here without a library."""
        reader, writer = await asyncio.open_connection(self._address.hostname, self._address.port)
        cookie = self._headers["cookie"]
        writer.write(f"GET /events HTTP/1.1\r\nhost: {self._address.netloc}\r\ncookie: {cookie}\r\n\r\n".encode())
        kind = ""
        try:
            if b" 200 " not in await reader.readline():
                return
            while line := await reader.readline():
                if line.startswith(b"event: "):
                    kind = line[7:].strip().decode()
                elif line.startswith(b"data: "):
                    self._hear(kind, json.loads(line[6:]))
        finally:
            writer.close()

    async def renew(self) -> None:
        """Until cancelled: what the page's script asks for when something happened."""
        while True:
            await asyncio.sleep(0.1)
            if self._wanted_at is not None and time.monotonic() >= self._wanted_at:
                self._forget()
                self._asked_at = time.monotonic()
                if self.is_desk:
                    await self.get("/board/parts", "renewed: the board", renewed=True)
                else:
                    self._list(await self.get("/today", "renewed: today's list", renewed=True))

    async def open(self) -> None:
        self._list(await self.get("/board" if self.is_desk else "/today", "opened at first"))

    def _list(self, page: str) -> None:
        if page and not self.is_desk:
            self.shown = {int(visit) for visit in _VISIT.findall(page)}
            self._lists = {}
            for whose, cards in _LISTS.findall(page):
                self._lists.setdefault(whose, []).extend(int(visit) for visit in _VISIT.findall(cards))

    async def get(self, path: str, name: str, *, renewed: bool = False) -> str:
        """The whole answer; empty where it failed."""
        headers = self._headers | ({RENEWAL: "1"} if renewed else {})
        return await self._timed(name, self._client.get(path, headers=headers))

    async def post(self, path: str, name: str, body: dict[str, Any]) -> None:
        await self._timed(name, self._client.post(path, headers=self._headers, json=body))

    async def _timed(self, name: str, asked: AbstractAsyncContextManager[aiohttp.ClientResponse]) -> str:
        began = time.perf_counter()
        try:
            async with asked as answer:
                said = await answer.text()
        except aiohttp.ClientError as error:
            self._heard.failed[f"{name} {type(error).__name__}"] += 1
            return ""
        if not answer.ok:
            self._heard.failed[f"{name} {answer.status}"] += 1
            return ""
        self._heard.took[name].append(time.perf_counter() - began)
        return said

    def _hear(self, kind: str, data: dict[str, Any]) -> None:
        what = f"{kind} {_of(kind, data)}"
        if what not in self._had:  # a step is told again where something beside it changed
            self._had.add(what)
            self._heard.came[what].append(time.time())
        now = time.monotonic()
        if self.is_desk:
            self._want(max(now + 0.06, self._asked_at + (0.0 if kind == "alarm" else DESK_APART_S)))
        elif kind == "visit":
            self._hear_visit(data["visit_id"], data["nurse_id"], data["state"], now)

    def _hear_visit(self, visit_id: int, nurse_id: int | None, state: str, now: float) -> None:
        """As `hear` in fresh.js."""
        mine, free = self._lists.get("mine", []), self._lists.get("nobodys", [])
        soon = now + random.uniform(0.2, 1.0) * NOBODYS_APART_S
        if nurse_id == self.staff_id or visit_id in mine:
            self._for_own = True
            self._want(max(now, self._asked_at + MINE_APART_S))
        elif nurse_id is None and state != "cancelled":
            self._nobodys.add(visit_id)
            self._want(soon)
        else:
            self._nobodys.discard(visit_id)
            if not self._nobodys and not self._for_own:
                self._forget()
            is_next = not mine and free[:1] == [visit_id]
            if visit_id in free:
                free.remove(visit_id)
                if is_next or not free:
                    self._for_own = True
                    self._want(soon)
            if "colleagues" not in self._lists:
                self._for_own = True
                self._want(soon)

    def _forget(self) -> None:
        self._wanted_at, self._for_own = None, False
        self._nobodys.clear()

    def _want(self, at: float) -> None:
        self._wanted_at = at if self._wanted_at is None else min(self._wanted_at, at)


def _of(kind: str, data: dict[str, Any]) -> str:
    if kind in ("visit", "alarm"):
        return f"{data[f'{kind}_id']} {data['state']}"
    return str(data.get(f"{kind}_id", ""))


async def looked_at(pages: list[Page], act: Callable[[], Awaitable[None]]) -> None:
    """`act`, while all pages are open."""
    running = [asyncio.create_task(page.listen()) for page in pages]
    running += [asyncio.create_task(page.renew()) for page in pages]
    try:
        await act()
        broken = [task for task in running if task.done()]
        if broken:
            raise RuntimeError(f"{len(broken)} pages ended: {broken[0].exception()}")
    finally:
        await end(running)
