"""The press on disk: one call a press, whatever is repeated, replayed or restarted."""

import contextlib
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from edge.alarm.call import Meaning, PressRules
from edge.alarm.journal import AlarmJournal, Pressed, StaleCounter
from edge.errors import Permanent
from protocols.alarm.kinds import AlarmKind
from protocols.alarm.states import AlarmState

AT = datetime(2026, 3, 1, tzinfo=UTC)
RULES = PressRules(same_press_s=3.0, cancel_within_s=60.0)


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[AlarmJournal]:
    opened = AlarmJournal(tmp_path / "alarm.db")
    yield opened
    opened.close()


def press(
    journal: AlarmJournal, counter: int, at_s: float = 1000.0, device: str = "ble:x", *, long: bool = False
) -> Pressed:
    return journal.press(
        device, AlarmKind.PERSONAL_TRIGGER, counter, raised_at=AT, pressed_at_s=at_s, rules=RULES, long=long
    )


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


@pytest.mark.parametrize(
    ("later_s", "long", "meaning"),
    [
        (2.9, True, Meaning.SAME_CALL),  # the button is still held
        (3.0, True, Meaning.TAKES_BACK),
        (59.9, True, Meaning.TAKES_BACK),
        (60.0, True, Meaning.NEW_CALL),
        (30.0, False, Meaning.NEW_CALL),
        (-5.0, True, Meaning.NEW_CALL),
    ],
)
def test_second_long_press_takes_back(journal: AlarmJournal, later_s: float, long: bool, meaning: Meaning) -> None:
    press(journal, 1, long=True)
    assert press(journal, 2, 1000.0 + later_s, long=long).meaning is meaning
    assert next(call.cancelled for call in journal.open_calls()) is (meaning is Meaning.TAKES_BACK)


def test_press_after_it_was_taken_back_is_a_new_call(journal: AlarmJournal) -> None:
    press(journal, 1)
    assert press(journal, 2, 1010.0, long=True).meaning is Meaning.TAKES_BACK
    assert press(journal, 3, 1011.0, long=True).meaning is Meaning.SAME_CALL  # the same hand, still down
    assert press(journal, 4, 1011.5).meaning is Meaning.NEW_CALL


def test_device_without_a_counter_calls_with_each_press(journal: AlarmJournal) -> None:
    first, second = (
        journal.press("gpio:17", AlarmKind.FIXED_TRIGGER, None, raised_at=AT, pressed_at_s=at_s, rules=RULES)
        for at_s in (1000.0, 1010.0)
    )
    assert (first.is_new, second.is_new) == (True, True)


def test_notice_is_one_alarm_while_it_lasts(journal: AlarmJournal) -> None:
    alarm, new = journal.notice("gateway", AlarmKind.MAINS_LOST, AT)
    assert new
    assert journal.notice("gateway", AlarmKind.MAINS_LOST, AT) == (alarm, False)
    assert journal.notice("gateway", AlarmKind.BATTERY_LOW, AT)[1]
    assert journal.over("gateway", AlarmKind.MAINS_LOST)
    assert not journal.over("gateway", AlarmKind.MAINS_LOST)
    again, new = journal.notice("gateway", AlarmKind.MAINS_LOST, AT)
    assert new
    assert again != alarm


def test_journal_of_an_earlier_version_is_taken_over(tmp_path: Path) -> None:
    path = tmp_path / "alarm.db"
    with contextlib.closing(sqlite3.connect(path)) as old:
        old.executescript(
            "CREATE TABLE button (device TEXT PRIMARY KEY, counter INTEGER NOT NULL, alarm TEXT, pressed_at REAL);"
            "CREATE TABLE alarm (alarm TEXT PRIMARY KEY, kind TEXT NOT NULL, device TEXT NOT NULL,"
            " raised_at TEXT NOT NULL, state TEXT NOT NULL, attempts INTEGER NOT NULL DEFAULT 0,"
            " presses INTEGER NOT NULL DEFAULT 1, spoken_by TEXT, minutes INTEGER);"
            "INSERT INTO alarm (alarm, kind, device, raised_at, state)"
            " VALUES ('a', 'personal_trigger', 'ble:x', '2026-03-01T00:00:00+00:00', 'sent');"
            "INSERT INTO button VALUES ('ble:x', 7, 'a', 1000.0);"
        )
    journal = AlarmJournal(path)
    assert [call.state for call in journal.open_calls()] == [AlarmState.SENT]
    assert press(journal, 8, 1010.0, long=True).meaning is Meaning.TAKES_BACK
    journal.close()


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
