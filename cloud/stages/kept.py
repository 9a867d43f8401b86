"""Database and broker under `up`: started again whenever they die, for as long as it takes."""

import time
from typing import Protocol

import structlog

from cloud.local.broker import BrokerFailed
from cloud.local.postgres import PostgresFailed
from cloud.process import Health
from cloud.stages.pause import GrowingPause

log = structlog.get_logger()


class Part(Protocol):
    def running(self) -> bool:
        """Whether there is a process of it."""
        ...

    def ready(self) -> bool:
        """Whether that serves."""
        ...

    def restart(self) -> None:
        """Raises PostgresFailed, BrokerFailed or OSError where that cannot even begin."""
        ...


class Kept:
    """A part that `up` cannot do without, and does not end without: what else runs stays up meanwhile."""

    def __init__(self, name: str, part: Part, health: Health) -> None:
        """`health` hears under `name` how it is."""
        self._name = name
        self._part = part
        self._health = health
        self._pause = GrowingPause()
        self._began = time.monotonic()
        self._again_at: float | None = None
        self._down = False
        health.healthy(name)

    def look(self) -> None:
        """Starts it again where it died and its pause is over. Never raises for a part that does not start."""
        if self._part.running():
            self._again_at = None
            if self._part.ready():
                if self._down:
                    log.info("part_runs_again", part=self._name)
                self._down = False
                self._health.healthy(self._name)
            else:
                self._health.ill(self._name, "is starting")
            return
        now = time.monotonic()
        if self._again_at is None:
            self._plan_again(f"{self._name} died")
        elif now >= self._again_at:
            try:
                self._began = now
                self._again_at = None  # where it dies at once, the next look plans anew
                self._part.restart()
            except (PostgresFailed, BrokerFailed, OSError) as error:
                self._plan_again(str(error))

    def _plan_again(self, why: str) -> None:
        now = time.monotonic()
        pause_s = self._pause.after(now - self._began)
        self._down, self._again_at = True, now + pause_s
        self._health.ill(self._name, f"{why}; it is started again and again, next within {pause_s:g} s")
        log.error("part_down", part=self._name, why=why, again_in_s=pause_s)
