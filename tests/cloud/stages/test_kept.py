"""Database and broker under `up`: what `up` does about a part that dies and does not start."""

import itertools
import json

import pytest

from cloud.local.broker import BrokerFailed
from cloud.local.postgres import PostgresFailed
from cloud.process import Health
from cloud.stages import kept as module
from cloud.stages.kept import Kept
from cloud.stages.pause import FIRST_S, LONGEST_S, STEADY_AFTER_S, GrowingPause


class Part:
    """Runs or does not; starts again once `failures` are used up."""

    def __init__(self) -> None:
        self.runs = True
        self.is_slow = False
        self.failures: list[Exception] = []
        self.starts = 0

    def running(self) -> bool:
        return self.runs

    def ready(self) -> bool:
        return self.runs and not self.is_slow

    def restart(self) -> None:
        self.starts += 1
        if self.failures:
            raise self.failures.pop(0)
        self.runs = True


class Wall:
    """`time` for the module under test."""

    def __init__(self) -> None:
        self.now_s = 1000.0

    def monotonic(self) -> float:
        return self.now_s


@pytest.fixture
def wall(monkeypatch: pytest.MonkeyPatch) -> Wall:
    wall = Wall()
    monkeypatch.setattr(module, "time", wall)
    return wall


@pytest.fixture
def health() -> Health:
    return Health("up")


def said_of(health: Health, name: str) -> str:
    return str(json.loads(health.report()[1])["checks"][name])


def test_pauses_grow_to_half_a_minute_and_begin_anew_for_what_ran_a_while() -> None:
    pause = GrowingPause()
    assert [pause.after(1.0) for _ in range(9)] == [FIRST_S, 1, 2, 4, 8, 16, LONGEST_S, LONGEST_S, LONGEST_S]
    assert pause.after(STEADY_AFTER_S + 1) == FIRST_S
    assert pause.after(1.0) == 2 * FIRST_S


def test_a_part_that_does_not_start_is_tried_again_with_growing_pauses_and_said(wall: Wall, health: Health) -> None:
    part = Part()
    kept = Kept("broker", part, health)
    part.failures = [BrokerFailed("the port is taken"), PostgresFailed("no room"), OSError("no room")]
    part.runs = False
    tried_at: list[float] = []
    while not part.runs:
        before = part.starts
        kept.look()
        if part.starts > before:
            tried_at.append(wall.now_s)
            if part.failures:
                assert "started again and again" in said_of(health, "broker")
        wall.now_s += 0.25
    assert [later - earlier for earlier, later in itertools.pairwise(tried_at)] == [1.0, 2.0, 4.0]
    part.is_slow = True
    kept.look()
    assert said_of(health, "broker") == "is starting"
    part.is_slow = False
    kept.look()
    assert said_of(health, "broker") == "ok"


def test_a_part_that_dies_as_soon_as_it_is_started_is_not_started_all_the_time(wall: Wall, health: Health) -> None:
    part = Part()
    kept = Kept("postgres", part, health)
    for _ in range(400):  # 100 s
        part.runs = False
        kept.look()
        wall.now_s += 0.25
    assert part.starts == 8
    assert said_of(health, "postgres") != "ok"
