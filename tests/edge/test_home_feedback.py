"""Lamp, buzzer and voice: what they show is what was told last, and a part that is silent is named."""

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import gpiozero
import pytest
from gpiozero.pins.mock import MockFactory

from edge.alarm.call import Call
from edge.alarm.feedback import FeedbackLog
from edge.alarm.home_feedback import HomeFeedback, create_feedback
from edge.alarm.journal import AlarmJournal
from edge.alarm.signal import Signal
from edge.alarm.speaker import Speaker
from edge.alarm.troubles import Troubles
from edge.alarm.words import Voice
from edge.alarm_section import Alarm
from edge.clock import Clock
from protocols.alarm.kinds import AlarmKind
from protocols.alarm.states import AlarmState
from tests.edge.voice import PATIENCE_S, Recorded

CALL = Call("a", AlarmKind.PERSONAL_TRIGGER, "ble:x", datetime(2026, 3, 1, tzinfo=UTC))


class Bulb:
    def __init__(self) -> None:
        self.changes: list[bool] = []
        self._changed = threading.Condition()

    def on(self) -> None:
        self._note(True)

    def off(self) -> None:
        self._note(False)

    def _note(self, lit: bool) -> None:
        with self._changed:
            if not self.changes or self.changes[-1] is not lit:
                self.changes.append(lit)
            self._changed.notify_all()

    def until(self, fits: Callable[[list[bool]], bool]) -> None:
        with self._changed:
            assert self._changed.wait_for(lambda: fits(self.changes), PATIENCE_S), self.changes


@pytest.fixture
def bulb() -> Bulb:
    return Bulb()


@pytest.fixture
def signal(bulb: Bulb) -> Iterator[Signal]:
    signal = Signal(bulb, "lamp")
    yield signal
    signal.stop()
    assert bulb.changes[-1] is False


def test_pattern_goes_on_until_the_next(bulb: Bulb, signal: Signal) -> None:
    signal.show((0.005, 0.005))
    bulb.until(lambda changes: changes.count(True) >= 5)
    signal.show((1.0,))
    bulb.until(lambda changes: changes[-1])
    signal.show(())
    bulb.until(lambda changes: not changes[-1])
    count = len(bulb.changes)
    signal.show(())
    assert len(bulb.changes) == count


def test_rounds_are_counted(bulb: Bulb, signal: Signal) -> None:
    signal.show((0.005, 0.005), rounds=3)
    bulb.until(lambda changes: changes.count(True) == 3 and not changes[-1])


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Recorded:
    return Recorded(tmp_path, monkeypatch)


class Heard:
    def __init__(self) -> None:
        self.sentences: list[str | None] = []
        self._changed = threading.Condition()

    def tell(self, sentence: str | None) -> None:
        with self._changed:
            self.sentences.append(sentence)
            self._changed.notify_all()

    def until(self, count: int) -> list[str | None]:
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.sentences) >= count, PATIENCE_S), self.sentences
        return self.sentences


@pytest.fixture
def heard() -> Heard:
    return Heard()


@pytest.fixture
def speaker(heard: Heard) -> Iterator[Speaker]:
    speaker = Speaker(("zh", "en"), heard.tell)
    speaker.start()
    yield speaker
    speaker.stop()


def test_each_language_in_its_order_and_no_text_becomes_an_option(
    program: Recorded, heard: Heard, speaker: Speaker
) -> None:
    speaker.say(Voice("--help has your call.", "张护士已接到您的呼叫。"))
    assert heard.until(1) == [None]
    assert program.said == ["cmn 张护士已接到您的呼叫。", "en --help has your call."]


def test_newer_line_takes_the_place_of_the_older(program: Recorded, heard: Heard, speaker: Speaker) -> None:
    program.behave(f"echo begun >> {program.path}; exec sleep 60")
    speaker.say(Voice("Old.", "旧。"))
    program.until(1)
    program.behave(f'echo "$(cat)" >> {program.path}')
    speaker.say(Voice("Middle.", "中。"))
    speaker.say(Voice("New.", "新。"))
    assert program.until(3)[-2:] == ["新。", "New."]
    assert "旧。" not in program.said


