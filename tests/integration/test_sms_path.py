"""The home's path by text over a real pseudo-terminal; the centre here is a test that knows the home's key."""

import queue
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4

import pytest
import serial

from edge.alarm.path import PathSays, PathTook, PathWord
from edge.alarm.sms import modem_thread
from edge.alarm.sms.config import SmsSettings
from edge.alarm.sms.memory import ModemReport, SmsMemory, modem_report
from edge.alarm.sms.path import SmsPath
from protocols.alarm.code import AlarmCode, Code, StateCode, decode_code, device_tag, open_code
from protocols.alarm.kinds import AlarmKind
from protocols.alarm.states import AlarmState
from protocols.alarm.text import Language, compose_text
from protocols.sms.joining import Joiner
from protocols.sms.pdu import Deliver, decode_incoming
from protocols.telemetry.messages import AlarmMessage, AlarmStateMessage
from tests.integration.modems import CENTRE_NUMBER, HOME_NUMBER, PATIENCE_S, SimulatedModems

pytestmark = pytest.mark.integration

KEY = bytes(range(32))
NEIGHBOUR = "+8613900000003"
AT = datetime(2026, 3, 1, 8, 30, tzinfo=UTC)


@pytest.fixture
def modems(tmp_path: Path) -> Iterator[SimulatedModems]:
    modems = SimulatedModems(tmp_path / "inbox.jsonl")
    yield modems
    modems.close()


class Home:
    """A path that is started, and what it told."""

    def __init__(self, folder: Path, **changes: object) -> None:
        settings = {
            "port": str(folder / "home"),
            "baud": 115200,
            "pin": "",
            "key": KEY,
            "numbers": (CENTRE_NUMBER, NEIGHBOUR),
            "language": Language.EN,
            "next_number_s": 60.0,
            "test_days": 0.0,
        } | changes
        self.memory_path = folder / "sms.db"
        self.memory = SmsMemory(self.memory_path)
        self.path = SmsPath(SmsSettings(**settings), self.memory)  # type: ignore[arg-type]  # of a dict
        self.told: queue.SimpleQueue[PathWord] = queue.SimpleQueue()
        self.path.start(self.told.put)

    def call(self, **changes: object) -> AlarmMessage:
        fields = {"alarm": str(uuid4()), "kind": AlarmKind.PERSONAL_TRIGGER, "device": "ble:1", "raised_at": AT}
        message = AlarmMessage(**(fields | changes))  # type: ignore[arg-type]  # of a dict
        self.path.call(message)
        return message

    def until_modem(self, fits: Callable[[ModemReport], bool]) -> ModemReport:
        deadline = time.monotonic() + PATIENCE_S
        while True:
            report = modem_report(self.memory_path)
            if report is not None and fits(report):
                return report
            assert time.monotonic() < deadline, report
            time.sleep(0.02)

    def close(self) -> None:
        self.path.stop()
        self.memory.close()


class Centre:
    """A SIM whose texts the test reads as a telephone would, and that sends by the network itself."""

    def __init__(self, modems: SimulatedModems, folder: Path) -> None:
        self._modems = modems
        self._sim = modems.plug(folder / "centre", CENTRE_NUMBER).modem.sim
        with serial.Serial(str(folder / "centre"), timeout=1) as port:
            port.write(b"AT+CNMI=2,1\r")
            assert port.read_until(b"OK\r\n").endswith(b"OK\r\n")
        self._read = 0

    def next(self) -> tuple[str, Code]:
        """The next text, and the code in it."""
        joiner = Joiner()
        deadline = time.monotonic() + PATIENCE_S
        while True:
            kept = self._modems.do(lambda: dict(self._sim.texts))
            for place in sorted(kept)[self._read :]:
                self._read += 1
                deliver = decode_incoming(kept[place][1])
                assert isinstance(deliver, Deliver)
                whole = joiner.add(deliver, place, 0.0)
                if whole is not None:
                    return whole.text, open_code(decode_code(whole.text), KEY)
            assert time.monotonic() < deadline
            time.sleep(0.02)

    def say(self, text: str) -> None:
        """To the home, from any number: a caller's number proves nothing."""
        from protocols.sms.pdu import Submit  # noqa: PLC0415
        from protocols.sms.user_data import split  # noqa: PLC0415

        for data in split(text, 1):
            submit = Submit(HOME_NUMBER, data)
            self._modems.do(lambda submit=submit: self._modems.network.take(NEIGHBOUR, submit, 1, reports=False))  # type: ignore[misc]

    def answer(self, alarm: str, state: AlarmState, counter: int, minutes: int | None = None, key: bytes = KEY) -> None:
        self.say(compose_text(StateCode(counter, UUID(alarm), state, AT, minutes), key))


@pytest.fixture
def home(modems: SimulatedModems, tmp_path: Path) -> Iterator[Home]:
    modems.plug(tmp_path / "home", HOME_NUMBER)
    home = Home(tmp_path)
    yield home
    home.close()


@pytest.fixture
def centre(modems: SimulatedModems, tmp_path: Path) -> Centre:
    return Centre(modems, tmp_path)


