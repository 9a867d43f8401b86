import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.errors import ChecksumMismatch, DecodeError, ProtocolError, ReservedValue, Truncated
from protocols.serial.crc16 import crc16_ccitt
from protocols.serial.lifescan.frame import MAX_PAYLOAD, Frame, FrameSplitter, Link, decode_frame, encode_frame

frames = st.builds(Frame, st.integers(0, 0x1F).map(Link), st.binary(max_size=MAX_PAYLOAD))
noise = st.binary(max_size=30).map(lambda data: data.replace(b"\x02", b"\x01"))

# glucometerutils drivers/tests/test_otultraeasy.py
OUTSIDE_FRAMES = [
    ("02060803c262", Frame(Link.DISCONNECT, b"")),
    ("020903050d0203089f", Frame(Link.SENT | Link.EXPECTED, bytes.fromhex("050d02"))),
]
# its support/tests/test_lifescan.py gives the CRC of a meter's acknowledgement
OUTSIDE_FRAMES.append(("02060603cd41", Frame(Link.ACKNOWLEDGE | Link.EXPECTED, b"")))


@pytest.mark.parametrize(("data", "frame"), OUTSIDE_FRAMES)
def test_frames_from_outside(data: str, frame: Frame) -> None:
    assert decode_frame(bytes.fromhex(data)) == frame
    assert encode_frame(frame.link, frame.payload) == bytes.fromhex(data)


@given(frames)
def test_frame_goes_there_and_back(frame: Frame) -> None:
    assert decode_frame(encode_frame(frame.link, frame.payload)) == frame


@given(frames, st.data())
def test_any_cut_is_truncated(frame: Frame, data: st.DataObject) -> None:
    whole = encode_frame(frame.link, frame.payload)
    with pytest.raises(Truncated):
        decode_frame(whole[: data.draw(st.integers(0, len(whole) - 1))])


@given(st.binary(max_size=64))
def test_any_bytes_are_a_frame_or_a_protocol_error(data: bytes) -> None:
    try:
        frame = decode_frame(data)
    except ProtocolError:
        return
    assert encode_frame(frame.link, frame.payload) == data


def test_what_is_wrong_is_named() -> None:
    whole = encode_frame(Link(0), b"\x05\x06")
    with pytest.raises(ChecksumMismatch):
        decode_frame(whole[:-1] + bytes((whole[-1] ^ 1,)))
    with pytest.raises(DecodeError, match="begins with 02"):
        decode_frame(b"\x03" + whole[1:])
    with pytest.raises(DecodeError, match="too short"):
        decode_frame(b"\x02\x05\x00\x03\x00\x00")
    with pytest.raises(DecodeError, match="ends with 03"):
        decode_frame(whole[:5] + b"\x04" + whole[6:])
    with pytest.raises(DecodeError, match="behind the frame"):
        decode_frame(whole + b"\x00")


def test_reserved_link_bits_are_refused() -> None:
    checked = b"\x02\x06\x20\x03"
    with pytest.raises(ReservedValue):
        decode_frame(checked + crc16_ccitt(checked).to_bytes(2, "little"))


def test_payload_beyond_the_frame_is_refused() -> None:
    with pytest.raises(ValueError, match="249"):
        encode_frame(Link(0), bytes(MAX_PAYLOAD + 1))


@given(st.lists(frames, max_size=4), st.lists(st.integers(1, 40), max_size=40))
def test_stream_is_cut_however_it_arrives(sent: list[Frame], sizes: list[int]) -> None:
    stream = b"".join(encode_frame(frame.link, frame.payload) for frame in sent)
    splitter, got, at = FrameSplitter(), [], 0
    for size in [*sizes, len(stream)]:
        got += splitter.feed(stream[at : at + size])
        at += size
    assert got == sent
    assert splitter.dropped == 0


@given(st.lists(st.tuples(noise, frames), max_size=4), noise)
def test_frames_are_found_between_noise(parts: list[tuple[bytes, Frame]], tail: bytes) -> None:
    stream = b"".join(before + encode_frame(frame.link, frame.payload) for before, frame in parts) + tail
    splitter = FrameSplitter()
    assert splitter.feed(stream) == [frame for _, frame in parts]
    assert splitter.dropped == sum(len(before) for before, _ in parts) + len(tail)


@given(frames, frames, st.data())
def test_frame_behind_a_damaged_one_is_found(damaged: Frame, whole: Frame, data: st.DataObject) -> None:
    first = bytearray(encode_frame(damaged.link, damaged.payload))
    first[data.draw(st.integers(2, len(first) - 1))] ^= 0xFF
    splitter = FrameSplitter()
    splitter.feed(bytes(first))
    assert whole in splitter.feed(encode_frame(whole.link, whole.payload))


@given(st.binary(max_size=600))
def test_splitter_never_holds_more_than_a_frame(data: bytes) -> None:
    splitter = FrameSplitter()
    found = splitter.feed(data)
    kept = len(data) - splitter.dropped - sum(len(frame.payload) + 6 for frame in found)
    assert 0 <= kept <= 254


@given(frames, st.integers(6, 255))
def test_whole_frame_does_not_wait_for_an_announced_one(frame: Frame, length: int) -> None:
    """Noise that looks like the beginning of a long frame."""
    splitter = FrameSplitter()
    assert frame in splitter.feed(bytes((0x02, length)) + encode_frame(frame.link, frame.payload))


def test_unfinished_frame_is_dropped_when_nothing_more_comes() -> None:
    splitter = FrameSplitter()
    assert splitter.feed(b"\x02\xff\x00") == []
    splitter.clear()
    assert splitter.feed(bytes.fromhex("02060803c262")) == [Frame(Link.DISCONNECT, b"")]
    assert splitter.dropped == 3
