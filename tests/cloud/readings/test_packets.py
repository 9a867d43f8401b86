"""PUBLISH packets among others, cut wherever the kernel likes, against what paho's own code makes of them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from paho.mqtt import _packet
from paho.mqtt.enums import MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties, VariableByteIntegers

from cloud.mqtt import Letter
from cloud.readings.packets import acknowledgements, sort_packets

TOPIC = "doorstep/v1/gw-1/readings"
SUBACK = b"\x90\x05\x00\x01\x00\x01\x01"
PINGRESP = b"\xd0\x00"
PUBREL = b"\x62\x02\x00\x01"
QOS_2 = b"\x34\x07\x00\x01t\x00\x07\x00x"


def encode_publish(number: int, topic: str, payload: bytes, words: int = 0) -> bytes:
    """At QoS 1, with a user property of `words` letters and an expiry where there are any."""
    properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
    if words:
        properties.MessageExpiryInterval = 60
        properties.UserProperty = ("k", "w" * words)
    name = topic.encode()
    body = len(name).to_bytes(2, "big") + name + number.to_bytes(2, "big") + properties.pack() + payload  # type: ignore[no-untyped-call]
    length = VariableByteIntegers.encode(len(body))  # type: ignore[no-untyped-call]
    return bytes(b"\x32" + length + body)


Packets = st.lists(
    st.one_of(
        st.sampled_from([SUBACK, PINGRESP, PUBREL, QOS_2]),
        st.builds(
            encode_publish,
            st.integers(1, 65_535),
            st.text(max_size=9).map("t/{}".format),
            st.binary(),
            st.sampled_from([0, 0, 1, 100, 127, 128, 20_000]),
        ),
        st.sampled_from([127, 128, 16_383, 16_384]).map(lambda size: encode_publish(7, TOPIC, bytes(size))),
    ),
    max_size=6,
)


def letter_of(packet: bytes, place: int) -> tuple[Letter, int]:
    """As paho reads it, and its number."""
    at = next(at for at in range(1, 5) if packet[at] < 0x80) + 1
    read = _packet.decode_publish(packet[0], packet[at:], MQTTProtocolVersion.MQTTv5)
    return Letter(read.topic.decode(), bytes(read.payload), read.retain, (3, place)), read.mid


@given(Packets, st.data())
def test_letters_are_taken_out_and_the_rest_stays_whole(packets: list[bytes], data: st.DataObject) -> None:
    stream, heard, others = b"".join(packets), b"", b""
    letters: list[Letter] = []
    numbers: list[int] = []
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=5)))
    for begin, end in zip([0, *cuts], [*cuts, len(stream)], strict=True):
        heard += stream[begin:end]
        found = sort_packets(heard, 3, 1 + len(numbers))
        heard = heard[found.used :]
        letters += found.letters
        numbers += found.numbers
        others += found.others
    assert heard == b""
    published = [packet for packet in packets if packet[0] == 0x32]
    assert list(zip(letters, numbers, strict=True)) == [letter_of(packet, n) for n, packet in enumerate(published, 1)]
    assert others == b"".join(packet for packet in packets if packet[0] != 0x32)


def test_what_was_sent_at_qos_0_has_no_number() -> None:
    found = sort_packets(b"\x31\x06\x00\x01t\x00ab", 3, 7)
    assert found.letters == [Letter("t", b"ab", retained=True, place=(3, 0))]
    assert found.numbers == []


@pytest.mark.parametrize(
    "heard",
    [
        b"\x32\xff\xff\xff\xff\x01",  # a length of five bytes
        b"\x32\x01\x00",  # no topic
        b"\x32\x04\x00\x09ab",  # a topic longer than the packet
        b"\x32\x04\x00\x01t\x00",  # half a number
        b"\x32\x05\x00\x01t\x00\x01",  # no properties, not even none
        b"\x32\x07\x00\x01t\x00\x01\x02\x01",  # properties longer than the packet
        b"\x32\x07\x00\x01t\x00\x01\x80\x80",  # properties whose length does not end
        b"\x30\x04\x00\x01\xff\x00",  # no UTF-8
    ],
)
def test_what_no_broker_may_send_is_said(heard: bytes) -> None:
    with pytest.raises(ValueError, match=r"length|PUBLISH|utf-8"):
        sort_packets(heard, 1, 1)


@given(st.binary(max_size=40))
def test_whatever_comes_is_sorted_or_refused(heard: bytes) -> None:
    try:
        found = sort_packets(heard, 1, 1)
    except ValueError:
        return
    assert 0 <= found.used <= len(heard)


def test_each_letter_has_its_answer() -> None:
    assert acknowledgements([1, 258]) == b"\x40\x02\x00\x01\x40\x02\x01\x02"
    assert acknowledgements([]) == b""
