"""The ingester's own connection to the broker: made for many small messages, each acknowledged after COMMIT.

A library that handles every packet by itself costs more than storing the reading in it. Here a piece of the stream is
cut into all its packets at once, and acknowledgements and receipts go out as they come from a batch: in one piece.
No session is kept: what is not acknowledged when the connection breaks, the broker gives to another ingester, and what
nobody heard, its home sends again until it has a receipt.
"""

import contextlib
import socket
import threading
import time
import uuid
from collections import deque
from collections.abc import Callable, Iterable, Sequence

import structlog

from cloud.mqtt import Letter, broker_address
from protocols.errors import DecodeError
from protocols.mqtt import packets
from protocols.mqtt.packets import Kind, PacketStream, Publish

log = structlog.get_logger()

WINDOW = 8_000
"""Letters in hand and not acknowledged: two batches being stored and as many being gathered."""
_KEEPALIVE_S = 20
_PATIENCE_S = 10.0  # silence after which a ping goes out; silence after that is the end
_PIECE = 1 << 18
_FIRST_PAUSE_S = 1.0
_LONGEST_PAUSE_S = 10.0
_REMIND_EVERY_S = 60.0
_SUBSCRIPTION = 1  # its packet number; receipts use the others


class _BrokerAwayError(Exception):
    """The connection cannot be made or used; the text says why."""


