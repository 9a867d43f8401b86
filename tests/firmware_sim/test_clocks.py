"""The simulated hour, a meter's own idea of it, and what a device keeps without power."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec
import pytest

from firmware_sim.clock import Clock, clock_from_environment
from firmware_sim.device_clock import DeviceClock
from firmware_sim.nonvolatile import DamagedState, Nonvolatile
from protocols.simulated_time import CLOCK_VARIABLE, TimeScale
from tests.firmware_sim.conftest import WALL, create_clock


def test_a_fast_clock_shortens_waiting() -> None:
    clock = create_clock(speed=60)
    seconds = clock.wall_seconds_until(clock.now() + timedelta(hours=1))
    assert seconds == pytest.approx(60, abs=1)
    assert clock.wall_seconds_until(clock.now() - timedelta(hours=1)) == 0


def test_the_wall_of_a_home_shows_its_own_zone() -> None:
    shown = create_clock().local(ZoneInfo("Asia/Shanghai"))
    assert shown.tzinfo is None
    assert shown.hour == 14


def test_the_clock_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    scale = TimeScale(datetime(2030, 1, 1, tzinfo=UTC), datetime.now(UTC), 1.0)
    monkeypatch.setenv(CLOCK_VARIABLE, str(scale))
    assert clock_from_environment().now().year == 2030
    monkeypatch.setenv(CLOCK_VARIABLE, "soon")
    with pytest.raises(ValueError, match="DOORSTEP_CLOCK: 'soon' is not"):
        clock_from_environment()
    monkeypatch.delenv(CLOCK_VARIABLE)
    assert abs(clock_from_environment().now() - datetime.now(UTC)) < timedelta(seconds=5)


async def test_sleeping_until_the_past_returns_at_once() -> None:
    await Clock().sleep_until(datetime(2000, 1, 1, tzinfo=UTC))


def test_a_meters_clock_is_wrong_by_its_offset_until_it_is_set(wall_clock: DeviceClock) -> None:
    wall_clock.offset_s = -95
    assert wall_clock.now() == WALL - timedelta(seconds=95)
    assert wall_clock.shown_at(WALL - timedelta(days=1)) == WALL - timedelta(days=1, seconds=95)
    wall_clock.set(WALL + timedelta(hours=1))
    assert wall_clock.now() == WALL + timedelta(hours=1)


class Kept(msgspec.Struct):
    count: int


def test_what_was_saved_last_is_found_again(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    assert Nonvolatile(path, Kept).load() is None
    for count in (1, 2):
        Nonvolatile(path, Kept).save(Kept(count))
    assert Nonvolatile(path, Kept).load() == Kept(2)
    assert [entry.name for entry in tmp_path.iterdir()] == ["state.json"]


def test_a_damaged_state_is_named(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    path.write_text('{"count": "two"}')
    with pytest.raises(DamagedState, match=r"state\.json: not a device's state .* remove it to begin anew"):
        Nonvolatile(path, Kept).load()


def test_without_a_file_nothing_is_kept() -> None:
    kept = Nonvolatile(None, Kept)
    kept.save(Kept(1))
    assert kept.load() is None
