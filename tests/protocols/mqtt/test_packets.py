"""MQTT 5 packets, against the bytes that the standard gives and that a Mosquitto sent."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from protocols.errors import DecodeError, Truncated
from protocols.mqtt import packets
from protocols.mqtt.packets import Connack, Kind, Other, PacketStream, Publish

MOSQUITTO_CONNACK = bytes.fromhex("200600000322000a")  # Mosquitto 2.0.11 with its defaults: Topic Alias Maximum 10
MOSQUITTO_SUBACK = bytes.fromhex("900400010001")


def test_what_a_client_sends_is_what_the_standard_says() -> None:
    assert packets.encode_connect("abc", keepalive_s=20, receive_maximum=8000) == bytes.fromhex(
        "1013 0004 4d515454 05 02 0014 03 21 1f40 0003 616263".replace(" ", "")
    )
    assert packets.encode_subscribe(1, ["a/+"]) == bytes.fromhex("8209 0001 00 0003 612f2b 01".replace(" ", ""))
    assert packets.encode_publish(7, "t", b"hello") == bytes.fromhex("320b 0001 74 0007 00 68656c6c6f".replace(" ", ""))
    assert packets.encode_pubacks([1, 65535]) == bytes.fromhex("40020001 4002ffff".replace(" ", ""))


def test_answers_of_a_mosquitto() -> None:
    connack, suback = PacketStream().feed(MOSQUITTO_CONNACK + MOSQUITTO_SUBACK)
    assert isinstance(connack, Other)
    assert isinstance(suback, Other)
    assert packets.decode_connack(connack.body) == Connack(0, 65535)
    assert packets.decode_suback(suback.body) == (1, b"\x01")


def test_a_receive_maximum_stands_among_the_properties_that_another_client_writes() -> None:
    properties = Properties(PacketTypes.CONNACK)  # type: ignore[no-untyped-call]
    properties.ReasonString = "well"
    properties.UserProperty = ("name", "value")
    properties.ReceiveMaximum = 20
    properties.MaximumPacketSize = 2**20
    body = b"\x00\x00" + properties.pack()  # type: ignore[no-untyped-call]
    assert packets.decode_connack(body) == Connack(0, 20)


@pytest.mark.parametrize("size", [0, 1, 127, 128, 16_383, 16_384, 2_100_000])
def test_a_publish_of_any_size_arrives_whole_in_whatever_pieces(size: int) -> None:
    sent = packets.encode_publish(300, "doorstep/v1/gw-1/readings", b"x" * size)
    data = sent + sent
    stream = PacketStream()
    step = max(len(data) // 7, 1)
    heard = [packet for at in range(0, len(data), step) for packet in stream.feed(data[at : at + step])]
    assert heard == [Publish("doorstep/v1/gw-1/readings", b"x" * size, False, 300)] * 2


def test_properties_of_a_publish_are_passed_over() -> None:
    properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
    properties.UserProperty = ("k", "v" * 200)
    body = b"\x00\x01t" + b"\x00\x05" + properties.pack() + b"payload"  # type: ignore[no-untyped-call]
    data = b"\x33" + bytes([len(body) & 0x7F | 0x80, len(body) >> 7]) + body
    assert PacketStream().feed(data) == [Publish("t", b"payload", True, 5)]


def test_a_publish_at_qos_0_has_no_number() -> None:
    assert PacketStream().feed(bytes.fromhex("3006 0001 74 00 6869".replace(" ", ""))) == [
        Publish("t", b"hi", False, 0)
    ]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ("3406 0001 74 0001 00", "QoS 2"),
        ("3206 0001 74 0000 00", "number 0"),
        ("3205 0001 74 0001", "before its properties"),
        ("3201 00", "without a topic"),
        ("3206 0001 74 0001 7f", "longer than itself"),
        ("3206 0001 ff 0001 00", "not UTF-8"),
        ("f000", "kind 15"),
        ("30ffffffffff01", "more than four bytes"),
    ],
)
def test_what_no_server_may_send_is_refused(data: str, words: str) -> None:
    with pytest.raises(DecodeError, match=words):
        PacketStream().feed(bytes.fromhex(data.replace(" ", "")))


@pytest.mark.parametrize("length", range(len(MOSQUITTO_CONNACK) - 2))
def test_a_connack_that_ends_early_is_told(length: int) -> None:
    body = MOSQUITTO_CONNACK[2:][:length]
    if length == 2:
        assert packets.decode_connack(body) == Connack(0, 65535)  # no properties at all: MQTT 3.1.1 brokers
    else:
        with pytest.raises(Truncated):
            packets.decode_connack(body)


@given(st.lists(st.binary(max_size=40), max_size=8))
def test_any_bytes_decode_or_are_refused(pieces: list[bytes]) -> None:
    stream = PacketStream()
    with contextlib.suppress(DecodeError):
        for piece in pieces:
            stream.feed(piece)


@given(st.binary(max_size=40))
def test_any_body_decodes_or_is_refused(body: bytes) -> None:
    for decode in (packets.decode_connack, packets.decode_suback, packets.decode_puback):
        with contextlib.suppress(DecodeError):
            decode(body)
    assert packets.decode_reason(body) in range(256)
    assert Kind(2) is Kind.CONNACK
