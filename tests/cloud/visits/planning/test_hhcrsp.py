"""The instance format: published instances, what is missing, what is wrong."""

import json
from math import inf
from pathlib import Path
from typing import Any

import pytest

from cloud.visits.planning.crew import plan_day
from cloud.visits.planning.hhcrsp import decode_instance, encode_plan
from cloud.visits.planning.layout import Layout
from cloud.visits.planning.model import PlanningError
from cloud.visits.planning.schedule import Schedule
from tests.cloud.visits.planning.checking import cost_of, faults

VECTORS = Path(__file__).parents[3] / "vectors" / "hhcrsp"


def create_instance(**changes: Any) -> dict[str, Any]:
    instance: dict[str, Any] = {
        "patients": [
            {"id": "p1", "time_window": [0, 60], "required_caregivers": [{"service": "s1"}]},
            {
                "id": "p2",
                "time_window": [30, 90],
                "required_caregivers": [{"service": "s1", "duration": 20}, {"service": "s2"}],
                "synchronization": {"type": "sequential", "distance": {"min": 10, "max": 20}},
            },
        ],
        "services": [{"id": "s1", "default_duration": 15}, {"id": "s2", "default_duration": 5}],
        "caregivers": [{"id": "c1", "abilities": ["s1"]}, {"id": "c2", "abilities": ["s2"]}],
        "central_offices": [{"id": "d"}],
        "distances": [[0, 5, 9], [5, 0, 7], [9, 7, 0]],
    }
    return instance | changes


def decode(instance: Any) -> Any:
    return decode_instance(json.dumps(instance).encode())


@pytest.mark.parametrize(("name", "best"), [("10_1", 218.199), ("10_3", 305.858)])
def test_a_published_instance_of_ten_patients_is_planned_as_well_as_anybody_did(name: str, best: float) -> None:
    day = decode_instance((VECTORS / f"InstanzCPLEX_HCSRP_{name}.json").read_bytes())
    plan = plan_day(day, 20.0, cores=1, enough=best + 0.001)
    assert faults(day, plan) == []
    assert plan.cost == pytest.approx(cost_of(day, plan))
    assert plan.cost <= best + 0.001


def test_twenty_five_patients_are_within_a_tenth_after_a_few_seconds() -> None:
    day = decode_instance((VECTORS / "InstanzCPLEX_HCSRP_25_6.json").read_bytes())
    plan = plan_day(day, 20.0, cores=1, enough=464.622 * 1.1)
    assert faults(day, plan) == []
    assert plan.cost <= 464.622 * 1.1


def test_the_cost_is_the_authors() -> None:
    """Their routes, laid into our schedule, cost what they say."""
    day = decode_instance((VECTORS / "InstanzCPLEX_HCSRP_10_3.json").read_bytes())
    solution = json.loads((VECTORS / "sol-InstanzCPLEX_HCSRP_10_3-2425726044.json").read_text())
    layout = Layout(day)
    task = {
        (visit.name, job.name): layout.tasks_of[v][j]
        for v, visit in enumerate(day.visits)
        for j, job in enumerate(visit.jobs)
    }
    number = {visit.name: v for v, visit in enumerate(day.visits)}
    routes = {r["caregiver_id"]: [task[s["patient"], s["service"]] for s in r["locations"]] for r in solution["routes"]}
    schedule = Schedule(layout)
    schedule.lay([routes[c.name] for c in day.staff], [number[p] for p in solution["global_ordering"]])
    assert schedule.cost == pytest.approx(305.858, abs=0.001)
    assert schedule.travel == pytest.approx(741.137, abs=0.001)


def test_what_is_missing_has_its_default() -> None:
    day = decode(create_instance())
    assert [job.duration_min for visit in day.visits for job in visit.jobs] == [15, 20, 5]
    assert day.visits[1].gap == (10, 20)
    assert day.visits[0].gap == (-inf, inf)
    instance = create_instance()
    del instance["patients"][0]["time_window"], instance["patients"][1]["synchronization"], instance["services"]
    day = decode(instance)
    assert (day.visits[0].earliest, day.visits[0].latest) == (0, inf)
    assert day.visits[1].gap == (-inf, inf)


def test_a_plan_names_each_service_and_when_it_is_left() -> None:
    day = decode(create_instance())
    plan = json.loads(encode_plan(day, plan_day(day, 0.2, cores=1)))
    stops = {(s["patient_id"], s["service_id"]): s for r in plan["routes"] for s in r["locations"]}
    assert set(stops) == {("p1", "s1"), ("p2", "s1"), ("p2", "s2")}
    assert sorted(plan["global_ordering"]) == ["p1", "p2"]
    gap = (stops["p2", "s2"]["departure_time"] - 5) - (stops["p2", "s1"]["departure_time"] - 20)
    assert 10 <= gap <= 20


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"patients": []}, "patients: a list of objects is needed"),
        ({"caregivers": [{"id": "c1", "abilities": ["s1"]}]}, "p2: nobody may do s2"),
        ({"caregivers": [{"abilities": []}]}, "has no id"),
        ({"distances": [[0, 1], [1, 0]]}, "distances: 3 rows and columns are needed"),
        ({"distances": [[0, 1, -1], [1, 0, 1], [1, 1, 0]]}, "distances, row 0: a number"),
        ({"patients": [{"id": "p1", "required_caregivers": []}]}, "p1: required_caregivers is empty"),
        (
            {"patients": [{"id": "p1", "time_window": [1], "required_caregivers": [{"service": "s1"}]}]},
            "p1: time_window is",
        ),
    ],
)
def test_what_is_wrong_is_said(changes: dict[str, Any], says: str) -> None:
    with pytest.raises(PlanningError, match=says):
        decode(create_instance(**changes))


@pytest.mark.parametrize("data", [b"", b"[]", b"{", b'{"patients": 3}'])
def test_what_is_no_instance_is_refused(data: bytes) -> None:
    with pytest.raises(PlanningError):
        decode_instance(data)
