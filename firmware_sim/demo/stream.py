"""The board's live events as a browser hears them, with the wall time of each arrival."""

import json
import threading
import time
from typing import Any

import httpx

from firmware_sim.demo.people import Json


class BoardStream:
    """Listens to /events in a thread of its own until closed."""

    def __init__(self, web: str, cookies: httpx.Cookies) -> None:
        self._client = httpx.Client(
            base_url=web, cookies=cookies, timeout=httpx.Timeout(10.0, read=None), trust_env=False
        )
        self._heard: list[tuple[float, str, Json]] = []
        self._news = threading.Condition()
        self.connected = threading.Event()
        self._closing = False
        self._thread = threading.Thread(target=self._listen, name="board-stream", daemon=True)
        self._thread.start()

    def alarm_seen(self, after_s: float, elder: str, within_s: float) -> tuple[float, Json] | None:
        """The first alarm event that arrived after `after_s` (unix seconds) and is of `elder`; None when none came."""
        deadline = time.monotonic() + within_s
        with self._news:
            while True:
                for at_s, kind, data in self._heard:
                    if kind == "alarm" and at_s >= after_s and data.get("elder_code") == elder and data.get("new"):
                        return at_s, data
                left = deadline - time.monotonic()
                if left <= 0:
                    return None
                self._news.wait(left)

    def close(self) -> None:
        self._closing = True
        self._client.close()
        self._thread.join(2)

    def _listen(self) -> None:
        try:
            with self._client.stream("GET", "/events") as answer:
                answer.raise_for_status()
                self.connected.set()
                kind, data = "message", ""
                for line in answer.iter_lines():
                    if line.startswith("event:"):
                        kind = line[6:].strip()
                    elif line.startswith("data:"):
                        data += line[5:].strip()
                    elif not line and data:
                        self._note(kind, json.loads(data))
                        kind, data = "message", ""
        except (httpx.HTTPError, httpx.StreamError, RuntimeError):
            if not self._closing:
                raise

    def _note(self, kind: str, data: Any) -> None:
        at_s = time.time()
        with self._news:
            self._heard.append((at_s, kind, data))
            self._news.notify_all()
