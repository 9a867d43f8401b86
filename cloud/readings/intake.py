"""The ingester's own connection to the broker: for many small messages, each acknowledged after COMMIT.

It speaks MQTT 5, because that bounds what the broker sends ahead (docs/decisions/0011-paho-in-the-ingester.md).

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
from collections.abc import Callable, Iterable, Iterator, Sequence
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
from cloud.readings.wire import LetterWire

log = structlog.get_logger()

WINDOW = 20_000
"""Letters in hand and not acknowledged: two batches being stored and as many being gathered. The broker is told, but
Mosquitto 2.0 does not keep to it; so nothing more is read while they are so many, and the rest stays where it is."""
_MOST_IN_FLIGHT = 10_000  # where the broker does not say its Receive Maximum
_KEEPALIVE_S = 20
_PING_EVERY_S = _KEEPALIVE_S / 2
_PINGREQ = b"\xc0\x00"
_LOOK_S = 1.0
_PATIENCE_S = 10.0
_FIRST_PAUSE_S = 1.0
_LONGEST_PAUSE_S = 10.0
_REMIND_EVERY_S = 60.0


class _BrokerAwayError(Exception):
    """The connection cannot be made or used; the text says why."""


class _Client(paho.Client):
    """paho over a `LetterWire` of that connection's number."""

    number: int
    wire: LetterWire

    def _create_socket(self) -> LetterWire:
        connection = self._create_socket_connection()
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.wire = LetterWire(connection, self.number)
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
            except (_BrokerAwayError, OSError, ValueError) as error:  # ValueError: nothing that MQTT allows
                self._say("broker_away", str(error) or type(error).__name__)
            if time.monotonic() - began > _LONGEST_PAUSE_S:
                pause_s = _FIRST_PAUSE_S
            if self._over.wait(pause_s):
                break
            pause_s = min(pause_s * 2, _LONGEST_PAUSE_S)

    def _serve(self) -> None:
        """One connection, from its making to its end. Raises what ended it."""
        self._connection += 1
        self._in_flight, self._ending = 0, ""
        self._order = InOrder()
        self._heard_at = self._pinged_at = time.monotonic()
        client = self._create_client()
        try:
            properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]  # paho leaves it untyped
            properties.ReceiveMaximum = WINDOW
            client.connect(self._host, self._port, _KEEPALIVE_S, clean_start=True, properties=properties)
            with selectors.DefaultSelector() as selector:
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

    def _create_client(self) -> _Client:
        client = _Client(
            CallbackAPIVersion.VERSION2,
            client_id=f"doorstep-ingest-{uuid.uuid4().hex[:12]}",
            protocol=paho.MQTTv5,
            reconnect_on_failure=False,
        )
        client.number = self._connection
        # paho walks through all it has in flight at each answer when it counts them; we count ourselves.
        client.max_inflight_messages_set(0)
        client.on_connect = self._connected
        client.on_subscribe = self._subscribed
        client.on_publish = self._published
        client.on_disconnect = self._disconnected
        client.on_socket_register_write = _nothing  # it then writes in loop_write only, and not at every call
        return client

    def _turn(self, client: _Client, selector: selectors.BaseSelector) -> None:
        """Hears what came and says what is to be said. Raises _BrokerAwayError when that was the end."""
        wire = client.wire
        has_room = len(self._order) < WINDOW
        with _watched(selector, wire, has_room * selectors.EVENT_READ | bool(wire.unsent) * selectors.EVENT_WRITE):
            ready = {key.fileobj: events for key, events in selector.select(_LOOK_S)}
        if self._waker in ready:
            self._waker.calm()
        if ready.get(wire, 0) & selectors.EVENT_READ:
            wire.fill()
            self._heard_at = time.monotonic()
            self._take(wire)
            while wire.unread and client.socket() is not None:
                client.loop_read()
        self._speak(client)
        self._keep_alive(wire, has_room)
        if client.socket() is None:
            raise _BrokerAwayError(self._ending or "the connection broke")

    def _keep_alive(self, wire: LetterWire, has_room: bool) -> None:
        """Instead of paho's: the answer to its ping may wait behind what is not read, and letters are life enough."""
        now = time.monotonic()
        if now - self._pinged_at >= _PING_EVERY_S:
            self._pinged_at = now
            wire.send(_PINGREQ)
        if not has_room:
            self._heard_at = now
        elif now - self._heard_at > _KEEPALIVE_S:
            raise _BrokerAwayError(f"it has said nothing for {_KEEPALIVE_S} s")

    def _speak(self, client: _Client) -> None:
        client.wire.send(acknowledgements(self._order.safe(self._stored_here())))
        while self._stands and self._waiting and self._in_flight < self._most_in_flight:
            self._in_flight += 1
            client.publish(*self._waiting.popleft(), qos=QOS)
        if client.want_write():
            client.loop_write()
        client.wire.flush()

    def _stored_here(self) -> list[int]:
        """Places of stored letters that came by this connection and want an answer."""
        places = []
        with contextlib.suppress(IndexError):  # none is left
            while True:
                connection, place = self._stored.popleft().place
                if place and connection == self._connection:
                    places.append(place)
        return places

    def _connected(self, client: paho.Client, _data: Any, _flags: Any, reason: Any, properties: Any) -> None:
        if reason.is_failure:
            self._ending = f"the broker refuses the connection: {reason}"
            return
        self._most_in_flight = getattr(properties, "ReceiveMaximum", _MOST_IN_FLIGHT)
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

    def _take(self, wire: LetterWire) -> None:
        letters, numbers = wire.take_letters()
        self._order.come(numbers)
        for letter in letters:
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


@contextlib.contextmanager
def _watched(selector: selectors.BaseSelector, wire: LetterWire, events: int) -> Iterator[None]:
    """No events are nothing that a selector can be asked for."""
    if not events:
        yield
        return
    selector.register(wire, events)
    try:
        yield
    finally:
        selector.unregister(wire)


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
