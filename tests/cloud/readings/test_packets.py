"""PUBLISH packets among others, cut wherever the kernel likes, against what paho's own code makes of them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from paho.mqtt import _packet
from paho.mqtt.enums import MQTTProtocolVersion

from cloud.mqtt import Letter
from cloud.readings.packets import acknowledgements, sort_packets
from tests.bench._street import encode_publish

TOPIC = "doorstep/v1/gw-1/readings"
SUBACK = b"\x90\x04\x00\x01\x01\x01"
PINGRESP = b"\xd0\x00"
PUBREL = b"\x62\x02\x00\x01"
QOS_2 = b"\x34\x06\x00\x01t\x00\x07x"

Packets = st.lists(
    st.one_of(
        st.sampled_from([SUBACK, PINGRESP, PUBREL, QOS_2]),
        st.builds(encode_publish, st.integers(0, 70_000), st.text(max_size=9).map("t/{}".format), st.binary()),
        st.sampled_from([127, 128, 16_383, 16_384]).map(lambda size: encode_publish(7, TOPIC, bytes(size))),
    ),
    max_size=6,
)


def letter_of(packet: bytes) -> Letter:
    """As paho reads it."""
    at = next(at for at in range(1, 5) if packet[at] < 0x80) + 1
    read = _packet.decode_publish(packet[0], packet[at:], MQTTProtocolVersion.MQTTv311)
    return Letter(read.topic.decode(), bytes(read.payload), read.retain, (3, read.mid))


@given(Packets, st.data())
def test_letters_are_taken_out_and_the_rest_stays_whole(packets: list[bytes], data: st.DataObject) -> None:
    stream, heard, letters, others = b"".join(packets), b"", [], b""
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=5)))
    for begin, end in zip([0, *cuts], [*cuts, len(stream)], strict=True):
        heard += stream[begin:end]
        found = sort_packets(heard, 3)
        heard = heard[found.used :]
        letters += found.letters
        others += found.others
    assert heard == b""
    published = [packet for packet in packets if packet[0] == 0x32]
    assert letters == [letter_of(packet) for packet in published]
    assert others == b"".join(packet for packet in packets if packet[0] != 0x32)


def test_what_was_sent_at_qos_0_has_no_number() -> None:
    (letter,) = sort_packets(b"\x31\x05\x00\x01tab", 3).letters
    assert letter == Letter("t", b"ab", retained=True, place=(3, 0))


@pytest.mark.parametrize(
    "heard",
    [
        b"\x32\xff\xff\xff\xff\x01",  # a length of five bytes
        b"\x32\x01\x00",  # no topic
        b"\x32\x04\x00\x09ab",  # a topic longer than the packet
        b"\x32\x04\x00\x01t\x00",  # half a number
        b"\x30\x03\x00\x01\xff",  # no UTF-8
    ],
)
def test_what_no_broker_may_send_is_said(heard: bytes) -> None:
    with pytest.raises(ValueError, match=r"length|PUBLISH|utf-8"):
        sort_packets(heard, 1)


@given(st.binary(max_size=40))
def test_whatever_comes_is_sorted_or_refused(heard: bytes) -> None:
    try:
        found = sort_packets(heard, 1)
    except ValueError:
        return
    assert 0 <= found.used <= len(heard)


def test_each_letter_has_its_answer() -> None:
    assert acknowledgements([1, 258]) == b"\x40\x02\x00\x01\x40\x02\x01\x02"
    assert acknowledgements([]) == b""
