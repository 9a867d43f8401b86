"""MQTT 5 packets as a client sends and hears them: bytes <-> values. Section numbers are those of the OASIS standard.

Only what such a client needs: CONNECT, SUBSCRIBE, PUBLISH at QoS 0 and 1, PUBACK, PINGREQ, DISCONNECT, and their
answers. It announces no topic aliases, so that every PUBLISH carries its topic (3.1.2.11.5).
"""

import struct
from collections.abc import Iterable, Sequence
from enum import IntEnum
from typing import NamedTuple

from protocols.errors import DecodeError, Truncated

PINGREQ = b"\xc0\x00"
DISCONNECT = b"\xe0\x00"
"""Reason 0: a farewell (3.14)."""
QOS = 1
MOST_IN_FLIGHT = 65_535
"""What stands where a side does not say its Receive Maximum (3.2.2.3.3)."""
FAILURE = 0x80
"""Reason codes from here on say that it failed (2.4)."""

_U16 = struct.Struct(">H")
_PUBACK = struct.Struct(">BBH")


class Kind(IntEnum):
    """The upper half of a packet's first byte (2.1.2)."""

    CONNACK = 2
    PUBLISH = 3
    PUBACK = 4
    SUBACK = 9
    PINGRESP = 13
    DISCONNECT = 14


class Publish(NamedTuple):
    topic: str
    payload: bytes
    retained: bool
    number: int
    """Packet identifier; 0 at QoS 0."""


class Other(NamedTuple):
    """Any packet that is no PUBLISH."""

    kind: Kind
    body: bytes


class Connack(NamedTuple):
    reason: int
    receive_maximum: int


def encode_connect(client: str, *, keepalive_s: int, receive_maximum: int) -> bytes:
    """CONNECT with Clean Start (3.1)."""
    properties = b"\x21" + _U16.pack(receive_maximum)
    return _packet(
        0x10,
        _text("MQTT") + b"\x05\x02" + _U16.pack(keepalive_s) + _variable(len(properties)) + properties + _text(client),
    )


def encode_subscribe(number: int, filters: Sequence[str]) -> bytes:
    """SUBSCRIBE to `filters` at QoS 1 (3.8)."""
    return _packet(0x82, _U16.pack(number) + b"\0" + b"".join(_text(filter_) + bytes([QOS]) for filter_ in filters))


def encode_publish(number: int, topic: str, payload: bytes) -> bytes:
    """PUBLISH at QoS 1, not retained (3.3)."""
    return _packet(0x32, _text(topic) + _U16.pack(number) + b"\0" + payload)


def encode_pubacks(numbers: Iterable[int]) -> bytes:
    """PUBACKs with reason 0, one after another (3.4)."""
    return b"".join([_PUBACK.pack(0x40, 2, number) for number in numbers])


def decode_connack(body: bytes) -> Connack:
    """Raises DecodeError."""
    _need(body, 2)
    return Connack(body[1], _receive_maximum(body, 2) if len(body) > 2 else MOST_IN_FLIGHT)


def decode_suback(body: bytes) -> tuple[int, bytes]:
    """Packet identifier, and a reason code for every filter. Raises DecodeError."""
    _need(body, 3)
    length, at = _read_variable(body, 2)
    _need(body, at + length)
    return _U16.unpack_from(body)[0], body[at + length :]


def decode_puback(body: bytes) -> int:
    """The packet identifier. Raises DecodeError."""
    _need(body, 2)
    number: int = _U16.unpack_from(body)[0]
    return number


def decode_reason(body: bytes) -> int:
    """Of a DISCONNECT (3.14.2.1)."""
    return body[0] if body else 0


