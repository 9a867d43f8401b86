import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.errors import ChecksumMismatch, DecodeError, ProtocolError, Truncated
from protocols.serial.ascensia.frame import (
    LONGEST_FRAME_BYTES,
    Control,
    Damaged,
    Frame,
    LinkSplitter,
    Part,
    decode_frame,
    encode_frame,
)

texts = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=80).map(
    lambda text: f"{text}\r".encode()
)
frames = st.builds(Frame, st.integers(0, 7), texts, st.booleans())

OUTSIDE = [
    # glucodump, test/test_contourusb.py: test_sync, test_checksum, test_multiread
    (
        b"\x021H|\\^&||-7880|Bayer7150^1.05\\0.00^7150-SAM2193|||||||P|1|200305121635\r\x17AE\r\n",
        Frame(1, b"H|\\^&||-7880|Bayer7150^1.05\\0.00^7150-SAM2193|||||||P|1|200305121635\r"),
    ),
    (
        b"\x021R|67|^^^Glucose|7.9|mmol/L^P||B||201011281949\r\x1704\r\n",
        Frame(1, b"R|67|^^^Glucose|7.9|mmol/L^P||B||201011281949\r"),
    ),
    (b"\x020H\r\x179C\r\n", Frame(0, b"H\r")),
    # glucometerutils @ 9b87a5b8 drivers/tests/test_contourusb.py
    (
        b"\x021H|\\^&||7w3LBL|Bayer7390^01.24\\01.04\\09.02.20^7390-2336773^7403-|A=1^C=63^G=1^I=0200^R=0^S=1^U=0"
        b"^V=10600^X=070070070070180130150250^Y=360126090050099050300089^Z=1|1714||||||1|201909221304\r\x17D7\r\n",
        Frame(
            1,
            b"H|\\^&||7w3LBL|Bayer7390^01.24\\01.04\\09.02.20^7390-2336773^7403-|A=1^C=63^G=1^I=0200^R=0^S=1^U=0"
            b"^V=10600^X=070070070070180130150250^Y=360126090050099050300089^Z=1|1714||||||1|201909221304\r",
        ),
    ),
]


@pytest.mark.parametrize(("data", "frame"), OUTSIDE)
def test_frames_from_outside(data: bytes, frame: Frame) -> None:
    assert decode_frame(data) == frame
    assert encode_frame(frame) == data


@given(frames)
def test_round_trip(frame: Frame) -> None:
    assert decode_frame(encode_frame(frame)) == frame


@given(frames, st.data())
def test_any_truncation_is_told(frame: Frame, data: st.DataObject) -> None:
    whole = encode_frame(frame)
    length = data.draw(st.integers(0, len(whole) - 1))
    with pytest.raises(Truncated) as told:
        decode_frame(whole[:length])
    assert told.value.offset == length


@given(frames, st.data())
def test_any_wrong_byte_is_told(frame: Frame, data: st.DataObject) -> None:
    whole = bytearray(encode_frame(frame))
    whole[data.draw(st.integers(0, len(whole) - 1))] ^= data.draw(st.integers(1, 255))
    with pytest.raises(DecodeError):
        decode_frame(bytes(whole))


def test_wrong_sum_is_told() -> None:
    with pytest.raises(ChecksumMismatch):
        decode_frame(OUTSIDE[2][0].replace(b"9C", b"9D"))


@given(st.binary(max_size=30) | st.binary(max_size=20).map(lambda data: b"\x021" + data))
def test_any_bytes_decode_or_are_a_protocol_error(data: bytes) -> None:
    try:
        frame = decode_frame(data)
    except ProtocolError:
        return
    assert encode_frame(frame) == data


def test_control_bytes_cannot_be_sent_as_text() -> None:
    with pytest.raises(ValueError, match="control byte"):
        encode_frame(Frame(1, b"\x04"))


@given(st.lists(frames | st.sampled_from(Control), max_size=6), st.integers(1, 40))
def test_stream_is_cut_wherever_it_breaks(sent: list[Part], chunk: int) -> None:
    stream = b"".join(
        bytes((part,)) if isinstance(part, Control) else encode_frame(part)
        for part in sent
        if not isinstance(part, Damaged)
    )
    splitter = LinkSplitter()
    assert [part for at in range(0, len(stream), chunk) for part in splitter.feed(stream[at : at + chunk])] == sent


def test_damaged_frame_is_told_and_the_next_is_found() -> None:
    good = OUTSIDE[2][0]
    parts = LinkSplitter().feed(good[:-4] + good + good.replace(b"9C", b"9D") + good)
    assert [type(part) for part in parts] == [Damaged, Frame, Damaged, Frame]


def test_bytes_without_end_are_not_hoarded() -> None:
    splitter = LinkSplitter()
    (part,) = splitter.feed(b"\x02" + bytes(0x40 for _ in range(LONGEST_FRAME_BYTES - 1)))
    assert isinstance(part, Damaged)


def test_half_a_frame_is_forgotten_after_silence() -> None:
    splitter = LinkSplitter()
    splitter.feed(OUTSIDE[2][0][:5])
    splitter.clear()
    assert splitter.feed(b"\x05") == [Control.ENQ]
