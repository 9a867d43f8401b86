import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.errors import ChecksumMismatch, DecodeError, ProtocolError, Truncated
from protocols.taidoc.commands import Command
from protocols.taidoc.frame import FRAME_LENGTH, Frame, FrameSplitter, Sender, decode_frame, encode_frame

frames = st.builds(Frame, st.sampled_from(Sender), st.integers(0, 255), st.binary(min_size=4, max_size=4))

OUTSIDE = [
    # glucometerutils @ 9b87a5b8 drivers/tests/test_td42xx.py, test_making_message
    ("512200000000a316", Frame(Sender.HOST, Command.CONNECT)),
    # advmeds-bluetooth-lib, ForaD40bVariable and TaiDocTD3140Variable
    ("512500000000a319", Frame(Sender.HOST, Command.READ_RECORD_TIME)),
    ("515000000000a344", Frame(Sender.HOST, Command.POWER_OFF)),
    ("514300000101a339", Frame(Sender.HOST, 0x43, b"\x00\x00\x01\x01")),
]


@pytest.mark.parametrize(("written", "frame"), OUTSIDE)
def test_frames_from_outside(written: str, frame: Frame) -> None:
    data = bytes.fromhex(written)
    assert decode_frame(data) == frame
    assert encode_frame(frame) == data


@given(frames)
def test_round_trip(frame: Frame) -> None:
    assert decode_frame(encode_frame(frame)) == frame


@given(frames, st.integers(0, FRAME_LENGTH - 1))
def test_any_truncation_is_told(frame: Frame, length: int) -> None:
    with pytest.raises(Truncated) as told:
        decode_frame(encode_frame(frame)[:length])
    assert told.value.offset == length


@given(frames, st.integers(0, FRAME_LENGTH - 1), st.integers(1, 255))
def test_any_wrong_byte_is_told(frame: Frame, place: int, change: int) -> None:
    data = bytearray(encode_frame(frame))
    data[place] ^= change
    with pytest.raises(DecodeError):
        decode_frame(bytes(data))


@given(st.binary(max_size=12))
def test_any_bytes_decode_or_are_a_protocol_error(data: bytes) -> None:
    try:
        frame = decode_frame(data)
    except ProtocolError:
        return
    assert encode_frame(frame) == data


def test_sum_of_another_text_is_a_checksum_mismatch() -> None:
    with pytest.raises(ChecksumMismatch):
        decode_frame(bytes.fromhex("512200000000a317"))


def test_bytes_behind_the_frame_are_refused() -> None:
    with pytest.raises(DecodeError, match="1 bytes behind"):
        decode_frame(bytes.fromhex("512200000000a31600"))


def test_data_of_another_length_cannot_be_encoded() -> None:
    with pytest.raises(ValueError, match="3 bytes of data, a frame holds 4"):
        encode_frame(Frame(Sender.HOST, 0x22, bytes(3)))


@given(st.lists(frames, max_size=4), st.integers(1, 9))
def test_stream_is_cut_wherever_it_breaks(sent: list[Frame], chunk: int) -> None:
    stream = b"".join(map(encode_frame, sent))
    splitter = FrameSplitter()
    assert [frame for at in range(0, len(stream), chunk) for frame in splitter.feed(stream[at : at + chunk])] == sent
    assert splitter.dropped == 0


@given(st.binary(max_size=20).filter(lambda noise: 0x51 not in noise), frames)
def test_frame_behind_noise_is_found(noise: bytes, frame: Frame) -> None:
    splitter = FrameSplitter()
    assert splitter.feed(noise + encode_frame(frame)) == [frame]
    assert splitter.dropped == len(noise)


@given(st.binary(max_size=200))
def test_splitter_holds_less_than_a_frame(data: bytes) -> None:
    splitter = FrameSplitter()
    found = splitter.feed(data)
    splitter.clear()
    assert splitter.dropped + FRAME_LENGTH * len(found) == len(data)


def test_half_a_frame_is_forgotten_after_silence() -> None:
    splitter = FrameSplitter()
    frame = Frame(Sender.METER, Command.READ_COUNT, b"\x05\x00\x00\x00")
    splitter.feed(encode_frame(frame)[:5])
    splitter.clear()
    assert splitter.feed(encode_frame(frame)) == [frame]
