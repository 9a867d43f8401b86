"""The ingester's own connection to the broker: for many small messages, each acknowledged after COMMIT.

It speaks MQTT 3.1.1, at which paho needs half the time for a letter, and MQTT 5 where the broker has no other
(docs/decisions/0011-paho-in-the-ingester.md). Shared subscriptions are the same in both.

No session is kept: what is not acknowledged when the connection breaks, the broker gives to another ingester or drops
(Mosquitto 2.0 drops it), and its home sends it again until it has a receipt. So each connection has its own client.

Only the connection's thread speaks with paho. Storing threads leave it what is to be said and go on.
"""

import contextlib
import selectors
import socket
import threading
import time
import uuid
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import paho.mqtt.client as paho
import structlog
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.subscribeoptions import SubscribeOptions

from cloud.mqtt import QOS, Letter, broker_address
from cloud.readings.in_order import InOrder
from cloud.readings.packets import acknowledgements
from cloud.readings.wire import LetterWire, Wire

log = structlog.get_logger()

WINDOW = 20_000
"""Letters in hand and not acknowledged: two batches being stored and as many being gathered. A broker of MQTT 5 is
told; of 3.1.1 the broker's own max_inflight_messages is the bound, and those in configs/ have the same."""
_MOST_IN_FLIGHT = 10_000  # where the broker does not say its Receive Maximum
_KEEPALIVE_S = 20
_LOOK_S = 1.0
_PATIENCE_S = 10.0
_FIRST_PAUSE_S = 1.0
_LONGEST_PAUSE_S = 10.0
_REMIND_EVERY_S = 60.0


class _BrokerAwayError(Exception):
    """The connection cannot be made or used; the text says why."""


class _UnknownProtocolError(Exception):
    """The broker ended the connection without a greeting, or said so: perhaps it speaks MQTT 5 only."""


