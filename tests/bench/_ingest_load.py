"""The load of the ingest bench: what 2,000 gateways send, and a connection that sends it as fast as it is taken."""

import socket
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import psycopg

from protocols.mqtt import packets
from protocols.mqtt.packets import Kind, Other, PacketStream
from protocols.reading import CANONICAL_UNIT, Metric, Reading
from protocols.telemetry import topics
from protocols.telemetry.messages import ReadingsMessage, encode

START = datetime(2026, 1, 1, tzinfo=UTC)
_PIECE = 64
WITHIN_S = 600.0


def readings_of(home: int, first: int, count: int) -> tuple[Reading, ...]:
    """Readings `first` to `first + count - 1` of a home's cuff: systolic and diastolic in turn, each its own record."""
    found = []
    for number in range(first, first + count):
        metric = Metric.DIASTOLIC if number % 2 else Metric.SYSTOLIC
        at = START + timedelta(seconds=30 * number, milliseconds=home % 1000)
        found.append(
            Reading(
                device="bench",
                metric=metric,
                value=float(120 + number % 40),
                unit=CANONICAL_UNIT[metric],
                measured_at=at,
                received_at=at + timedelta(seconds=2),
                device_time=at.replace(tzinfo=None, microsecond=0),
                sequence=number % 65_000,
            )
        )
    return tuple(found)


def messages(homes: int, readings: int, a_message: int) -> Iterator[tuple[str, ReadingsMessage]]:
    """Gateway and message, the homes in turn."""
    for number in range(readings // a_message):
        home, turn = number % homes, number // homes
        first = turn * a_message
        sent = ReadingsMessage(epoch=1, first=first + 1, sent_at=START, readings=readings_of(home, first, a_message))
        yield f"bench-{home}", sent


def packets_of(homes: int, readings: int, a_message: int) -> list[bytes]:
    """PUBLISH packets, each with the number of its place. Made before the clock runs: it is the homes' work."""
    return [
        packets.encode_publish(place % packets.MOST_IN_FLIGHT + 1, topics.topic(gateway, topics.READINGS), encode(sent))
        for place, (gateway, sent) in enumerate(messages(homes, readings, a_message))
    ]


def register(dsn: str, homes: int) -> None:
    """Homes with a gateway, a cuff and an elder who wears it."""
    with psycopg.connect(dsn) as conn:
        conn.execute("INSERT INTO region (code, name, level) VALUES ('bench', 'bench', 'community')")
        conn.execute(
            "INSERT INTO home (code, region_id, address) "
            "SELECT 'bench-' || n, region_id, '' FROM region, generate_series(0, %s) n",
            (homes - 1,),
        )
        conn.execute("INSERT INTO gateway (gateway_id, home_id) SELECT code, home_id FROM home")
        conn.execute("INSERT INTO device (gateway_id, name, kind) SELECT code, 'bench', 'sphygmomanometer' FROM home")
        conn.execute("INSERT INTO elder (code, home_id, name) SELECT code, home_id, code FROM home")
        conn.execute(
            "INSERT INTO wearer (device_id, elder_id) SELECT device_id, elder_id FROM device "
            "JOIN gateway USING (gateway_id) JOIN elder USING (home_id)"
        )


class Street:
    """One connection that stands for all homes. Only what the broker acknowledged may be followed by more."""

    def __init__(self, url: str) -> None:
        host, port = url.removeprefix("mqtt://").split(":")
        self._socket = socket.create_connection((host, int(port)), WITHIN_S)
        self._socket.sendall(packets.encode_connect(f"street-{time.monotonic_ns()}", keepalive_s=0, receive_maximum=10))
        self._stream = PacketStream()
        answer = self._stream.feed(self._socket.recv(4096))[0]
        assert isinstance(answer, Other)
        assert answer.kind is Kind.CONNACK
        self._window = min(packets.decode_connack(answer.body).receive_maximum, 5_000)
        self._acknowledged = 0
        self._moved = threading.Condition()
        threading.Thread(target=self._hear, daemon=True).start()

    def send(self, letters: list[bytes]) -> None:
        """All of `letters`; returns when the broker has them. Raises TimeoutError."""
        begun = self._acknowledged
        for at in range(0, len(letters), _PIECE):
            self._wait(begun + at + _PIECE - self._window)
            self._socket.sendall(b"".join(letters[at : at + _PIECE]))
        self._wait(begun + len(letters))

    def _wait(self, until: int) -> None:
        with self._moved:
            if not self._moved.wait_for(lambda: self._acknowledged >= until, WITHIN_S):
                raise TimeoutError(f"the broker took {self._acknowledged} of {until} messages")

    def _hear(self) -> None:
        while piece := self._recv():
            heard = sum(1 for packet in self._stream.feed(piece) if isinstance(packet, Other))
            with self._moved:
                self._acknowledged += heard
                self._moved.notify()

    def _recv(self) -> bytes:
        try:
            return self._socket.recv(1 << 16)
        except OSError:  # closed by us
            return b""

    def close(self) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
