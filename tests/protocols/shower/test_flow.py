"""Showers by their water: a real flat's shower line, and the edges of what a shower is."""

import gzip
import os
import statistics
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from protocols.reading import Metric
from protocols.shower.event import LONGEST, Shower
from protocols.shower.recogniser import ShowerRecogniser

EXCERPT = Path(__file__).parents[2] / "vectors" / "weusedto_shower_two_days.txt"
WHOLE = os.environ.get("DOORSTEP_WEUSEDTO")
L_MIN_PER_UNIT = 0.1
"""The data's unit is not stated; so scaled, half of the running water is above 8.5 L/min, as showers are."""
BEGAN = datetime(2026, 3, 1, 7, 0, tzinfo=UTC)


def recognised(rows: Iterable[tuple[datetime, float]]) -> list[Shower]:
    recogniser = ShowerRecogniser()
    found = [recogniser.heard([(Metric.FLOW, flow_l_min)], at) for at, flow_l_min in rows]
    return [shower for shower in found if shower is not None]


def recorded(lines: Iterable[str]) -> Iterator[tuple[datetime, float]]:
    for line in lines:
        seconds, flow = line.split()
        yield datetime.fromtimestamp(float(seconds), UTC), float(flow) * L_MIN_PER_UNIT


def ran(seconds: Iterable[int], flow_l_min: float = 8.0) -> list[tuple[datetime, float]]:
    return [(BEGAN + timedelta(seconds=second), flow_l_min) for second in seconds]


def off(second: int) -> tuple[datetime, float]:
    return BEGAN + timedelta(seconds=second), 0.0


def test_two_real_days_hold_two_showers() -> None:
    first, second = recognised(recorded(EXCERPT.read_text(encoding="ascii").splitlines()))
    assert first.began.date().isoformat() == "2019-02-27"
    assert first.minutes == pytest.approx(254 / 60, abs=0.25)
    assert second.began.date().isoformat() == "2019-03-02"
    assert second.minutes == pytest.approx(891 / 60, abs=0.25)


@pytest.mark.skipif(
    WHOLE is None, reason="skipped: no WEUSEDTO shower file (feed_Shower.MYD.csv.gz) at DOORSTEP_WEUSEDTO"
)
def test_a_real_year() -> None:
    """276 runs of water of 2 minutes and more stand in the file, cut at pauses of a minute; median 246 s."""
    with gzip.open(str(WHOLE), "rt", encoding="ascii") as lines:
        found = recognised(sorted(recorded(lines)))
    assert len(found) == pytest.approx(276, abs=14)
    assert statistics.median(shower.minutes * 60 for shower in found) == pytest.approx(246, abs=20)


def test_water_that_stops_for_soap_is_one_shower() -> None:
    (shower,) = recognised([*ran(range(120)), off(120), *ran(range(200, 400)), off(400), off(600)])
    assert (shower.began, shower.ended) == (BEGAN, BEGAN + timedelta(seconds=399))


def test_two_people_one_after_the_other_are_two_showers() -> None:
    found = recognised([*ran(range(300)), off(300), *ran(range(600, 900)), off(900), off(1100)])
    assert [shower.minutes for shower in found] == pytest.approx([5.0, 5.0], abs=0.1)


def test_rinsing_a_drip_and_a_tap_left_open_are_none() -> None:
    assert not recognised([*ran(range(90)), off(90), off(600)])
    assert not recognised([*ran(range(600), flow_l_min=0.2), off(600), off(900)])
    too_long_s = int(LONGEST.total_seconds()) + 60
    assert not recognised([*ran(range(0, too_long_s, 10)), off(too_long_s), off(too_long_s + 300)])


def test_shower_is_told_when_only_time_has_passed_and_only_once() -> None:
    recogniser = ShowerRecogniser()
    for at, flow_l_min in ran(range(300)):
        assert recogniser.heard([(Metric.FLOW, flow_l_min)], at) is None
    shower = recogniser.heard([(Metric.DEVICE_BATTERY, 90.0)], BEGAN + timedelta(seconds=500))
    assert shower is not None
    assert shower.began == BEGAN
    assert recogniser.heard([(Metric.DEVICE_BATTERY, 90.0)], BEGAN + timedelta(seconds=900)) is None


def test_clock_that_was_set_back_begins_anew() -> None:
    recogniser = ShowerRecogniser()
    for at, flow_l_min in ran(range(300)):
        recogniser.heard([(Metric.FLOW, flow_l_min)], at)
    assert recogniser.heard([(Metric.FLOW, 0.0)], BEGAN - timedelta(hours=1)) is None
    assert recogniser.heard([(Metric.FLOW, 0.0)], BEGAN + timedelta(hours=1)) is None
