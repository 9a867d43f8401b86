"""The modem's session against simulated modems on real pseudo-terminals, and against an outside client."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import serial

from protocols.sms.joining import Joiner
from protocols.sms.modem import ModemSession, ModemSilent
from protocols.sms.modem_events import Came, ModemStatus, NotSent, PinRefused, Reported, Sent, StatusIs, Step, Write
from protocols.sms.pdu import Delivery, Submit
from protocols.sms.user_data import split
from tests.integration.modems import CENTRE_NUMBER, HOME_NUMBER, PATIENCE_S, SimulatedModems

pytestmark = pytest.mark.integration

LONG = "护士已经知道，" * 30
PIN = "1234"


@pytest.fixture
def modems(tmp_path: Path) -> Iterator[SimulatedModems]:
    modems = SimulatedModems(tmp_path / "inbox.jsonl")
    yield modems
    modems.close()


class Client:
    """A session and its port, on the test's own thread."""

    def __init__(self, path: Path, pin: str = "", look_s: float = 0.2) -> None:
        self.port = serial.Serial(str(path), 115200, timeout=0.02)
        self.session = ModemSession(pin, look_s=look_s)
        self.told: list[Step] = []
        self._carry(self.session.begin(time.monotonic()))

    def send(self, job: int, to: str, text: str) -> None:
        parts = [Submit(to, data) for data in split(text, job)]
        self._carry(self.session.send(job, parts, time.monotonic()))

    def until(self, fits: Callable[[Step], bool]) -> Step:
        """The first step that fits, of those that were told and those to come."""
        deadline = time.monotonic() + PATIENCE_S
        looked = 0
        while True:
            for step in self.told[looked:]:
                if fits(step):
                    return step
            looked = len(self.told)
            told = [step for step in self.told if not isinstance(step, StatusIs)]
            assert time.monotonic() < deadline, f"told only {told}"
            data = self.port.read(256)
            now_s = time.monotonic()
            if data:
                self._carry(self.session.receive(data, now_s))
            self._carry(self.session.due(now_s))

    def until_came(self, place: int) -> Came:
        """The text that came as the so-manieth, from 0."""
        self.until(lambda _: len(self._came()) > place)
        return self._came()[place]

    def _came(self) -> list[Came]:
        return [step for step in self.told if isinstance(step, Came)]

    def until_status(self, fits: Callable[[ModemStatus], bool]) -> ModemStatus:
        step = self.until(lambda step: isinstance(step, StatusIs) and fits(step.status))
        assert isinstance(step, StatusIs)
        return step.status

    def _carry(self, steps: list[Step]) -> None:
        for step in steps:
            if isinstance(step, Write):
                self.port.write(step.data)
            else:
                self.told.append(step)


@pytest.fixture
def pair(modems: SimulatedModems, tmp_path: Path) -> Iterator[tuple[Client, Client]]:
    """A home's modem and the centre's."""
    modems.plug(tmp_path / "home", HOME_NUMBER)
    modems.plug(tmp_path / "centre", CENTRE_NUMBER)
    clients = Client(tmp_path / "home"), Client(tmp_path / "centre")
    yield clients
    for client in clients:
        client.port.close()


@pytest.mark.parametrize("text", ["help", "{curly} [brackets] 5 €", LONG, "a" * 500])
def test_what_one_sends_the_other_receives_and_the_report_comes_back(pair: tuple[Client, Client], text: str) -> None:
    home, centre = pair
    centre.until_status(lambda status: status.trouble is None)
    home.send(7, CENTRE_NUMBER, text)
    sent = home.until(lambda step: isinstance(step, Sent))
    assert isinstance(sent, Sent)
    assert sent.job == 7
    joiner, whole = Joiner(), None
    for place in range(len(sent.references)):
        came = centre.until_came(place)
        assert came.place is not None
        whole = joiner.add(came.deliver, came.place, 0.0)
    assert whole is not None
    assert (whole.sender, whole.text) == (HOME_NUMBER, text)
    for reference in sent.references:
        home.until(
            lambda step, reference=reference: (  # type: ignore[misc]  # a lambda's default is not inferred
                isinstance(step, Reported)
                and step.report.reference == reference
                and step.report.delivery is Delivery.DELIVERED
            )
        )


def test_what_is_deleted_makes_room_and_the_rest_is_told_to_the_next_session(
    pair: tuple[Client, Client], tmp_path: Path
) -> None:
    home, centre = pair
    centre.until_status(lambda status: status.trouble is None)
    for number, text in enumerate(("one", "two")):
        home.send(number, CENTRE_NUMBER, text)
        home.until(lambda step, number=number: isinstance(step, Sent) and step.job == number)  # type: ignore[misc]
        centre.until(lambda step, text=text: isinstance(step, Came) and step.deliver.data.text == text)  # type: ignore[misc]
    came = next(step for step in centre.told if isinstance(step, Came))
    assert came.place is not None
    centre._carry(centre.session.delete(came.place, time.monotonic()))
    centre.send(9, HOME_NUMBER, "the deletion was before this")
    centre.until(lambda step: isinstance(step, Sent))
    centre.until_status(lambda status: status.trouble is None)
    centre.port.close()
    again = Client(tmp_path / "centre")
    again.until(lambda step: isinstance(step, Came))
    assert [step.deliver.data.text for step in again.told if isinstance(step, Came)] == ["two"]
    again.port.close()


