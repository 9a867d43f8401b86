"""The person at the desk: hears the board's live events, takes each alarm and closes it, whatever breaks meanwhile."""

import contextlib
import json
import threading
import time
from collections.abc import Callable
from typing import Any

import httpx

from tests.system.chaos.diary import Diary
from tests.system.chaos.households import PASSWORD
from tests.system.chaos.ledger import CALL

_TIMEOUT_S = 8.0
_AGAIN_S = 0.5
_HTTP_CONFLICT = 409


class Shown:
    """One alarm as the desk saw it."""

    def __init__(self, home_code: str, kind: str, at_s: float) -> None:
        self.home_code = home_code
        self.kind = kind
        self.at_s = at_s
        """Unix seconds."""
        self.announced: list[int] = []
        """For each time that it came as new: which connection of the page it was on."""
        self.states: list[str] = []
        """As they came; a state that came twice in a row stands once."""
        self.closed_by_desk = False


class Desk:
    """Two threads: one listens as an open page does, one acts. `web` says where the pages are now, None: nowhere."""

    def __init__(self, web: Callable[[], str | None], diary: Diary) -> None:
        self._web = web
        self._diary = diary
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._connection = 0
        self.shown: dict[str, Shown] = {}
        self.connected = threading.Event()
        self._threads = [
            threading.Thread(target=self._keep(work), name=name, daemon=True)
            for name, work in (("desk listens", self._listen), ("desk acts", self._act))
        ]
        for thread in self._threads:
            thread.start()

    def close(self) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(_TIMEOUT_S + 2)

    def calls_of(self, home_code: str) -> set[str]:
        """Calls of a person of that home that the desk has seen."""
        with self._lock:
            return {a for a, shown in self.shown.items() if shown.home_code == home_code and shown.kind == CALL}

    def open(self) -> list[str]:
        """Alarms that the desk has seen and not closed."""
        with self._lock:
            return [alarm for alarm, shown in self.shown.items() if not shown.closed_by_desk]

    def _keep(self, work: Callable[[httpx.Client], None]) -> Callable[[], None]:
        """`work` with a signed-in client, again and again: whatever breaks, a person reloads the page."""

        def run() -> None:
            while not self._stop.wait(_AGAIN_S):
                web = self._web()
                if web is None:
                    continue
                timeout = httpx.Timeout(_TIMEOUT_S, read=20.0)
                with (
                    contextlib.suppress(httpx.HTTPError, json.JSONDecodeError),
                    httpx.Client(base_url=web, timeout=timeout, headers={"Origin": web}, trust_env=False) as client,
                ):
                    credentials = {"login": "desk", "password": PASSWORD}
                    client.post("/api/v1/session", json=credentials).raise_for_status()
                    work(client)

        return run

    def _listen(self, client: httpx.Client) -> None:
        with client.stream("GET", "/events") as answer:
            answer.raise_for_status()
            self._connection += 1
            board = client.get("/api/v1/board")
            board.raise_for_status()
            for alarm in (*board.json()["alarms"], *board.json()["closed"]):
                self._note(alarm)
            self.connected.set()
            kind = ""
            for line in answer.iter_lines():
                if self._stop.is_set():
                    return
                if line.startswith("event:"):
                    kind = line[6:].strip()
                elif line.startswith("data:") and kind == "alarm":
                    self._note(json.loads(line[5:]))

    def _note(self, alarm: dict[str, Any]) -> None:
        with self._lock:
            shown = self.shown.setdefault(alarm["alarm_id"], Shown(alarm["home_code"], alarm["kind"], time.time()))
            if alarm.get("new"):
                shown.announced.append(self._connection)
            if shown.states[-1:] != [alarm["state"]]:
                shown.states.append(alarm["state"])

    def _act(self, client: httpx.Client) -> None:
        while not self._stop.wait(_AGAIN_S):
            for alarm in self.open():
                self._end(client, alarm)

    def _end(self, client: httpx.Client, alarm: str) -> None:
        """Takes and closes it. What fails is done again on the next round."""
        client.post(f"/api/v1/alarms/{alarm}/take", json={})
        answer = client.post(f"/api/v1/alarms/{alarm}/close", json={"reason": "test", "note": ""})
        if answer.is_success:
            with self._lock:
                self.shown[alarm].closed_by_desk = True
        elif answer.status_code == _HTTP_CONFLICT:  # perhaps the answer to an earlier try was lost
            with self._lock:
                shown = self.shown[alarm]
                shown.closed_by_desk = shown.states[-1:] == ["closed"]
            self._diary.note(f"the desk is told of alarm {alarm[:8]}: {answer.text[:120]}")