class PacketStream:
    """Cuts what comes from a connection into packets; what is not whole waits for the rest."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> list[Publish | Other]:
        """The packets that are whole with `data`, in their order. Raises DecodeError; the connection is then lost."""
        if self._rest:
            data = self._rest + data
        packets: list[Publish | Other] = []
        at, end = 0, len(data)
        while end - at >= 2:
            body, length = at + 2, data[at + 1]
            if length & 0x80:
                try:
                    length, body = _read_variable(data, at + 1)
                except Truncated:
                    break
            after = body + length
            if after > end:
                break
            first = data[at]
            if first >> 4 == Kind.PUBLISH:
                packets.append(_publish(data, first, body, after))
            else:
                packets.append(_other(data, first, body, after))
            at = after
        self._rest = data[at:] if at else data
        return packets


def _publish(data: bytes, first: int, at: int, end: int) -> Publish:
    """3.3. The flags are DUP, QoS in two bits, RETAIN."""
    quality = first >> 1 & 3
    if quality > QOS:
        raise DecodeError(f"PUBLISH at QoS {quality}, at most {QOS} was asked for", offset=at)
    topic_at = at + 2
    if topic_at > end:
        raise DecodeError("PUBLISH without a topic", offset=at)
    at = topic_at + (data[at] << 8 | data[at + 1])
    number = 0
    number_at = at
    if quality:
        at += 2
    if at >= end:  # at least the length of the properties follows
        raise DecodeError("PUBLISH that ends before its properties", offset=at)
    if quality:
        number = data[number_at] << 8 | data[number_at + 1]
        if not number:
            raise DecodeError("PUBLISH at QoS 1 with the number 0", offset=number_at)
    length = data[at]
    at += 1
    if length:
        if length & 0x80:
            length, at = _read_variable(data, at - 1)
        at += length
        if at > end:
            raise DecodeError("PUBLISH whose properties are longer than itself", offset=at)
    try:
        topic = data[topic_at:number_at].decode()
    except UnicodeDecodeError as error:
        raise DecodeError("PUBLISH whose topic is not UTF-8", offset=topic_at) from error
    return Publish(topic, data[at:end], bool(first & 1), number)


def _other(data: bytes, first: int, at: int, end: int) -> Other:
    try:
        return Other(Kind(first >> 4), data[at:end])
    except ValueError as error:
        raise DecodeError(f"packet of kind {first >> 4}, which no server sends to such a client", offset=at) from error


_BYTES_OF_PROPERTY = {
    **dict.fromkeys((0x01, 0x17, 0x19, 0x24, 0x25, 0x28, 0x29, 0x2A), 1),
    **dict.fromkeys((0x13, 0x21, 0x22, 0x23), 2),
    **dict.fromkeys((0x02, 0x11, 0x18, 0x27), 4),
}
_TEXTS_OF_PROPERTY = {**dict.fromkeys((0x03, 0x08, 0x09, 0x12, 0x15, 0x16, 0x1A, 0x1C, 0x1F), 1), 0x26: 2}
_RECEIVE_MAXIMUM = 0x21


def _receive_maximum(body: bytes, at: int) -> int:
    """From the properties that begin at `at` (2.2.2)."""
    length, at = _read_variable(body, at)
    end = at + length
    _need(body, end)
    found = MOST_IN_FLIGHT
    while at < end:
        name = body[at]
        at += 1
        if name == _RECEIVE_MAXIMUM:
            _need(body, at + 2)
            found = _U16.unpack_from(body, at)[0]
        if name in _BYTES_OF_PROPERTY:
            at += _BYTES_OF_PROPERTY[name]
        elif name in _TEXTS_OF_PROPERTY:
            for _ in range(_TEXTS_OF_PROPERTY[name]):
                _need(body, at + 2)
                at += 2 + _U16.unpack_from(body, at)[0]
        else:
            raise DecodeError(f"property {name:#04x}, which no CONNACK has", offset=at - 1)
    if not found:
        raise DecodeError("a Receive Maximum of 0", offset=at)
    return found


def _need(data: bytes, length: int) -> None:
    if len(data) < length:
        raise Truncated(f"{len(data)} bytes, at least {length} are needed", offset=len(data))


def _read_variable(data: bytes, at: int) -> tuple[int, int]:
    """A variable byte integer (1.5.5), and where it ends."""
    value = 0
    for place in range(4):
        _need(data, at + place + 1)
        byte = data[at + place]
        value |= (byte & 0x7F) << 7 * place
        if byte < 0x80:
            return value, at + place + 1
    raise DecodeError("a length of more than four bytes", offset=at)


def _variable(value: int) -> bytes:
    encoded = bytearray()
    while value > 0x7F:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    encoded.append(value)
    return bytes(encoded)


def _text(text: str) -> bytes:
    encoded = text.encode()
    return _U16.pack(len(encoded)) + encoded


def _packet(first: int, body: bytes) -> bytes:
    return bytes([first]) + _variable(len(body)) + body
