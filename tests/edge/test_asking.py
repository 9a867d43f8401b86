"""A request to measure again: said once, in its hours, behind every call, and what became of it is known after."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from edge.alarm.ask_journal import AskJournal
from edge.alarm.ask_words import WHY, ask_line
from edge.alarm.asking import Asking
from edge.alarm.journal import AlarmJournal
from edge.alarm.speaker import Speaker
from edge.alarm.words import Voice
from edge.asked import AskedOfHome
from edge.clock import Clock
from protocols.reading import Metric
from protocols.telemetry.measuring_again import Became, MeasureAgainMessage
from protocols.telemetry.messages import encode
from tests.edge.voice import Recorded

NOW = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)
UNTIL = NOW + timedelta(minutes=30)


class Moment(Clock):
    def __init__(self) -> None:
        super().__init__()
        self.at = NOW

    def now(self) -> datetime:
        return self.at


class Home:
    """The two ends of the journal, and a voice that is written down."""

    def __init__(self, folder: Path, program: Recorded, *, voice: bool = True) -> None:
        self.program = program
        self.clock = Moment()
        self.path = folder / "alarm.db"
        self._journal = AlarmJournal(self.path)
        self.woken = 0
        self.asked = AskedOfHome(self.path, self.clock, self._wake, has_voice=voice)
        self.speaker = Speaker(("zh", "en"), lambda _sentence: None)
        self.speaker.start()
        self.day = True
        self.start()

    def _wake(self) -> None:
        self.woken += 1

    def start(self) -> None:
        """The alarm's process begins."""
        self.asks = AskJournal(self.path)
        self.asking = Asking(self.asks, self.speaker, self.clock, lambda: self.day)

    def ask(self, number: int, metric: Metric = Metric.SYSTOLIC, why: str = "cuff_loose") -> None:
        self.asked.arrived(encode(MeasureAgainMessage(ask=number, metric=metric, why=why, until=UNTIL)))

    def became(self) -> dict[int, Became]:
        return {one.ask: one.became for one in self.asked.settled()}

    def until_became(self, number: int) -> Became:
        """Looks as the alarm's loop does."""
        for _ in range(1000):
            self.asking.look(free=True)
            if number in self.became():
                return self.became()[number]
            self.program.wait()
        raise AssertionError(self.program.said)

    def close(self) -> None:
        self.speaker.stop()
        self.asked.close()
        self.asks.close()
        self._journal.close()


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Recorded:
    return Recorded(tmp_path, monkeypatch)


@pytest.fixture
def home(tmp_path: Path, program: Recorded) -> Iterator[Home]:
    home = Home(tmp_path, program)
    yield home
    home.close()


def test_it_is_said_once_in_the_homes_languages(home: Home) -> None:
    for _ in range(2):  # the centre sends again until it is told
        home.ask(7)
    assert home.woken == 1
    assert home.until_became(7) is Became.SAID
    home.ask(7)
    home.start()  # and a restart does not say it again
    home.asking.look(free=True)
    chinese, english = home.program.said
    assert chinese.startswith("cmn 请您再量一次血压。袖带太松了。")
    assert english.startswith("en Please measure your blood pressure once more. The cuff sat loosely.")


def test_a_call_is_never_disturbed_and_cuts_it(home: Home) -> None:
    home.program.behave(f"echo begun >> {home.program.path}; exec sleep 60")
    home.ask(7)
    home.asking.look(free=False)
    assert home.program.said == []
    home.asking.look(free=True)
    home.program.until(1)
    home.program.behave(f'echo "$2 $(cat)" >> {home.program.path}')
    home.speaker.say(Voice("I heard you.", "听到了。"))
    assert home.program.until(3)[1:] == ["cmn 听到了。", "en I heard you."]
    assert home.became() == {}
    assert home.until_became(7) is Became.SAID, "it is said again when the call is over"


def test_hours_expiry_and_a_newer_one_of_the_same_meter(home: Home) -> None:
    home.ask(1, Metric.GLUCOSE, "strip")
    home.ask(2, Metric.GLUCOSE, "jump")
    assert home.until_became(2) is Became.SAID
    assert home.became() == {1: Became.TOO_LATE, 2: Became.SAID}
    home.day = False
    home.ask(3)
    home.asking.look(free=True)
    assert 3 not in home.became(), "the morning may still come in time"
    home.clock.at = UNTIL
    home.asking.look(free=True)
    home.day = True
    home.ask(4)
    home.asking.look(free=True)
    assert home.became() == {1: Became.TOO_LATE, 2: Became.SAID, 3: Became.QUIET_HOURS, 4: Became.TOO_LATE}
    assert len(home.program.said) == 2


def test_a_voice_that_fails_and_a_home_without_one(home: Home, tmp_path: Path) -> None:
    home.program.behave("exit 3")
    home.ask(1)
    assert home.until_became(1) is Became.SILENT
    mute = AskedOfHome(home.path, home.clock, lambda: None, has_voice=False)
    mute.arrived(encode(MeasureAgainMessage(ask=2, metric=Metric.PULSE, why="jump", until=UNTIL)))
    mute.close()
    assert home.became()[2] is Became.SILENT


def test_what_is_no_request_is_refused(home: Home) -> None:
    for payload in (b"", b"{}", b'{"ask":-1,"metric":"pulse","why":"","until":"2026-03-01T08:00:00Z"}'):
        home.asked.arrived(payload)
    assert home.asks.open() == []


def test_every_reason_has_both_languages() -> None:
    for why in [*WHY, "a reason of a later centre"]:
        said = ask_line(Metric.GLUCOSE, why)
        assert said.en.startswith("Please measure your blood sugar")
        assert said.zh.startswith("请您再测一次血糖")
