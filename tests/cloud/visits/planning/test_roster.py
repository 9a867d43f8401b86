"""A centre's day made into what is planned: who may go, who had better, pauses, ways."""

import pytest

from cloud.visits.planning.crew import plan_day
from cloud.visits.planning.model import PlanningError
from cloud.visits.planning.roster import Errand, Nurse, roster_of
from cloud.visits.planning.travel import Pace, Spot, air_line_km, by_coordinates, by_road
from tests.cloud.visits.planning.checking import cost_of, faults

TRAVEL = [[0.0, 10.0, 12.0], [10.0, 0.0, 5.0], [12.0, 5.0, 0.0]]
MORNING = (480.0, 720.0)


def create_nurse(number: int, *skills: str, **more: object) -> Nurse:
    return Nurse(number, 0, 480.0, 960.0, frozenset(skills), **more)  # type: ignore[arg-type]  # keywords of a test


def create_errand(number: int, place: int = 1, **more: object) -> Errand:
    return Errand(number, place, *MORNING, 20.0, **more)  # type: ignore[arg-type]  # keywords of a test


def who(errands: list[Errand], nurses: list[Nurse]) -> list[str]:
    roster = roster_of(errands, nurses, TRAVEL)
    plan = plan_day(roster.day, 0.1, cores=1)
    assert faults(roster.day, plan) == []
    assert plan.cost == pytest.approx(cost_of(roster.day, plan))
    return [n.name for n, route in zip(roster.day.staff, plan.routes, strict=True) if route]


def test_the_nurse_whom_the_elder_knows_goes() -> None:
    nurses = [create_nurse(7), create_nurse(8)]
    assert who([create_errand(1, known_nurse=8)], nurses) == ["nurse 8"]
    assert who([create_errand(1, known_nurse=7)], nurses) == ["nurse 7"]


def test_skills_wishes_language_pins_and_refusals_choose() -> None:
    nurses = [
        create_nurse(7, gender="male", languages=frozenset({"yue"})),
        create_nurse(8, "wound", gender="female", languages=frozenset({"zh"})),
    ]
    assert who([create_errand(1, skills=(frozenset({"wound"}),))], nurses) == ["nurse 8"]
    assert who([create_errand(1, gender="male")], nurses) == ["nurse 7"]
    assert who([create_errand(1, language="zh")], nurses) == ["nurse 8"]
    assert who([create_errand(1, pinned=7, known_nurse=8)], nurses) == ["nurse 7"]
    assert who([create_errand(1, not_for=frozenset({7}))], nurses) == ["nurse 8"]
    assert who([create_errand(1, skills=(frozenset(), frozenset()))], nurses) == ["nurse 7", "nurse 8"]


@pytest.mark.parametrize(
    ("errand", "why"),
    [
        (create_errand(1, skills=(frozenset({"dialysis", "wound"}),)), "nobody of the day has dialysis, wound"),
        (create_errand(1, pinned=99), "nurse 99, to whom it is pinned, does not work"),
        (create_errand(1, gender="female"), "not wished for"),
        (create_errand(1, skills=(frozenset({"lift"}), frozenset({"lift"}))), "two people are needed"),
        (create_errand(1, skills=(frozenset(),) * 3), "more than two people"),
    ],
)
def test_an_errand_for_nobody_is_said_and_the_rest_is_planned(errand: Errand, why: str) -> None:
    roster = roster_of([errand, create_errand(2)], [create_nurse(7, "lift"), create_nurse(8)], TRAVEL)
    assert [(u.errand, why in u.why) for u in roster.unplanned] == [(1, True)]
    assert [e.number for e in roster.errands] == [2]


def test_a_pause_is_taken_where_the_nurse_is_and_in_its_window() -> None:
    nurses = [create_nurse(7, pause=(690.0, 720.0, 30.0))]
    roster = roster_of([create_errand(n, 1 + n % 2) for n in range(6)], nurses, TRAVEL)
    plan = plan_day(roster.day, 0.2, cores=1)
    assert faults(roster.day, plan) == []
    pause = next(stop for stop in plan.routes[0] if stop.visit == len(roster.errands))
    assert 690.0 <= pause.start <= 720.0


def test_an_emergency_goes_before_what_can_wait() -> None:
    errands = [Errand(n, 1, 480.0, 490.0, 60.0) for n in range(3)]
    errands.append(Errand(3, 2, 480.0, 490.0, 60.0, priority="emergency"))
    roster = roster_of(errands, [create_nurse(7)], TRAVEL)
    plan = plan_day(roster.day, 0.2, cores=1)
    assert plan.routes[0][0].visit == 3


def test_the_air_line_from_paris_to_london() -> None:
    """48.8566 N 2.3522 E to 51.5074 N 0.1278 W is 343.6 km."""
    assert air_line_km(Spot(48.8566, 2.3522), Spot(51.5074, -0.1278)) == pytest.approx(343.6, abs=0.3)


def test_minutes_by_coordinates_are_symmetric_and_nought_at_home() -> None:
    spots = [Spot(31.23, 121.47), Spot(31.25, 121.50), Spot(31.23, 121.47)]
    rows = by_coordinates(spots, Pace(km_h=30.0, detour=1.5, stop_min=1.0))
    assert rows[0][1] == rows[1][0] == pytest.approx(1.0 + 3.0 * air_line_km(spots[0], spots[1]))
    assert rows[0][2] == rows[0][0] == 0.0


def test_a_road_matrix_may_leave_out_the_way_back_but_no_way() -> None:
    assert by_road(["a", "b"], {("a", "b"): 7.0}) == [[0.0, 7.0], [7.0, 0.0]]
    with pytest.raises(PlanningError, match="no way from a to c"):
        by_road(["a", "b", "c"], {("a", "b"): 7.0})


def test_a_place_off_the_earth_is_refused() -> None:
    with pytest.raises(PlanningError, match="latitude"):
        Spot(131.0, 31.0)
