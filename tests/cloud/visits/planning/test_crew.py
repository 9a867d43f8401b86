"""Searches in processes of their own: what one finds is heard, and their death ends nothing."""

import multiprocessing

from cloud.visits.planning.crew import plan_day
from cloud.visits.planning.model import Plan
from tests.cloud.visits.planning.checking import create_day, faults


def test_each_better_plan_is_heard_and_the_last_is_the_answer() -> None:
    day = create_day(20, 5, 2)
    heard: list[Plan] = []
    plan = plan_day(day, 60.0, cores=2, better=heard.append, stopped=lambda: len(heard) >= 2)
    assert [p.cost for p in heard] == sorted((p.cost for p in heard), reverse=True)
    assert len(heard) >= 2
    assert heard[-1] == plan
    assert faults(day, plan) == []


def test_when_every_search_process_dies_the_first_goes_on_alone() -> None:
    day = create_day(20, 5, 2)
    heard: list[Plan] = []
    killed = 0

    def kill() -> bool:
        nonlocal killed
        if not killed:
            for child in multiprocessing.active_children():
                child.kill()
                child.join()
                killed += 1
            heard.clear()
        return bool(killed and heard)

    plan = plan_day(day, 60.0, cores=2, better=heard.append, stopped=kill)
    assert killed == 2
    assert heard
    assert faults(day, plan) == []
