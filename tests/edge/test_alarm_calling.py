"""Every trigger becomes a call, whatever the disk does."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.alarm.call import Call, Meaning, PressRules
from edge.alarm.calling import Calling
from edge.alarm.journal import AlarmJournal, StaleCounter
from edge.clock import Clock
from edge.figures import Figures
from protocols.alarm.kinds import AlarmKind

PRESS = AlarmKind.PERSONAL_TRIGGER


class Ears:
    def __init__(self) -> None:
        self.woken = 0
        self.told: list[Call] = []

    def wake(self) -> None:
        self.woken += 1

    def tell(self, call: Call) -> None:
        self.told.append(call)


class Home:
    def __init__(self, folder: Path) -> None:
        self.journal = AlarmJournal(folder / "alarm.db")
        self.ears = Ears()
        self.wall_s = 1000.0
        rules = PressRules(same_press_s=3.0, cancel_within_s=60.0)
        figures = Figures((), Clock())
        self.calling = Calling(self.journal, self.ears, figures, Clock(), rules, wall_s=lambda: self.wall_s)

    def disk_fails(self) -> None:
        self.journal._db.execute("PRAGMA query_only = 1")  # every write is refused, as by a disk that fails

    def disk_is_well(self) -> None:
        self.journal._db.execute("PRAGMA query_only = 0")


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    home = Home(tmp_path)
    yield home
    home.journal.close()


def test_press_is_told_at_once_and_written_when_the_disk_takes_it(home: Home) -> None:
    home.disk_fails()
    assert home.calling.press("ble:x", PRESS, counter=5) is Meaning.NEW_CALL
    (told,) = home.ears.told
    assert (told.kept, told.device) == (False, "ble:x")
    assert home.calling.problems == [
        "the gateway's disk does not take calls: 1 in memory only, a power cut would forget them"
    ]
    home.calling.write_unkept()
    assert home.calling.problems != []
    home.disk_is_well()
    home.calling.write_unkept()
    assert [call.alarm for call in home.journal.open_calls()] == [told.alarm]
    assert home.journal.counter("ble:x") == 5
    assert home.calling.problems == []
    assert home.ears.woken == 1


def test_repeats_and_recordings_are_refused_without_a_disk_too(home: Home) -> None:
    home.calling.press("ble:x", PRESS, counter=5)
    home.disk_fails()
    with pytest.raises(StaleCounter) as old:
        home.calling.press("ble:x", PRESS, counter=4)
    assert not old.value.is_repeat
    home.calling.press("ble:x", PRESS, counter=6)
    for _ in range(3):
        with pytest.raises(StaleCounter) as repeat:
            home.calling.press("ble:x", PRESS, counter=6)
        assert repeat.value.is_repeat
    assert len(home.ears.told) == 1


def test_recording_of_before_a_restart_is_refused_without_a_disk_too(home: Home) -> None:
    home.journal.heard_counter("ble:x", 9)
    home.disk_fails()
    with pytest.raises(StaleCounter):
        home.calling.press("ble:x", PRESS, counter=9)
    assert home.ears.told == []


def test_long_press_takes_back_what_only_memory_has(home: Home) -> None:
    home.disk_fails()
    home.calling.press("ble:x", PRESS, counter=1)
    home.wall_s += 1
    assert home.calling.press("ble:x", PRESS, counter=2) is Meaning.SAME_CALL
    home.wall_s += 10
    assert home.calling.press("ble:x", PRESS, counter=3, long=True) is Meaning.TAKES_BACK
    assert [(call.presses, call.cancelled) for call in home.ears.told] == [(1, False), (2, False), (2, True)]
    home.disk_is_well()
    home.calling.write_unkept()
    assert [(call.presses, call.cancelled) for call in home.journal.open_calls()] == [(2, True)]


def test_what_calls_by_itself_calls_once_and_is_over(home: Home) -> None:
    first = home.calling.notice("gateway", AlarmKind.MAINS_LOST)
    assert first is not None
    assert home.calling.notice("gateway", AlarmKind.MAINS_LOST) is None
    home.calling.over("gateway", AlarmKind.MAINS_LOST)
    assert [(call.alarm, call.cancelled) for call in home.journal.open_calls()] == [(first, True)]


def test_what_calls_by_itself_calls_once_without_a_disk_too(home: Home) -> None:
    home.disk_fails()
    assert home.calling.notice("bath", AlarmKind.FALL) is not None
    assert home.calling.notice("bath", AlarmKind.FALL) is None
    home.calling.over("bath", AlarmKind.FALL)
    assert [call.cancelled for call in home.ears.told] == [False, True]


def test_a_new_alarm_process_is_told_what_the_journal_has_not(home: Home) -> None:
    home.disk_fails()
    home.calling.press("ble:x", PRESS, counter=1)
    home.calling.tell_again()
    assert home.ears.told[0] == home.ears.told[1]


def test_journal_that_cannot_even_be_read_does_not_silence_the_press(home: Home) -> None:
    home.journal._db.executescript("DROP TABLE button; DROP TABLE alarm")
    assert home.calling.press("ble:x", PRESS, counter=1) is Meaning.NEW_CALL
    assert len(home.ears.told) == 1