class _Client(paho.Client):
    """paho over a `Wire`, which `lay` makes."""

    lay: Callable[[socket.socket], Wire]
    wire: Wire

    def _create_socket(self) -> Wire:
        connection = self._create_socket_connection()
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.wire = self.lay(connection)
        return self.wire


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
        self._waker = _Waker()
        self._stored: deque[Letter] = deque()  # to be acknowledged
        self._waiting: deque[tuple[str, bytes]] = deque()  # to be published
        self._connection = 0
        self._order = InOrder()
        self._protocol = paho.MQTTv311
        self._greeted = False
        self._stands = False
        self._in_flight = 0
        self._most_in_flight = _MOST_IN_FLIGHT
        self._ending = ""
        self._last_word_at = float("-inf")

    def acknowledge(self, letters: Iterable[Letter]) -> None:
        """Tells the broker that the letters are safe. From any thread."""
        self._stored.extend(letters)
        self._waker.wake()

    def publish(self, messages: Iterable[tuple[str, bytes]]) -> None:
        """Sends topic and payload at QoS 1, as many at once as the broker takes. From any thread.

        What the broker does not get because the connection breaks is dropped: it tells of letters that come again.
        """
        self._waiting.extend(messages)
        self._waker.wake()

    def __enter__(self) -> "Intake":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._waker.wake()
        self._thread.join(_PATIENCE_S)
        self._waker.close()

    # the connection's own thread

    def _run(self) -> None:
        pause_s = _FIRST_PAUSE_S
        while not self._over.is_set():
            began = time.monotonic()
            try:
                self._serve()
            except _UnknownProtocolError:
                self._protocol = paho.MQTTv5
                continue
            except (_BrokerAwayError, OSError, ValueError) as error:  # ValueError: nothing that MQTT allows
                self._say("broker_away", str(error) or type(error).__name__)
            self._protocol = paho.MQTTv311
            if time.monotonic() - began > _LONGEST_PAUSE_S:
                pause_s = _FIRST_PAUSE_S
            if self._over.wait(pause_s):
                break
            pause_s = min(pause_s * 2, _LONGEST_PAUSE_S)

    def _serve(self) -> None:
        """One connection, from its making to its end. Raises what ended it."""
        self._connection += 1
        self._in_flight, self._ending, self._greeted = 0, "", False
        self._order = InOrder()
        client = self._create_client()
        try:
            client.connect(self._host, self._port, keepalive=_KEEPALIVE_S, **self._wishes())
            with selectors.DefaultSelector() as selector:
                selector.register(client.wire, selectors.EVENT_READ)
                selector.register(self._waker, selectors.EVENT_READ)
                while not self._over.is_set():
                    self._turn(client, selector)
            self._speak(client)
            client.disconnect()
            client.loop_write()
        finally:
            client.on_disconnect = None
            if client.socket() is not None:
                client.wire.close()
            self._stored.clear()
            self._waiting.clear()
            if self._stands:
                self._stands = False
                self._on_connected(False)

    def _wishes(self) -> dict[str, Any]:
        """What only MQTT 5 can be told at the beginning."""
        if self._protocol == paho.MQTTv311:
            return {}
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]  # paho leaves it untyped
        properties.ReceiveMaximum = WINDOW
        return {"clean_start": True, "properties": properties}

    def _create_client(self) -> _Client:
        client = _Client(
            CallbackAPIVersion.VERSION2,
            client_id=f"doorstep-ingest-{uuid.uuid4().hex[:12]}",
            protocol=self._protocol,
            clean_session=True if self._protocol == paho.MQTTv311 else None,
            manual_ack=True,
            reconnect_on_failure=False,
        )
        number = self._connection
        client.lay = (lambda line: LetterWire(line, number)) if self._protocol == paho.MQTTv311 else Wire
        # paho walks through all it has in flight at each answer when it counts them; we count ourselves.
        client.max_inflight_messages_set(0)
        client.on_connect = self._connected
        client.on_subscribe = self._subscribed
        client.on_message = self._message
        client.on_publish = self._published
        client.on_disconnect = self._disconnected
        client.on_socket_register_write = _nothing  # it then writes in loop_write only, and not at every call
        return client

    def _turn(self, client: _Client, selector: selectors.BaseSelector) -> None:
        """Hears what came and says what is to be said. Raises _BrokerAwayError when that was the end."""
        wire = client.wire
        selector.modify(wire, selectors.EVENT_READ | (selectors.EVENT_WRITE if wire.unsent else 0))
        ready = {key.fileobj for key, _ in selector.select(_LOOK_S)}
        if self._waker in ready:
            self._waker.calm()
        if wire in ready:
            wire.fill()
            if isinstance(wire, LetterWire):
                self._take(wire.take_letters())
            while wire.unread and client.socket() is not None:
                client.loop_read()
        self._speak(client)
        client.loop_misc()
        if client.socket() is None:
            if not self._greeted and self._protocol == paho.MQTTv311:
                raise _UnknownProtocolError
            raise _BrokerAwayError(self._ending or "the connection broke")

    def _speak(self, client: _Client) -> None:
        numbers = self._order.safe(self._stored_here())
        if isinstance(client.wire, LetterWire):
            client.wire.send(acknowledgements(numbers))
        else:
            for number in numbers:
                client.ack(number, QOS)
        while self._stands and self._waiting and self._in_flight < self._most_in_flight:
            self._in_flight += 1
            client.publish(*self._waiting.popleft(), qos=QOS)
        if client.want_write():
            client.loop_write()
        client.wire.flush()

    def _stored_here(self) -> list[int]:
        """Numbers of stored letters; on a later connection a letter's number is somebody else's, 0 came at QoS 0."""
        numbers = []
        with contextlib.suppress(IndexError):  # none is left
            while True:
                connection, number = self._stored.popleft().place
                if number and connection == self._connection:
                    numbers.append(number)
        return numbers

    def _connected(self, client: paho.Client, _data: Any, _flags: Any, reason: Any, properties: Any) -> None:
        if reason.is_failure:
            self._ending = f"the broker refuses the connection: {reason}"
            return
        self._greeted = True
        self._most_in_flight = getattr(properties, "ReceiveMaximum", _MOST_IN_FLIGHT)
        if self._protocol == paho.MQTTv311:
            client.subscribe([(filter_, QOS) for filter_ in self._subscriptions])
        else:
            client.subscribe([(filter_, SubscribeOptions(qos=QOS)) for filter_ in self._subscriptions])

    def _subscribed(self, _client: paho.Client, _data: Any, _mid: int, reasons: list[Any], _properties: Any) -> None:
        refused = [filter_ for filter_, reason in zip(self._subscriptions, reasons, strict=True) if reason.is_failure]
        if refused:
            log.error("subscription_refused", filters=refused, broker=f"{self._host}:{self._port}")
            return
        if self._last_word_at > float("-inf"):
            log.info("broker_back", broker=f"{self._host}:{self._port}")
            self._last_word_at = float("-inf")
        self._stands = True
        self._on_connected(True)

    def _message(self, _client: paho.Client, _data: Any, message: paho.MQTTMessage) -> None:
        place = (self._connection, message.mid)
        self._take([Letter(message.topic, bytes(message.payload), message.retain, place)])

    def _take(self, letters: Iterable[Letter]) -> None:
        for letter in letters:
            if number := letter.place[1]:
                self._order.come(number)
            self._on_letter(letter)

    def _published(self, _client: paho.Client, _data: Any, _mid: int, _reason: Any, _properties: Any) -> None:
        self._in_flight -= 1

    def _disconnected(self, _client: paho.Client, _data: Any, _flags: Any, reason: Any, _properties: Any) -> None:
        self._ending = self._ending or f"the connection ended: {reason}"

    def _say(self, event: str, reason: str) -> None:
        """One line when it begins and one a minute: an outage must not fill the log."""
        if not self._over.is_set() and time.monotonic() - self._last_word_at >= _REMIND_EVERY_S:
            self._last_word_at = time.monotonic()
            log.warning(event, broker=f"{self._host}:{self._port}", reason=reason, what="will try again")


class _Waker:
    """Ends the waiting of a selector, from any thread."""

    def __init__(self) -> None:
        self._hears, self._rings = socket.socketpair()
        self._hears.setblocking(False)
        self._awake = False

    def wake(self) -> None:
        if not self._awake:
            self._awake = True
            with contextlib.suppress(OSError):  # closed: nobody waits any more
                self._rings.send(b"!")

    def calm(self) -> None:
        """Before one looks what there is to do."""
        with contextlib.suppress(BlockingIOError):
            self._hears.recv(64)
        self._awake = False  # last: who finds it True may rely on being heard

    def fileno(self) -> int:
        return self._hears.fileno()

    def close(self) -> None:
        self._hears.close()
        self._rings.close()


def _nothing(*_: object) -> None:
    """Does not."""
