"""The plan of a run: the same seed gives the same one, and every fault has its turn."""

import itertools
from collections import Counter

import pytest

from tests.system.chaos.plan import FAR, GATEWAYS, OUTAGE_H, WAYS, Kind, create_plan


def test_the_same_seed_gives_the_same_plan_and_another_another() -> None:
    assert create_plan(4, 110.0) == create_plan(4, 110.0)
    assert create_plan(4, 110.0).breaks != create_plan(5, 110.0).breaks


@pytest.mark.parametrize("seed", range(5))
def test_every_fault_lies_within_the_run_and_names_what_there_is(seed: int) -> None:
    plan = create_plan(seed, 110.0)
    assert all(0 < one.at_s <= one.at_s + one.lasts_s < plan.length_s for one in plan.breaks)
    assert {one.target for one in plan.breaks} <= {"", *GATEWAYS}
    assert [one.at_s for one in plan.breaks] == sorted(one.at_s for one in plan.breaks)


def test_a_long_run_has_every_kind_about_equally_often() -> None:
    counts = Counter(one.kind for one in create_plan(1, 3600.0).breaks)
    assert set(counts) == set(Kind)
    drawn = [counts[kind] for kind in WAYS]
    assert max(drawn) <= min(drawn) + 6


def test_the_far_home_is_cut_off_for_72_simulated_hours_once() -> None:
    for length_s in (30.0, 110.0, 3600.0):
        plan = create_plan(1, length_s)
        (outage,) = [one for one in plan.breaks if one.kind is Kind.OUTAGE_72H]
        assert outage.target == FAR
        assert outage.lasts_s * plan.outage_speed == pytest.approx(OUTAGE_H * 3600)


def test_no_meter_measures_twice_within_a_second() -> None:
    plan = create_plan(1, 600.0)
    meters = {(taken.gateway, taken.bluetooth) for taken in plan.measurements}
    for meter in meters:
        times = [taken.at_s for taken in plan.measurements if (taken.gateway, taken.bluetooth) == meter]
        assert min(later - earlier for earlier, later in itertools.pairwise(times)) > 1


def test_a_run_too_short_to_break_anything_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 20"):
        create_plan(1, 10.0)