def test_voice_without_a_loudspeaker_is_named(program: Recorded, heard: Heard, speaker: Speaker) -> None:
    program.behave("exit 3")
    speaker.say(Voice("Hello.", "你好。"))
    assert heard.until(1) == ["the voice is silent: espeak-ng ended with code 3; is there a loudspeaker?"]


def test_voice_that_is_not_installed_is_named(heard: Heard, speaker: Speaker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    speaker.say(Voice("Hello.", "你好。"))
    assert heard.until(1) == ["the voice is silent: espeak-ng is not installed"]


class Shown(Signal):
    """Writes down the patterns instead of playing them."""

    def __init__(self) -> None:
        self.patterns: list[tuple[float, ...]] = []

    def show(self, times_s: "tuple[float, ...] | list[float] | object", rounds: int | None = None) -> None:
        assert isinstance(times_s, tuple)
        self.patterns.append(times_s if rounds is None else times_s * rounds)

    def stop(self) -> None:
        pass


def test_lamp_shows_the_call_for_which_least_is_done(tmp_path: Path) -> None:
    lamp = Shown()
    troubles: dict[str, str | None] = {}
    feedback = HomeFeedback(FeedbackLog(tmp_path / "f", Clock()), troubles.__setitem__, lamp=lamp)
    feedback.show(replace(CALL, state=AlarmState.TAKEN))
    feedback.show(replace(CALL, alarm="b"))
    feedback.show(replace(CALL, state=AlarmState.ON_THE_WAY))
    assert lamp.patterns == [(1.0,), (0.15, 0.15), (0.15, 0.15)]
    feedback.show(replace(CALL, alarm="b", state=AlarmState.CANCELLED))
    feedback.show(replace(CALL, state=AlarmState.CLOSED))
    assert lamp.patterns[3:] == [(1.0,), ()]
    assert troubles == {"feedback": None}


def test_log_that_cannot_be_written_is_named_and_hides_nothing(tmp_path: Path) -> None:
    lamp, buzzer = Shown(), Shown()
    troubles: dict[str, str | None] = {}
    log = FeedbackLog(tmp_path / "no folder" / "f", Clock())
    HomeFeedback(log, troubles.__setitem__, lamp=lamp, buzzer=buzzer).show(CALL)
    assert "cannot be written down" in str(troubles["feedback"])
    assert lamp.patterns
    assert buzzer.patterns


@pytest.fixture
def pins(monkeypatch: pytest.MonkeyPatch) -> Iterator[MockFactory]:
    factory = MockFactory()
    monkeypatch.setattr(gpiozero.Device, "pin_factory", factory)
    yield factory
    factory.reset()


def test_lamp_and_buzzer_stand_on_their_pins(tmp_path: Path, pins: MockFactory) -> None:
    troubles: dict[str, str | None] = {}
    config = Alarm(lamp="gpio:27", buzzer="gpio:22")
    feedback = create_feedback(config, FeedbackLog(tmp_path / "f", Clock()), troubles.__setitem__)
    feedback.show(replace(CALL, state=AlarmState.TAKEN))
    deadline = time.monotonic() + PATIENCE_S
    while not pins.pin(27).state:
        assert time.monotonic() < deadline
        time.sleep(0.005)
    feedback.stop()
    assert not pins.pin(27).state
    assert troubles == {"lamp": None, "buzzer": None, "feedback": None}


def test_part_that_cannot_be_had_stands_in_the_journal(tmp_path: Path, pins: MockFactory) -> None:
    journal = AlarmJournal(tmp_path / "alarm.db")
    taken = gpiozero.DigitalOutputDevice(27)
    feedback = create_feedback(Alarm(lamp="gpio:27"), FeedbackLog(tmp_path / "f", Clock()), Troubles(journal).tell)
    (sentence,) = journal.troubles()
    assert sentence.startswith("the lamp on gpio:27 is dark: ")
    feedback.show(CALL)
    feedback.stop()
    taken.close()
    create_feedback(Alarm(lamp="gpio:27"), FeedbackLog(tmp_path / "f", Clock()), Troubles(journal).tell).stop()
    assert journal.troubles() == []
    journal.close()
