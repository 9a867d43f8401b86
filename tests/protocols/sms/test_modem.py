"""The modem's session without a line: whatever bytes come, it goes on or gives the modem up."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.sms.at_lines import PROMPT, Answer, AtLines
from protocols.sms.modem import ModemSession, ModemSilent
from protocols.sms.modem_events import Came, ModemStatus, NotSent, Reported, Sent, StatusIs, Step, Unreadable, Write
from protocols.sms.pdu import Deliver, StatusReport, Submit, encode_deliver, encode_status_report
from protocols.sms.user_data import UserData
from tests.fuzz.targets import fuzz_modem

AT = datetime(2026, 3, 1, 8, 30, tzinfo=UTC)
SET_UP: tuple[tuple[str, str], ...] = (
    ("\x1bAT", "OK"),
    ("ATE0", "OK"),
    ("AT+CMEE=1", "OK"),
    ("AT+CPIN?", "+CPIN: READY\r\n\r\nOK"),
    ("AT+CMGF=0", "OK"),
    ('AT+CPMS="SM","SM","SM"', "+CPMS: 0,30,0,30,0,30\r\n\r\nOK"),
    ("AT+CNMI=2,1,0,1,0", "OK"),
)
LOOK: tuple[tuple[str, str], ...] = (
    ("AT+CPIN?", "+CPIN: READY\r\n\r\nOK"),
    ("AT+CREG?", "+CREG: 0,5\r\n\r\nOK"),
    ("AT+CSQ", "+CSQ: 99,99\r\n\r\nOK"),
    ("AT+COPS?", '+COPS: 0,0,"Net",7\r\n\r\nOK'),
    ("AT+CMGL=4", "OK"),
)


class Talk:
    """Answers by hand."""

    def __init__(self) -> None:
        self.session = ModemSession(look_s=30.0)
        self.steps = self.session.begin(0.0)

    def exchange(self, *pairs: tuple[str, str]) -> list[Step]:
        """Each command is asked as expected and answered; what was told beside the commands."""
        told: list[Step] = []
        for command, answer in pairs:
            writes = [step.data for step in self.steps if isinstance(step, Write)]
            assert writes == [f"{command}\r".encode()]
            self.steps = self.session.receive(f"\r\n{answer}\r\n".encode(), 1.0)
            told += [step for step in self.steps if not isinstance(step, Write)]
        return told


@pytest.fixture
def talk() -> Talk:
    talk = Talk()
    talk.exchange(*SET_UP)
    return talk


def test_set_up_and_first_look(talk: Talk) -> None:
    told = talk.exchange(*LOOK)
    assert told == [StatusIs(ModemStatus(None, "Net", None, roaming=True, reports=True))]
    assert talk.steps == []
    assert talk.session.next_due_s == 31.0


def test_a_modem_without_reports_is_taken_as_it_is() -> None:
    talk = Talk()
    talk.exchange(*SET_UP[:-1])
    talk.exchange(("AT+CNMI=2,1,0,1,0", "ERROR"), ("AT+CNMI=2,1,0,2,0", "+CMS ERROR: 303"), ("AT+CNMI=2,1,0,0,0", "OK"))
    told = talk.exchange(*LOOK)
    assert told == [StatusIs(ModemStatus(None, "Net", None, roaming=True, reports=False))]


def test_a_text_is_read_told_once_and_deleted_when_it_is_safe(talk: Talk) -> None:
    talk.exchange(*LOOK)
    deliver = Deliver("+861", AT, UserData("help"))
    pdu = encode_deliver(deliver).hex().upper()
    talk.steps = talk.session.receive(b'\r\n+CMTI: "SM",3\r\n', 2.0)
    told = talk.exchange(("AT+CMGR=3", f"+CMGR: 0,,22\r\n{pdu}\r\n\r\nOK"))
    assert told == [Came(deliver, 3)]
    talk.steps = talk.session.receive(b'\r\n+CMTI: "SM",3\r\n', 3.0)  # named twice
    assert talk.exchange(("AT+CMGR=3", f"+CMGR: 1,,22\r\n{pdu}\r\n\r\nOK")) == []
    talk.steps = talk.session.delete(3, 4.0)
    talk.exchange(("AT+CMGD=3", "OK"))
    assert talk.session.delete(3, 5.0) == [], "what lies there now is another text"


def test_what_is_no_message_is_said_and_deleted(talk: Talk) -> None:
    talk.exchange(*LOOK)
    talk.steps = talk.session.receive(b'\r\n+CMTI: "SM",3\r\n', 2.0)
    (unreadable,) = talk.exchange(("AT+CMGR=3", "+CMGR: 0,,5\r\nABCDEF\r\n\r\nOK"))
    assert isinstance(unreadable, Unreadable)
    talk.exchange(("AT+CMGD=3", "OK"))


@pytest.mark.parametrize(
    ("final", "permanent", "problem"),
    [
        ("+CMS ERROR: 1", True, "the number does not exist"),
        ("+CMS ERROR: 38", False, "the network is out of order"),
        ("ERROR", False, "the modem said ERROR"),
        ("+CMS ERROR: 9999", False, "the modem said +CMS ERROR: 9999"),
        ("OK", False, "the modem said OK"),
    ],
)
def test_why_a_text_was_not_sent(talk: Talk, final: str, permanent: bool, problem: str) -> None:
    talk.exchange(*LOOK)
    talk.steps = talk.session.send(7, [Submit("+861", UserData("help"))], 2.0)
    (write,) = talk.steps
    assert isinstance(write, Write)
    assert write.data.startswith(b"AT+CMGS=")
    (pdu,) = talk.session.receive(b"\r\n> ", 2.0)
    assert isinstance(pdu, Write)
    assert pdu.data.endswith(b"\x1a")
    told = talk.session.receive(f"\r\n{final}\r\n".encode(), 3.0)
    assert told[0] == NotSent(7, problem, permanent)


def test_references_of_all_parts_are_told(talk: Talk) -> None:
    talk.exchange(*LOOK)
    parts = [Submit("+861", UserData("a")), Submit("+861", UserData("b"))]
    talk.session.send(7, parts, 2.0)
    for reference in (250, 251):
        talk.session.receive(b"\r\n> ", 2.0)
        told = talk.session.receive(f"\r\n+CMGS: {reference}\r\n\r\nOK\r\n".encode(), 3.0)
    assert Sent(7, (250, 251)) in told


def test_a_report_of_the_first_part_comes_behind_the_references(talk: Talk) -> None:
    talk.exchange(*LOOK)
    report = StatusReport(250, "+861", AT, AT, 0)
    pdu = encode_status_report(report)
    talk.session.send(7, [Submit("+861", UserData("a")), Submit("+861", UserData("b"))], 2.0)
    talk.session.receive(b"\r\n> ", 2.0)
    talk.session.receive(b"\r\n+CMGS: 250\r\n\r\nOK\r\n", 3.0)
    early = talk.session.receive(f"\r\n+CDS: {len(pdu) - 1}\r\n{pdu.hex()}\r\n\r\n> ".encode(), 3.0)
    assert all(isinstance(step, Write) for step in early)
    told = talk.session.receive(b"\r\n+CMGS: 251\r\n\r\nOK\r\n", 4.0)
    assert told == [Sent(7, (250, 251)), Reported(report)]


def test_a_late_answer_is_not_taken_for_the_next() -> None:
    """A modem that wakes up slowly answers what it was asked first when it was asked again."""
    talk = Talk()
    asked_again = talk.session.due(2.0)
    assert [step.data for step in asked_again if isinstance(step, Write)] == [b"\x1bAT\r"]
    assert talk.session.receive(b"\r\nOK\r\n", 2.1) == []
    assert talk.session.receive(b"\r\nOK\r\n", 2.2) == []
    talk.steps = talk.session.due(4.0)
    talk.exchange(*SET_UP[1:], *LOOK)


def test_a_modem_that_says_nothing_is_given_up() -> None:
    session = ModemSession()
    session.begin(0.0)
    session.due(2.0)
    session.due(4.0)
    with pytest.raises(ModemSilent):
        session.due(6.0)


@given(
    st.lists(
        st.sampled_from(
            [
                "OK",
                "ERROR",
                "> ",
                '+CMTI: "SM",1',
                "RING",
                "+CDS: 5",
                "ABCD",
                "+CMGR: 0,,5",
                "+CPIN: READY",
                "+CMS ERROR: 38",
                "",
            ]
        ),
        max_size=40,
    ),
    st.binary(max_size=60),
)
def test_any_bytes_do_no_harm(lines: list[str], noise: bytes) -> None:
    data = b"".join(bytes((len(line) + 2,)) + f"{line}\r\n".encode() if line else b"\0" for line in lines)
    fuzz_modem(data + noise)


@given(st.binary(max_size=120), st.integers(0, 120))
def test_lines_do_not_depend_on_how_the_bytes_arrive(data: bytes, cut: int) -> None:
    data = data.replace(b">", b"")  # a prompt has no end of its own
    whole, torn = AtLines(), AtLines()
    assert whole.feed(data + b"\r\n") == torn.feed(data[:cut]) + torn.feed(data[cut:] + b"\r\n")


def test_a_prompt_comes_without_an_end_of_line() -> None:
    lines = AtLines()
    assert lines.feed(b"\r\n>") == []
    assert lines.feed(b" ") == [PROMPT]


def test_a_report_right_behind_a_prompt_hides_neither() -> None:
    assert AtLines().feed(b"\r\n> \r\n+CDS: 25\r\n0791\r\n") == [PROMPT, "+CDS: 25", "0791"]


def test_an_answer_tells_its_values() -> None:
    answer = Answer(('+COPS: 0,0,"China Mobile",7',), "OK")
    assert answer.values() == ["0", "0", "China Mobile", "7"]
    assert Answer((), None).problem == "the modem did not answer in time"
