"""The bench of detection: its scores, its peers and what it puts into series, on small people made here."""

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from cloud.detection.columns import DAY_US, HOUR_US, METRIC_CODE, History, create_readings, no_events, us_of
from cloud.detection.limits import load_limits
from protocols.reading import Metric
from tests.bench._detect import injections, peers, street
from tests.bench._detect.page import write_page
from tests.bench._detect.people import EXCERPT, Person, tihm
from tests.bench._detect.running import alerts_of, raised
from tests.bench._detect.scoring import Raised, figures, share_of, tally
from tests.bench.detect import LIMITS

BEGIN_US = us_of(datetime(2026, 1, 5, tzinfo=UTC))
BEGIN_DAY = BEGIN_US // DAY_US


def create_person(systolic: list[float], *, name: str = "one", labelled: frozenset[int] = frozenset()) -> Person:
    """Measured each day at nine."""
    at = [BEGIN_US + day * DAY_US + 9 * HOUR_US for day in range(len(systolic))]
    metrics = [Metric.SYSTOLIC, Metric.DIASTOLIC]
    readings = create_readings(
        metric=[METRIC_CODE[metric] for metric in metrics for _ in at],
        value=[*systolic, *(one / 2 for one in systolic)],
        at_us=at * 2,
        arrived_us=at * 2,
        flags=[0] * (2 * len(at)),
        meal=[0] * (2 * len(at)),
        zone=UTC,
    )
    return Person(name, History(readings, no_events()), UTC, {"blood_pressure": labelled})


def usual(days: int) -> list[float]:
    return [126.0 + (day * 7) % 9 for day in range(days)]


def test_a_tally_counts_days_once_and_figures_have_intervals() -> None:
    told = [Raised(1, 5.0), Raised(1, 7.0), Raised(3, 9.0)]
    one = tally(told, frozenset({1, 2}), 2.0)
    assert (one.labelled, one.hit, one.flagged, one.right, one.alerts) == (2, 1, 2, 1, 3)
    found = figures([one, tally([], frozenset({4}), 2.0)])
    assert found["recall"]["value"] == pytest.approx(1 / 3, abs=0.001)
    assert found["precision"]["value"] == 0.5
    assert found["per_week"]["value"] == 0.75
    assert found["delay_min"]["value"] == 7.0
    for figure in found.values():
        low, high = figure["low"], figure["high"]
        assert low is not None
        assert high is not None
        assert low <= (figure["value"] or 0) <= high
    assert figures([tally([], frozenset(), 1.0)])["recall"]["value"] is None
    assert share_of([True, False])["value"] == 0.5


def test_peers_flag_what_they_say_and_know_nothing_of_later_days() -> None:
    series = usual(40)
    series[30] = 168.0
    person = create_person(series)
    for name in peers.PEERS[:2]:
        assert BEGIN_DAY + 30 in {one.day for one in peers.peer(name, person, "blood_pressure")}
    for name in peers.PEERS:
        whole = peers.peer(name, person, "blood_pressure")
        cut = peers.peer(name, create_person(series[:35]), "blood_pressure")
        assert [one.day for one in cut] == [one.day for one in whole if one.day < BEGIN_DAY + 35]
    others = [create_person(usual(40), name=str(number)) for number in range(3)]
    flagged = peers.forest([person, *others], "blood_pressure", 0.2)
    assert BEGIN_DAY + 30 in {one.day for one in flagged[0]}


def test_what_is_put_into_a_series_leaves_all_before_it_as_it_was() -> None:
    person = create_person(usual(60))
    onset = BEGIN_DAY + 40
    before = person.history.readings.local_day < onset
    for kind in injections.kinds()[:3]:
        changed = kind.put(person, onset, kind.sizes[-1]).history.readings
        kept = changed.take(changed.local_day < onset)
        assert np.array_equal(kept.value, person.history.readings.value[before])
        assert changed.value.sum() != person.history.readings.value.sum()


def test_a_street_has_floors_and_is_the_same_again(tmp_path: Path) -> None:
    put = street.write(tmp_path / "one.csv", 30, 30)
    assert put
    assert street.write(tmp_path / "two.csv", 30, 30) == put
    assert (tmp_path / "one.csv").read_bytes() == (tmp_path / "two.csv").read_bytes()


def test_a_large_step_is_told_and_a_larger_one_no_later() -> None:
    limits = load_limits(LIMITS)
    found = injections.measure([create_person(usual(60), name=str(number)) for number in range(2)], limits)
    step = found["step"]["40 mm[Hg]"]
    assert step["people"] == 2
    assert step["sensitivity"] == {"value": 1.0, "low": 1.0, "high": 1.0}
    assert isinstance(step["delay_min"], float)


def test_the_excerpt_is_read_and_its_pressures_are_told(tmp_path: Path) -> None:
    limits = load_limits(LIMITS)
    people = {one.name: one for one in tihm(EXCERPT)}
    assert set(people) == {"0d5ef", "28710", "6b29b", "c5031"}
    assert len(people["c5031"].history.events) > 10_000
    one = people["28710"]
    told = raised(alerts_of(one, limits), "blood_pressure")
    labelled = one.labelled["blood_pressure"]
    assert len({each.day for each in told} & labelled) / len(labelled) >= 0.8
    figure = {"value": 0.5, "low": 0.25, "high": 0.75}
    measures = dict.fromkeys(("recall", "precision", "per_week", "delay_min"), figure)
    sizes = {"1": {"people": 3, "sensitivity": figure, "delay_min": 90.0}} | {
        str(size): {"people": 3, "sensitivity": figure} for size in (2, 3, 4)
    }
    write_page(
        {
            "machine": {"date": "d", "processor": "p", "cores": 2, "system": "s", "python": "3"},
            "people": {"tihm": ["a"], "excerpt": True, "uci": 0},
            "tihm": {"pulse": measures},
            "peers": {"ewma": {"pulse": measures}},
            "failures": {"pulse": [{"person": "a", "labelled": 3, "missed": 1, "unlabelled": 0}]},
            "injections": {kind.name: sizes for kind in injections.kinds()},
            "models": {"alerts": 9, "why_not": "9 alerts are too few"},
            "readings_per_s": 50000,
            "street": {
                "homes": 3,
                "days": 90,
                "found_per_week": 0.5,
                "shown_per_week": 0.2,
                "shown_by_priority": {"now": 2},
                "still_waiting": 0,
                "longest_wait_days": 0,
                "judging_s": 1.5,
                "found_by_rule": {"silence": 0.2},
                "shown_by_rule": {},
                "floors": 1,
                "floors_missed": 0,
            },
            "latency": {"readings_a_second": 5, "alerts": 9, "told": 9, "median_s": 0.1, "p99_s": 0.3},
        },
        tmp_path,
    )
    page = (tmp_path / "detection-figures.md").read_text(encoding="utf-8")
    assert "| EWMA | 0.50 (0.25 to 0.75) |" in page
    assert "| Step | 1 | 3 | 0.50 (0.25 to 0.75) | 1.5 h |" in page
    assert "| floors put in, and missed | 1, 0 |" in page
    assert (tmp_path / "pictures" / "detection-pulse.svg").read_text(encoding="utf-8").count("<rect") == 5
