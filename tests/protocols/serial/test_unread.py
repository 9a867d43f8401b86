"""A meter that speaks what cannot be read is told from one that is silent."""

import pytest

from protocols.errors import UnexpectedReply
from protocols.serial.a_and_d.ua767pc_session import Ua767PcSession
from protocols.serial.abbott.session import OptiumSession
from protocols.serial.ascensia.session import ContourSession
from protocols.serial.lifescan.frame import Link, decode_frame, encode_frame
from protocols.serial.lifescan.ultra2_session import Ultra2Session
from protocols.serial.lifescan.ultraeasy_session import UltraEasySession
from protocols.serial.lifescan.verio_iq_session import VerioIqSession
from protocols.serial.menarini.areo_session import AreoSession
from protocols.serial.sd_biosensor.codefree_session import CodefreeSession
from protocols.serial.session import Finished, RecordRead, Session
from protocols.serial.unread import Unread, silent_meter
from protocols.taidoc.session import TaiDocGlucoseSession

FRAME = encode_frame(Link(0), b"\x03\x06BBBH123C\0")
DAMAGED = FRAME[:-1] + bytes((FRAME[-1] ^ 1,))
EVERY_SESSION = (
    AreoSession,
    CodefreeSession,
    ContourSession,
    OptiumSession,
    TaiDocGlucoseSession,
    Ultra2Session,
    UltraEasySession,
    VerioIqSession,
)


def converse(session: Session, answer: bytes) -> None:
    """Each question is answered with `answer`, and then there is silence, until the session gives up."""
    session.begin()
    for _ in range(20):
        session.receive(answer)
        session.timed_out()


@pytest.mark.parametrize("session", EVERY_SESSION)
def test_what_cannot_be_read_is_no_silence(session: type[Session]) -> None:
    with pytest.raises(UnexpectedReply) as told:
        converse(session(), b"\xf0\xe1\xd2\xc3\xb4")
    assert "silent" not in str(told.value)
    assert "did not greet" not in str(told.value)
    assert "first came f0 e1 d2 c3 b4" in str(told.value)
    assert "check" in str(told.value)


@pytest.mark.parametrize("session", [UltraEasySession, VerioIqSession])
def test_sentence_says_how_much_came_and_what_was_wrong_first(session: type[Session]) -> None:
    with pytest.raises(
        UnexpectedReply, match=r"of \d+ bytes none could be read.*CRC of the frame is wrong \(at byte 15\)"
    ):
        converse(session(), DAMAGED)


def test_meter_that_was_understood_and_then_falls_silent_was_silent() -> None:
    unread = Unread(decode_frame)
    unread.hear(DAMAGED)
    unread.understand()
    silent = silent_meter("OneTouch Verio IQ", 4)
    assert unread.of(silent) is silent
    unread.hear(b"\x01")
    assert "of 1 bytes none could be read; first came 01: a frame begins with 02" in str(unread.of(silent))


def test_only_the_first_answer_is_judged() -> None:
    unread = Unread(decode_frame)
    for _ in range(3):
        unread.hear(FRAME[:4])
        unread.pause()
    assert unread.count == 12
    assert "needed" in unread.beginning(), "it is cut short, not followed by others"


def test_contour_that_says_something_else_is_told_by_what_it_says() -> None:
    with pytest.raises(UnexpectedReply, match="never asks to send, and says ACK instead; check that it is a Contour"):
        converse(ContourSession(), b"\x06")


def test_listener_says_what_it_could_not_read_when_it_ends() -> None:
    session = Ua767PcSession()
    session.begin()
    assert any(isinstance(event, RecordRead) for event in session.receive(b"804C4C4960"))
    assert session.listened()[-1] == Finished(1)
    session.receive(b"804C")
    with pytest.raises(UnexpectedReply, match=r"4 bytes came that are no message of the A&D UA-767PC.*measure again"):
        session.listened()