class Intake:
    """A subscription that is always up or on its way up. `on_letter` is called on its own thread: hand over."""

    def __init__(
        self,
        url: str,
        subscriptions: Sequence[str],
        on_letter: Callable[[Letter], None],
        on_connected: Callable[[bool], None] = lambda _: None,
    ) -> None:
        """`on_connected` is told True whenever the subscriptions stand and False when the broker is away.

        Raises ValueError for a `url` that is not mqtt://HOST:PORT. Nothing is opened before the context is entered.
        """
        self._host, self._port = broker_address(url)
        self._subscriptions = tuple(subscriptions)
        self._on_letter = on_letter
        self._on_connected = on_connected
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="intake", daemon=True)
        self._writing = threading.Lock()
        self._socket: socket.socket | None = None
        self._connection = 0
        self._last_word_at = float("-inf")
        self._most_in_flight = packets.MOST_IN_FLIGHT
        self._in_flight: set[int] = set()
        self._number = _SUBSCRIPTION
        self._waiting: deque[tuple[str, bytes]] = deque()

    def acknowledge(self, letters: Iterable[Letter]) -> None:
        """Tells the broker that the letters are safe. From any thread."""
        with self._writing:
            # On a later connection the number is somebody else's; number 0 came at QoS 0 and wants no answer.
            numbers = [number for _, _, _, (made, number) in letters if number and made == self._connection]
            if numbers:
                self._send(packets.encode_pubacks(numbers))

    def publish(self, messages: Iterable[tuple[str, bytes]]) -> None:
        """Sends topic and payload at QoS 1, as many at once as the broker takes. From any thread.

        What the broker does not get because the connection breaks is dropped: it tells of letters that come again.
        """
        with self._writing:
            if self._socket is not None:
                self._waiting.extend(messages)
                self._send_waiting()

    def __enter__(self) -> "Intake":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        with self._writing:
            self._send(packets.DISCONNECT)
            self._hang_up()
        self._thread.join(_PATIENCE_S)

    # under self._writing

    def _send(self, data: bytes) -> None:
        if self._socket is not None:
            try:
                self._socket.sendall(data)
            except OSError:
                self._hang_up()

    def _hang_up(self) -> None:
        """Whoever reads from it hears its end."""
        if self._socket is not None:
            with contextlib.suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)

    def _send_waiting(self) -> None:
        room = self._most_in_flight - len(self._in_flight)
        ready = []
        while self._waiting and room > 0:
            ready.append(packets.encode_publish(self._next_number(), *self._waiting.popleft()))
            room -= 1
        if ready:
            self._send(b"".join(ready))

    def _next_number(self) -> int:
        while True:
            self._number = self._number % packets.MOST_IN_FLIGHT + 1
            if self._number != _SUBSCRIPTION and self._number not in self._in_flight:
                self._in_flight.add(self._number)
                return self._number

    # the connection's own thread

    def _run(self) -> None:
        pause_s = _FIRST_PAUSE_S
        while not self._over.is_set():
            began = time.monotonic()
            try:
                self._serve()
            except (_BrokerAwayError, OSError, DecodeError) as error:
                self._say("broker_away", str(error) or type(error).__name__)
            finally:
                self._close()
            if time.monotonic() - began > _LONGEST_PAUSE_S:
                pause_s = _FIRST_PAUSE_S
            if self._over.wait(pause_s):
                break
            pause_s = min(pause_s * 2, _LONGEST_PAUSE_S)

    def _serve(self) -> None:
        """One connection, from its making to its end. Raises what ended it."""
        with socket.create_connection((self._host, self._port), _PATIENCE_S) as connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            client = f"doorstep-ingest-{uuid.uuid4().hex[:12]}"
            connection.sendall(packets.encode_connect(client, keepalive_s=_KEEPALIVE_S, receive_maximum=WINDOW))
            stream = PacketStream()
            asked = False
            while not self._over.is_set():
                try:
                    piece = connection.recv(_PIECE)
                except TimeoutError:
                    if asked:
                        raise
                    asked = True
                    with self._writing:
                        connection.sendall(packets.PINGREQ)
                    continue
                if not piece:
                    raise _BrokerAwayError("the broker closed the connection")
                asked = False
                self._take(connection, stream.feed(piece))

    def _take(self, connection: socket.socket, heard: Sequence[packets.Publish | packets.Other]) -> None:
        answered = False
        number, on_letter = self._connection, self._on_letter
        for packet in heard:
            if isinstance(packet, Publish):
                topic, payload, retained, place = packet
                on_letter(Letter(topic, payload, retained, (number, place)))
            elif packet.kind is Kind.PUBACK:
                self._in_flight.discard(packets.decode_puback(packet.body))
                answered = True
            elif packet.kind is Kind.CONNACK:
                self._connected(connection, packets.decode_connack(packet.body))
                number = self._connection
            elif packet.kind is Kind.SUBACK:
                self._subscribed(packets.decode_suback(packet.body)[1])
            elif packet.kind is Kind.DISCONNECT:
                raise _BrokerAwayError(
                    f"the broker ends the connection (reason {packets.decode_reason(packet.body):#04x})"
                )
        if answered and self._waiting:
            with self._writing:
                self._send_waiting()

    def _connected(self, connection: socket.socket, answer: packets.Connack) -> None:
        if answer.reason >= packets.FAILURE:
            raise _BrokerAwayError(f"the broker refuses the connection (reason {answer.reason:#04x})")
        with self._writing:
            self._connection += 1
            self._socket = connection
            self._most_in_flight = answer.receive_maximum
            self._send(packets.encode_subscribe(_SUBSCRIPTION, self._subscriptions))

    def _subscribed(self, reasons: bytes) -> None:
        refused = [
            filter_ for filter_, reason in zip(self._subscriptions, reasons, strict=False) if reason >= packets.FAILURE
        ]
        if refused:
            log.error("subscription_refused", filters=refused, broker=f"{self._host}:{self._port}")
            return
        if self._last_word_at > float("-inf"):
            log.info("broker_back", broker=f"{self._host}:{self._port}")
            self._last_word_at = float("-inf")
        self._on_connected(True)

    def _close(self) -> None:
        with self._writing:
            stood = self._socket is not None
            self._socket = None
            self._in_flight.clear()
            self._waiting.clear()
        if stood:
            self._on_connected(False)

    def _say(self, event: str, reason: str) -> None:
        """One line when it begins and one a minute: an outage must not fill the log."""
        if not self._over.is_set() and time.monotonic() - self._last_word_at >= _REMIND_EVERY_S:
            self._last_word_at = time.monotonic()
            log.warning(event, broker=f"{self._host}:{self._port}", reason=reason, what="will try again")
