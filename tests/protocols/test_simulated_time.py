from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.simulated_time import TimeScale, parse_time_scale

ORIGIN = datetime(2026, 11, 22, 6, tzinfo=UTC)
STARTED = datetime(2026, 11, 22, 9, 13, tzinfo=UTC)


def test_time_runs_along_the_line() -> None:
    scale = TimeScale(ORIGIN, STARTED, 60.0)
    assert scale.simulated(STARTED) == ORIGIN
    assert scale.simulated(STARTED + timedelta(seconds=30)) == ORIGIN + timedelta(minutes=30)
    assert scale.wall_duration(timedelta(hours=1)) == timedelta(minutes=1)


@given(st.timedeltas(timedelta(0), timedelta(days=30)), st.floats(1, 10_000))
def test_wall_is_the_inverse_of_simulated(since: timedelta, speed: float) -> None:
    scale = TimeScale(ORIGIN, STARTED, speed)
    there_and_back = scale.wall(scale.simulated(STARTED + since))
    assert abs(there_and_back - (STARTED + since)) <= timedelta(microseconds=2)


@pytest.mark.parametrize("speed", [0.5, 1, 60, 1440, 12.25])
def test_text_is_parsed_back(speed: float) -> None:
    scale = TimeScale(ORIGIN, STARTED, speed)
    assert parse_time_scale(str(scale)) == scale


def test_other_zones_become_utc() -> None:
    scale = parse_time_scale("2026-11-22T14:00:00+08:00@2026-11-22T09:13:00+00:00x60")
    assert scale.origin == ORIGIN
    assert scale.origin.tzinfo is UTC
    assert scale.simulated(STARTED.astimezone(timezone(timedelta(hours=8)))) == ORIGIN


@pytest.mark.parametrize(
    "text",
    [
        "",
        "fast",
        "2026-11-22T06:00:00+00:00",
        "2026-11-22@2026-11-23",
        "@x",
        "2026-13-01@2026-11-22x60",
        "2026-11-22T06:00:00@2026-11-22T09:13:00+00:00x60",  # no zone
    ],
)
def test_other_text_is_refused_with_the_expected_form(text: str) -> None:
    with pytest.raises(ValueError, match="is not ORIGIN@STARTEDxSPEED"):
        parse_time_scale(text)


@pytest.mark.parametrize("speed", ["0", "-1", "nan"])
def test_time_does_not_stand_or_run_backwards(speed: str) -> None:
    with pytest.raises(ValueError, match="speed must be above 0"):
        parse_time_scale(f"{ORIGIN.isoformat()}@{STARTED.isoformat()}x{speed}")
