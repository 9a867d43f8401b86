"""PUBLISH packets of MQTT 5 taken out of what came, and their answers (sections 2.1, 3.3 and 3.4). Pure.

They are the one packet that comes by thousands; every other one is left as it is, for paho. Their properties are passed
over: none of ours says anything by them, and no topic aliases were offered to the broker.
"""

from collections.abc import Iterable
from typing import NamedTuple

from cloud.mqtt import Letter

_PUBLISH = 0x30
_KIND = 0xF0
_QOS = 0x06
_AT_LEAST_ONCE = 0x02
_RETAINED = 0x01
_MORE = 0x80  # of a length: another byte follows
_MOST_BYTES = 4  # of a length
_PUBACK = b"\x40\x02"


class Sorted(NamedTuple):
    letters: list[Letter]
    numbers: list[int]
    """Packet identifiers of those that want an answer, in their order."""
    others: bytes
    """Whole packets of other kinds, in their order."""
    used: int
    """Bytes; behind them a packet begins that has not come to its end."""


def sort_packets(heard: bytes, connection: int, place: int) -> Sorted:
    """What of `heard`, which begins with a packet, has come whole.

    The letters that want an answer are at `place` of `connection` and the places behind it; 0 is the place of others.

    Raises ValueError where it is nothing that a broker may send.
    """
    letters: list[Letter] = []
    numbers: list[int] = []
    others: list[bytes] = []
    begin, size = 0, len(heard)
    while begin + 1 < size:
        head, length, at = heard[begin], heard[begin + 1], begin + 2
        if length & _MORE:
            length, at = _long(heard, begin + 1)
            if at > size:
                break
        end = at + length
        if end > size:
            break
        if head & _KIND == _PUBLISH and head & _QOS <= _AT_LEAST_ONCE:
            topic_end = at + 2 + (heard[at] << 8 | heard[at + 1]) if length > 1 else end + 1
            payload = (
                topic_end + (head & _QOS) + 1
            )  # at QoS 1 two bytes of number stand between; then properties' length
            if payload <= end and (properties := heard[payload - 1]):
                if properties & _MORE:
                    properties, payload = _long(heard, payload - 1)
                payload += properties
            if payload > end:
                raise ValueError("a PUBLISH that ends before its payload")
            topic = str(heard[at + 2 : topic_end], "utf-8")
            if head & _QOS:
                here = (connection, place + len(numbers))
                numbers.append(heard[topic_end] << 8 | heard[topic_end + 1])
            else:
                here = (connection, 0)
            letters.append(Letter(topic, heard[payload:end], bool(head & _RETAINED), here))
        else:
            others.append(heard[begin:end])
        begin = end
    return Sorted(letters, numbers, b"".join(others), begin)


def _long(heard: bytes, at: int) -> tuple[int, int]:
    """A variable byte integer (1.5.5) and the place behind it: one behind all of `heard` where it has not come whole.

    Raises ValueError for one of more than four bytes.
    """
    number = 0
    for place in range(_MOST_BYTES):
        if at + place >= len(heard):
            return 0, len(heard) + 1
        number |= (heard[at + place] & ~_MORE) << 7 * place
        if heard[at + place] < _MORE:
            return number, at + place + 1
    raise ValueError("a packet with a length of more than four bytes")


def acknowledgements(numbers: Iterable[int]) -> bytes:
    """A PUBACK for each letter of these numbers, without a reason code: it is safe."""
    return b"".join([_PUBACK + number.to_bytes(2, "big") for number in numbers])
