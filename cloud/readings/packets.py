"""PUBLISH packets of MQTT 3.1.1 taken out of what came, and their answers (sections 2.2, 3.3 and 3.4). Pure.

They are the one packet that comes by thousands; every other one is left as it is, for paho.
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
_LONGEST_HEAD = 5  # with four bytes of length
_PUBACK = b"\x40\x02"


class Sorted(NamedTuple):
    letters: list[Letter]
    others: bytes
    """Whole packets of other kinds, in their order."""
    used: int
    """Bytes; behind them a packet begins that has not come to its end."""


def sort_packets(heard: bytes, connection: int) -> Sorted:
    """What of `heard`, which begins with a packet, has come whole. `connection` is the first half of a letter's place.

    Raises ValueError where it is nothing that a broker may send.
    """
    letters: list[Letter] = []
    others: list[bytes] = []
    begin, size = 0, len(heard)
    while begin + 1 < size:
        head, length, at = heard[begin], heard[begin + 1], begin + 2
        if length & _MORE:
            length &= ~_MORE
            more, shift = True, 7
            while more and at < size:
                length |= (heard[at] & ~_MORE) << shift
                more, shift, at = heard[at] >= _MORE, shift + 7, at + 1
            if at - begin > _LONGEST_HEAD or (more and at - begin == _LONGEST_HEAD):
                raise ValueError("a packet with a length of more than four bytes")
            if more:
                break
        end = at + length
        if end > size:
            break
        if head & _KIND == _PUBLISH and head & _QOS <= _AT_LEAST_ONCE:
            topic_end = at + 2 + (heard[at] << 8 | heard[at + 1]) if length > 1 else end + 1
            payload = topic_end + (head & _QOS)  # at QoS 1 two bytes of number stand between
            if payload > end:
                raise ValueError("a PUBLISH that ends before its payload")
            number = heard[topic_end] << 8 | heard[topic_end + 1] if payload > topic_end else 0
            topic = str(heard[at + 2 : topic_end], "utf-8")
            letters.append(Letter(topic, heard[payload:end], bool(head & _RETAINED), (connection, number)))
        else:
            others.append(heard[begin:end])
        begin = end
    return Sorted(letters, b"".join(others), begin)


def acknowledgements(numbers: Iterable[int]) -> bytes:
    """A PUBACK for each letter of these numbers."""
    return b"".join([_PUBACK + number.to_bytes(2, "big") for number in numbers])
