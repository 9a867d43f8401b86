"""The instance and solution format of the home health care routing and scheduling problem (iolab-uniud, JSON).

Rows of the distance matrix: the office, then the patients as they are listed. A double service is simultaneous, or
sequential with a least and a greatest gap between its starts.
"""

from math import inf, isfinite
from typing import Any, cast

import msgspec

from cloud.visits.planning.model import Day, Job, Plan, PlanningError, Staff, Visit


def decode_instance(data: bytes) -> Day:
    """Raises PlanningError with what is wrong and where."""
    try:
        instance = msgspec.json.decode(data)
    except msgspec.DecodeError as error:
        raise PlanningError(f"not JSON: {error}") from error
    if not isinstance(instance, dict):
        raise PlanningError("an instance is a JSON object")
    patients = _objects(instance, "patients")
    caregivers = _objects(instance, "caregivers")
    default = {_name(s): s.get("default_duration", 0.0) for s in _objects(instance, "services", needed=False)}
    abilities = [frozenset(map(str, c.get("abilities") or ())) for c in caregivers]
    visits = tuple(_visit(place, patient, abilities, default) for place, patient in enumerate(patients, 1))
    staff = tuple(Staff(_name(c), home=0) for c in caregivers)
    _once("patients", [v.name for v in visits])
    _once("caregivers", [s.name for s in staff])
    return Day(visits, staff, _distances(instance, len(patients)))


def encode_plan(day: Day, plan: Plan) -> bytes:
    routes = [
        {
            "caregiver_id": person.name,
            "locations": [
                {
                    "patient_id": (visit := day.visits[stop.visit]).name,
                    "service_id": (job := visit.jobs[stop.job]).name,
                    "arrival_time": stop.start,
                    "departure_time": stop.start + job.duration_min,
                }
                for stop in route
            ],
        }
        for person, route in zip(day.staff, plan.routes, strict=True)
    ]
    return msgspec.json.format(
        msgspec.json.encode({"routes": routes, "global_ordering": [day.visits[v].name for v in plan.order]})
    )


def _visit(place: int, patient: dict[str, Any], abilities: list[frozenset[str]], default: dict[str, Any]) -> Visit:
    name = _name(patient)
    window = patient.get("time_window") or [0.0, inf]
    if not isinstance(window, list) or len(window) != 2:
        raise PlanningError(f"{name}: time_window is [earliest, latest]")
    needs = patient.get("required_caregivers")
    if not isinstance(needs, list) or not needs:
        raise PlanningError(f"{name}: required_caregivers is empty; a patient needs at least one service")
    jobs = []
    for need in needs:
        service = str(need.get("service") if isinstance(need, dict) else need)
        given = need.get("duration") if isinstance(need, dict) else None
        minutes = _number(default.get(service, 0.0) if given is None else given, f"{name}: duration of {service}")
        jobs.append(Job(service, minutes, tuple(i for i, able in enumerate(abilities) if service in able)))
    _once(f"{name}: required_caregivers", [job.name for job in jobs])
    earliest = _number(window[0], f"{name}: time_window")
    latest = inf if window[1] in (None, inf) else _number(window[1], f"{name}: time_window")
    gap = _gap(name, patient.get("synchronization")) if len(jobs) == 2 else (-inf, inf)
    return Visit(name, place, earliest, latest, tuple(jobs), gap)


def _gap(name: str, coupling: Any) -> tuple[float, float]:
    if not coupling:
        return (-inf, inf)
    kind = coupling.get("type") if isinstance(coupling, dict) else coupling
    if kind in ("simultaneous", "independent", None):
        return (0.0, 0.0) if kind == "simultaneous" else (-inf, inf)
    if kind != "sequential" or not isinstance(coupling, dict):
        raise PlanningError(f"{name}: synchronization is simultaneous or sequential, not {kind!r}")
    distance = coupling.get("distance", [0.0, inf])
    low, high = (distance.get("min", 0.0), distance.get("max", inf)) if isinstance(distance, dict) else distance
    low = 0.0 if low is None else _number(low, f"{name}: synchronization")
    return (low, inf if high in (None, inf) else _number(high, f"{name}: synchronization"))


def _distances(instance: dict[str, Any], patients: int) -> list[list[float]]:
    rows = instance.get("distances")
    if not isinstance(rows, list) or len(rows) <= patients or any(len(row) <= patients for row in rows):
        raise PlanningError(f"distances: {patients + 1} rows and columns are needed, the office first")
    size = patients + 1
    return [[_number(x, f"distances, row {i}") for x in row[:size]] for i, row in enumerate(rows[:size])]


def _objects(instance: dict[str, Any], key: str, *, needed: bool = True) -> list[dict[str, Any]]:
    found = instance.get(key) or []
    if not isinstance(found, list) or not all(isinstance(item, dict) for item in found) or (needed and not found):
        raise PlanningError(f"{key}: a list of objects is needed")
    return cast("list[dict[str, Any]]", found)


def _name(item: dict[str, Any]) -> str:
    if "id" not in item:
        raise PlanningError("a patient, caregiver or service has no id")
    return str(item["id"])


def _once(where: str, names: list[str]) -> None:
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise PlanningError(f"{where}: {', '.join(twice)} stands there twice")


def _number(value: Any, where: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value) or value < 0:
        raise PlanningError(f"{where}: a number of minutes that is not negative is needed, not {value!r}")
    return float(value)
