"""The press on disk: one call a press, whatever is repeated, replayed or restarted."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from edge.alarm.journal import AlarmJournal, Pressed, StaleCounter
from edge.errors import Permanent
from protocols.alarm.kinds import AlarmKind
from protocols.alarm.states import AlarmState

AT = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[AlarmJournal]:
    opened = AlarmJournal(tmp_path / "alarm.db")
    yield opened
    opened.close()


def press(journal: AlarmJournal, counter: int, at_s: float = 1000.0, device: str = "ble:x") -> Pressed:
    return journal.press(device, AlarmKind.PERSONAL_TRIGGER, counter, raised_at=AT, pressed_at_s=at_s, same_press_s=3.0)


def test_repeat_of_a_frame_is_no_second_press(journal: AlarmJournal) -> None:
    first = press(journal, 7)
    assert first.is_new
    with pytest.raises(StaleCounter) as repeat:
        press(journal, 7)
    assert repeat.value.is_repeat
    with pytest.raises(StaleCounter) as recording:
        press(journal, 6)
    assert not recording.value.is_repeat
    assert [call.alarm for call in journal.open_calls()] == [first.alarm]


def test_counter_outlives_a_restart(tmp_path: Path) -> None:
    journal = AlarmJournal(tmp_path / "alarm.db")
    first = press(journal, 7)
    journal.close()
    again = AlarmJournal(tmp_path / "alarm.db")
    with pytest.raises(StaleCounter):
        press(again, 7)
    (call,) = again.open_calls()
    assert (call.alarm, call.state, call.raised_at, call.device) == (first.alarm, AlarmState.RAISED, AT, "ble:x")
    again.close()


def test_heartbeat_uses_its_counter_up(journal: AlarmJournal) -> None:
    journal.heard_counter("ble:x", 10)
    with pytest.raises(StaleCounter):
        press(journal, 10)
    assert journal.open_calls() == []


@pytest.mark.parametrize(("later_s", "same"), [(0.0, True), (2.9, True), (3.0, False), (-60.0, False)])
def test_presses_close_together_are_one_call(journal: AlarmJournal, later_s: float, same: bool) -> None:
    first = press(journal, 1)
    second = press(journal, 2, 1000.0 + later_s)
    assert second.is_new is not same
    assert (second.alarm == first.alarm) is same
    assert [call.presses for call in journal.open_calls()] == ([2] if same else [1, 1])


def test_press_after_the_call_was_closed_is_a_new_call(journal: AlarmJournal) -> None:
    press(journal, 1)
    (call,) = journal.open_calls()
    journal.move(replace(call, state=AlarmState.CLOSED))
    assert press(journal, 2, 1001.0).is_new


def test_buttons_count_for_themselves(journal: AlarmJournal) -> None:
    assert press(journal, 50, device="ble:x").is_new
    assert press(journal, 3, device="ble:y").is_new


def test_move_leaves_the_presses_of_the_other_process(tmp_path: Path, journal: AlarmJournal) -> None:
    press(journal, 1)
    beside = AlarmJournal(tmp_path / "alarm.db", beside=True)
    (call,) = beside.open_calls()
    press(journal, 2)
    beside.move(replace(call, state=AlarmState.TAKEN, by="Li", minutes=None, attempts=3))
    (moved,) = journal.open_calls()
    assert (moved.presses, moved.state, moved.by, moved.attempts) == (2, AlarmState.TAKEN, "Li", 3)
    beside.set_line_connected(True)
    assert journal.line_connected
    beside.close()


def test_damaged_journal_is_set_aside_by_the_gateway_only(tmp_path: Path) -> None:
    path = tmp_path / "alarm.db"
    path.write_bytes(b"no database at all" * 100)
    with pytest.raises(Permanent, match="cannot be used"):
        AlarmJournal(path, beside=True)
    journal = AlarmJournal(path)
    assert journal.set_aside is not None
    assert press(journal, 1).is_new
    journal.close()


def test_a_full_disk_takes_a_hundred_presses_all_the_same(tmp_path: Path) -> None:
    """The limit on pages stands for the full disk: the file must not grow."""
    journal = AlarmJournal(tmp_path / "alarm.db")
    (pages,) = journal._db.execute("PRAGMA page_count").fetchone()
    journal._db.execute(f"PRAGMA max_page_count = {pages}")
    for counter in range(1, 101):
        assert press(journal, counter, at_s=1000.0 + 10 * counter).is_new
    assert len(journal.open_calls()) == 100
    journal.close()