def test_status_says_operator_and_signal(pair: tuple[Client, Client]) -> None:
    status = pair[0].until_status(lambda _: True)
    assert status == ModemStatus(None, "DOORSTEP SIM NET", -71, roaming=False, reports=True)


@pytest.mark.parametrize("fault", ["busy", "chatty"])
def test_it_gets_through_all_the_same(modems: SimulatedModems, tmp_path: Path, fault: str) -> None:
    modems.plug(tmp_path / "home", HOME_NUMBER, fault=fault)
    home = Client(tmp_path / "home")
    home.send(1, "+8613900000000", "help")
    home.until(lambda step: isinstance(step, Sent))
    home.port.close()


def test_a_wrong_pin_is_said_once_and_not_tried_again(modems: SimulatedModems, tmp_path: Path) -> None:
    modem = modems.plug(tmp_path / "home", HOME_NUMBER, pin=PIN)
    home = Client(tmp_path / "home", "9999")
    home.until(lambda step: isinstance(step, PinRefused))
    for _ in range(3):
        home.told.clear()
        home.until_status(lambda status: status.trouble is not None)
    assert modem.modem.sim.tries_left == 2
    home.port.close()


def test_the_right_pin_opens_the_sim(modems: SimulatedModems, tmp_path: Path) -> None:
    modems.plug(tmp_path / "home", HOME_NUMBER, pin=PIN)
    home = Client(tmp_path / "home", PIN)
    home.until_status(lambda status: status.trouble is None)
    home.port.close()


def test_without_a_network_a_text_is_not_sent_and_later_is(modems: SimulatedModems, tmp_path: Path) -> None:
    modem = modems.plug(tmp_path / "home", HOME_NUMBER, fault="no_network")
    home = Client(tmp_path / "home")
    home.send(1, CENTRE_NUMBER, "help")
    failed = home.until(lambda step: isinstance(step, NotSent))
    assert failed == NotSent(1, "no network", permanent=False)
    home.until_status(lambda status: status.trouble == "the modem is not in any network")
    modems.spoil(modem, "")
    home.until_status(lambda status: status.trouble is None)
    home.send(2, CENTRE_NUMBER, "help")
    home.until(lambda step: isinstance(step, Sent))
    home.port.close()


def test_a_sim_that_is_taken_out_and_put_back(modems: SimulatedModems, tmp_path: Path) -> None:
    modem = modems.plug(tmp_path / "home", HOME_NUMBER)
    home = Client(tmp_path / "home")
    home.until_status(lambda status: status.trouble is None)
    modems.spoil(modem, "no_sim")
    with pytest.raises(ModemSilent, match="the SIM is gone"):
        home.until(lambda _: False)
    home.port.close()
    home = Client(tmp_path / "home")
    home.until_status(lambda status: status.trouble == "no SIM is in the modem")
    modems.spoil(modem, "")
    home.until_status(lambda status: status.trouble is None)
    home.port.close()


@pytest.mark.parametrize("fault", ["silent", "garbage"])
def test_what_is_no_modem_is_given_up(
    modems: SimulatedModems, tmp_path: Path, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("protocols.sms.modem._WAKE_WITHIN_S", 0.2)
    modems.plug(tmp_path / "home", HOME_NUMBER, fault=fault)
    home = Client(tmp_path / "home")
    with pytest.raises(ModemSilent, match="does not answer AT"):
        home.until(lambda _: False)
    home.port.close()


def test_a_modem_that_hangs_is_given_up(
    modems: SimulatedModems, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("protocols.sms.modem.SENT_WITHIN_S", 0.3)
    monkeypatch.setattr("protocols.sms.modem._WAKE_WITHIN_S", 0.2)
    modems.plug(tmp_path / "home", HOME_NUMBER, fault="hang")
    home = Client(tmp_path / "home")
    home.send(1, CENTRE_NUMBER, "help")
    with pytest.raises(ModemSilent, match="does not answer any more"):
        home.until(lambda _: False)
    home.port.close()


def test_text_mode_is_spoken_too(modems: SimulatedModems, tmp_path: Path) -> None:
    """As a person at a terminal would type it."""
    modems.plug(tmp_path / "home", HOME_NUMBER)
    modems.plug(tmp_path / "centre", CENTRE_NUMBER)
    with (
        serial.Serial(str(tmp_path / "home"), timeout=1) as home,
        serial.Serial(str(tmp_path / "centre"), timeout=1) as centre,
    ):
        for port in (home, centre):
            port.write(b"ATE0\rAT+CMGF=1\rAT+CNMI=2,1\r")
            assert port.read_until(b"OK\r\n\r\nOK\r\n\r\nOK\r\n").endswith(b"OK\r\n")
        home.write(f'AT+CMGS="{CENTRE_NUMBER}"\r'.encode())
        assert home.read_until(b"> ") == b"\r\n> "
        home.write(b"hello\x1a")
        assert home.read_until(b"OK\r\n") == b"\r\n+CMGS: 1\r\n\r\nOK\r\n"
        assert centre.read_until(b'+CMTI: "SM",1\r\n').endswith(b'+CMTI: "SM",1\r\n')
        centre.write(b"AT+CMGR=1\r")
        shown = centre.read_until(b"OK\r\n").decode()
        assert shown.startswith(f'\r\n+CMGR: "REC UNREAD","{HOME_NUMBER}",,"')
        assert shown.endswith("\r\nhello\r\n\r\nOK\r\n")