def test_a_call_reaches_the_first_number_and_its_answer_comes_back(centre: Centre, home: Home) -> None:
    call = home.call()
    text, code = centre.next()
    assert isinstance(code, AlarmCode)
    assert (str(code.alarm), code.kind, code.raised_at) == (call.alarm, call.kind, AT)
    assert code.device_tag == device_tag("ble:1")
    assert text.startswith("Doorstep alarm")
    assert home.told.get(timeout=PATIENCE_S) == PathTook(call.alarm)
    assert home.until_modem(lambda report: report.last_delivered is True).last_sent_at is not None
    assert home.told.empty(), "a delivery report is not the centre's answer"
    centre.answer(call.alarm, AlarmState.ON_THE_WAY, 5, minutes=12)
    said = AlarmStateMessage(alarm=call.alarm, state=AlarmState.ON_THE_WAY, at=AT, minutes=12)
    assert home.told.get(timeout=PATIENCE_S) == PathSays(said)


def test_forged_old_and_foreign_texts_say_nothing(centre: Centre, home: Home) -> None:
    call = home.call()
    centre.next()
    assert home.told.get(timeout=PATIENCE_S) == PathTook(call.alarm)
    centre.say("You have won a prize")
    centre.answer(call.alarm, AlarmState.CLOSED, 5, key=bytes(32))
    centre.answer(call.alarm, AlarmState.TAKEN, 6)
    centre.answer(call.alarm, AlarmState.CLOSED, 6)
    centre.answer(call.alarm, AlarmState.AT_CENTRE, 4)
    centre.answer(call.alarm, AlarmState.ON_THE_WAY, 7)
    states: list[AlarmState] = []
    while len(states) < 2:
        word = home.told.get(timeout=PATIENCE_S)
        assert isinstance(word, PathSays)
        states.append(word.message.state)
    assert states == [AlarmState.TAKEN, AlarmState.ON_THE_WAY]
    assert home.told.empty()


def test_the_next_number_is_told_when_the_centre_is_silent(
    modems: SimulatedModems, centre: Centre, tmp_path: Path
) -> None:
    modems.plug(tmp_path / "home", HOME_NUMBER)
    with closing(Home(tmp_path, next_number_s=0.2, language=Language.ZH)) as home:
        home.call()
        text, _ = centre.next()
        assert text.startswith("家门口报警")
        deadline = time.monotonic() + PATIENCE_S
        while not (modems.inbox.exists() and NEIGHBOUR in modems.inbox.read_text(encoding="utf-8")):
            assert time.monotonic() < deadline
            time.sleep(0.02)


def test_a_modem_that_is_unplugged_and_put_back(
    modems: SimulatedModems, centre: Centre, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(modem_thread, "REOPEN_S", 0.1)
    monkeypatch.setattr("edge.alarm.sms.plan.AGAIN_AFTER_S", 0.2)
    monkeypatch.setattr("edge.alarm.sms.plan.TRIES_A_NUMBER", 1000)
    modem = modems.plug(tmp_path / "home", HOME_NUMBER)
    home = Home(tmp_path)
    home.until_modem(lambda report: report.trouble is None)
    modems.do(modem.unplug)
    home.until_modem(lambda report: report.trouble is not None)
    call = home.call()
    modems.do(modem.plug)
    _, code = centre.next()
    assert isinstance(code, AlarmCode)
    assert str(code.alarm) == call.alarm
    home.until_modem(lambda report: report.trouble is None)
    home.close()


def test_a_wrong_pin_is_not_tried_again_after_a_restart(modems: SimulatedModems, tmp_path: Path) -> None:
    modem = modems.plug(tmp_path / "home", HOME_NUMBER, pin="1234")
    for _ in range(2):
        home = Home(tmp_path, pin="9999")
        report = home.until_modem(lambda report: report.trouble is not None and "PIN" in report.trouble)
        assert report.trouble is not None
        home.close()
    assert modem.modem.sim.tries_left == 2


def test_the_way_is_tested_without_anybody_being_told(modems: SimulatedModems, centre: Centre, tmp_path: Path) -> None:
    modems.plug(tmp_path / "home", HOME_NUMBER)
    home = Home(tmp_path, test_days=30.0)
    text, code = centre.next()
    assert isinstance(code, AlarmCode)
    assert (code.kind, code.test) == (AlarmKind.DRILL, True)
    assert "Nothing is to be done" in text
    centre.answer(str(code.alarm), AlarmState.CLOSED, 1)
    report = home.until_modem(lambda report: report.test is not None and report.test.answered_at is not None)
    assert report.trouble is None
    assert home.told.empty()
    home.close()


def test_counters_rise_over_a_restart(tmp_path: Path) -> None:
    memory = SmsMemory(tmp_path / "sms.db")
    counters = [memory.next_counter() for _ in range(3)]
    memory.close()
    memory = SmsMemory(tmp_path / "sms.db")
    counters.append(memory.next_counter())
    assert counters == sorted(set(counters))
    assert memory.accept(7)
    assert not memory.accept(7)
    assert not memory.accept(6)
    memory.close()
