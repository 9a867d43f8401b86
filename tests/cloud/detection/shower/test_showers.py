"""Showers from humidity alone, in bathrooms of many kinds."""

import random
import statistics
from dataclasses import replace
from datetime import UTC
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cloud.detection.columns import DAY_US, EVENT_CODE, MINUTE_US, EventKind, Events, create_events
from cloud.detection.shower.showers import found_showers, showers
from tests.cloud.detection.shower.bathrooms import BEGIN_US, Bathroom, humidity

NEAR_MIN = 10.0
HARD = Bathroom(0, season_percent=8.0, laundries_a_week=3.0, gaps_a_week=3.0, meals_percent=6.0)


def beside(found: list[tuple[int, int]], taken: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """How many minutes early or late each found shower began and ended that was one."""
    errors, spans = [], [((b - BEGIN_US) / MINUTE_US, (e - BEGIN_US) / MINUTE_US) for b, e in found]
    for begin, end in taken:
        near = [one for one in spans if one[0] <= end + NEAR_MIN and one[1] >= begin - NEAR_MIN]
        if near:
            spans.remove(near[0])
            errors.append((near[0][0] - begin, near[0][1] - end))
    return errors


@pytest.mark.parametrize(
    "kind",
    [
        Bathroom(0, step_s=10.0, days=6),
        Bathroom(0),
        Bathroom(0, step_s=300.0),
        Bathroom(0, step_s=600.0),
        Bathroom(0, rises_in_min=8.0, falls_in_min=60.0),
        Bathroom(0, resting_percent=75.0),
        Bathroom(0, resolution_percent=1.0),
        Bathroom(0, least_change_percent=1.0),
        Bathroom(0, noise_percent=0.8),
        Bathroom(0, steam_percent=10.0),
        Bathroom(0, falls_in_min=10.0),
        replace(HARD, falls_in_min=5.0),
        replace(HARD, resolution_percent=1.0, steam_percent=12.0),
    ],
    ids=repr,
)
def test_nine_in_ten_and_less_than_one_false_in_five_days(kind: Bathroom) -> None:
    errors, taken, found, days = [], 0, 0, 0
    for seed in range(2):
        bathroom = replace(kind, seed=seed)
        events, truth = bathroom.lived()
        told = showers(events)
        errors += beside(told, truth)
        taken, found, days = taken + len(truth), found + len(told), days + bathroom.days
    assert len(errors) >= 0.9 * taken
    assert found - len(errors) <= days / 5
    assert abs(statistics.median(begin for begin, _ in errors)) <= 3
    assert abs(statistics.median(end for _, end in errors)) <= 8


@pytest.mark.parametrize(
    "kind",
    [
        replace(HARD, steam_percent=7.0, falls_in_min=6.0),
        replace(HARD, steam_percent=7.0, step_s=180.0),
        replace(HARD, steam_percent=10.0, step_s=300.0),
        replace(HARD, steam_percent=5.0),
    ],
    ids=repr,
)
def test_where_steam_is_thin_four_in_five_and_no_more_false_ones(kind: Bathroom) -> None:
    """Air that rises by 2 to 6 % while somebody showers, beside meals, washing on the line, weather and gaps."""
    taken, right, found, days = 0, 0, 0, 0
    for seed in range(2, 4):
        bathroom = replace(kind, seed=seed)
        events, truth = bathroom.lived()
        told = showers(events)
        taken, right = taken + len(truth), right + len(beside(told, truth))
        found, days = found + len(told), days + bathroom.days
    assert right >= 0.8 * taken
    assert found - right <= days / 5


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 5), st.floats(0, 1))
def test_order_and_a_cut_change_nothing(seed: int, share: float) -> None:
    events, _ = Bathroom(seed, days=6, step_s=120.0).lived()
    order = list(range(len(events)))
    random.Random(seed).shuffle(order)
    mixed = np.array(order + order[: len(order) // 3])
    assert found_showers(_again(events, mixed)) == found_showers(events)
    until = BEGIN_US + int(share * 6 * DAY_US)
    cut = found_showers(events.take(events.at_us <= until))
    assert cut == [one for one in found_showers(events) if one.known_us <= until]


def test_water_is_the_better_witness() -> None:
    flow = [(600.0 + second / 60, 8.0) for second in range(300)] + [(605.0, 0.0), (610.0, 0.0)]
    at = [BEGIN_US + int(minute * MINUTE_US) for minute, _ in flow]
    events = create_events(
        kind=[EVENT_CODE[EventKind.FLOW]] * len(flow),
        place=[0] * len(flow),
        places=("shower",),
        value=[value for _, value in flow],
        at_us=at,
        arrived_us=at,
        zone=UTC,
    )
    ((began, ended),) = showers(events)
    assert (began - BEGIN_US) / MINUTE_US == pytest.approx(600, abs=0.1)
    assert (ended - began) / MINUTE_US == pytest.approx(5, abs=0.1)


def test_steam_in_the_kitchen_is_none_where_a_bathroom_tells() -> None:
    kettle = [(float(minute), 50.0 + (20.0 if 300 <= minute < 308 else 0.0)) for minute in range(600)]
    kitchen = humidity([one for one, _ in kettle], [one for _, one in kettle], "kitchen")
    assert len(showers(kitchen)) == 1  # nothing says better
    both = create_events(
        kind=[*kitchen.kind.tolist(), *kitchen.kind.tolist()],
        place=[1] * len(kitchen) + [0] * len(kitchen),
        places=("bathroom", "kitchen"),
        value=[*kitchen.value.tolist(), *[50.0] * len(kitchen)],
        at_us=[*kitchen.at_us.tolist(), *kitchen.at_us.tolist()],
        arrived_us=[*kitchen.at_us.tolist(), *kitchen.at_us.tolist()],
        zone=UTC,
    )
    assert showers(both) == []


def test_showers_do_not_overlap() -> None:
    events, _ = Bathroom(1, steam_percent=12.0).lived()
    assert all(first[1] < second[0] for first, second in pairwise(showers(events)))


def _again(events: Events, rows: np.ndarray[tuple[int], np.dtype[np.int64]]) -> Events:
    return create_events(
        kind=events.kind[rows],
        place=events.place[rows],
        places=events.places,
        value=events.value[rows],
        at_us=events.at_us[rows],
        arrived_us=events.arrived_us[rows],
        zone=UTC,
    )
