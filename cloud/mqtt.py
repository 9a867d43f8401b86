"""The centre's side of MQTT 5: one connection that subscribes, publishes and comes back by itself.

Incoming messages may be acknowledged by hand, after the COMMIT that made them safe: what is not acknowledged, the
broker gives again. A subscriber keeps no session, since what it missed is sent again by its gateway until a receipt
says that the database has it.
"""

import contextlib
import socket
import threading
import time
import uuid
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import paho.mqtt.client as paho
import structlog
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.subscribeoptions import SubscribeOptions

log = structlog.get_logger()

QOS = 1
_KEEPALIVE_S = 20
_REMIND_EVERY_S = 60.0
_IN_FLIGHT = 2000
_DEFAULT_PORT = 1883


class Letter(NamedTuple):
    """A message as it came. `place` is for `acknowledge`."""

    topic: str
    payload: bytes
    retained: bool
    place: tuple[int, int]


class Publication:
    """A message on its way to the broker."""

    def __init__(self, info: paho.MQTTMessageInfo) -> None:
        self._info = info

    def wait(self, timeout_s: float) -> bool:
        """Whether the broker has it within `timeout_s`. It goes on being sent when not."""
        try:
            self._info.wait_for_publish(timeout_s)
        except (RuntimeError, ValueError):  # not connected yet: it is queued, and will be sent
            return False
        return self._info.is_published()


def broker_address(url: str) -> tuple[str, int]:
    """Host and port of `mqtt://HOST:PORT`. Raises ValueError that names the expected form."""
    parts = urlsplit(url)
    try:
        host, port = parts.hostname, parts.port
    except ValueError:  # a port that is no number
        host = None
    if parts.scheme != "mqtt" or not host:
        raise ValueError(f"broker {url!r} is not of the form mqtt://HOST:PORT")
    return host, port or _DEFAULT_PORT


def _send_at_once(_client: paho.Client, _data: Any, connection: Any) -> None:
    """Without this the kernel holds a message back until the answer to the one before it is in: 40 ms and more."""
    with contextlib.suppress(OSError):
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


class Subscriber:
    """A connection that is always up or on its way up.

    `on_letter` is called on the connection's own thread, one message at a time: hand over and return.
    """

    def __init__(
        self,
        url: str,
        name: str,
        subscriptions: Sequence[str] = (),
        on_letter: Callable[[Letter], None] = lambda _: None,
        *,
        manual_ack: bool = False,
        on_connected: Callable[[bool], None] = lambda _: None,
        persist: bool = True,
    ) -> None:
        """`subscriptions` are topic filters at QoS 1; `$share/GROUP/FILTER` divides the work of a group.

        With `persist` False a connection that is cut is not made again, and nothing is said about it.
        `on_connected` is told True whenever the subscriptions stand and False when the broker is away.
        Raises ValueError for a `url` that is not mqtt://HOST:PORT. Nothing is opened before `start`.
        """
        self._host, self._port = broker_address(url)
        self._name = name
        self._subscriptions = tuple(subscriptions)
        self._on_letter = on_letter
        self._on_connected = on_connected
        self._persist = persist
        self._connection = 0
        self._ready = threading.Event()
        self._last_word_at = float("-inf")
        self._client = paho.Client(
            CallbackAPIVersion.VERSION2,
            client_id=f"doorstep-{name}-{uuid.uuid4().hex[:12]}",
            protocol=paho.MQTTv5,
            manual_ack=manual_ack,
            reconnect_on_failure=persist,
        )
        self._client.max_inflight_messages_set(_IN_FLIGHT)
        self._client.max_queued_messages_set(0)  # none is thrown away
        self._client.reconnect_delay_set(1, 10)
        self._client.on_socket_open = _send_at_once
        self._client.on_connect = self._connected
        self._client.on_connect_fail = self._failed
        self._client.on_disconnect = self._disconnected
        self._client.on_subscribe = self._subscribed
        self._client.on_message = self._message

    @property
    def connected(self) -> bool:
        return self._ready.is_set()

    def start(self) -> None:
        """Begins to connect, in a thread; returns at once."""
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]  # paho leaves it untyped
        properties.ReceiveMaximum = _IN_FLIGHT
        self._client.connect_async(
            self._host, self._port, keepalive=_KEEPALIVE_S, clean_start=True, properties=properties
        )
        self._client.loop_start()

    def wait_connected(self, timeout_s: float) -> bool:
        """Whether the connection and its subscriptions stand within `timeout_s`."""
        return self._ready.wait(timeout_s)

    def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> Publication:
        """Sends at QoS 1, now or as soon as the broker is back. Never blocks."""
        return Publication(self._client.publish(topic, payload, qos=QOS, retain=retain))

    def acknowledge(self, letter: Letter) -> None:
        """With `manual_ack`: tells the broker that the letter is safe. From any thread."""
        connection, number = letter.place
        # On a later connection the number is somebody else's; number 0 came at QoS 0 and wants no answer.
        if connection == self._connection and number:
            self._client.ack(number, QOS)

    def stop(self, within_s: float = 5.0) -> None:
        """Closes the connection; gives what is being published up to `within_s` to arrive."""
        deadline = time.monotonic() + within_s
        while self.connected and self._client.want_write() and time.monotonic() < deadline:
            time.sleep(0.01)
        self._client.disconnect()
        self._client.loop_stop()
        # paho leaves its waking sockets open until it is collected, and the connection when it was just being made.
        self._client._reset_sockets()

    def __enter__(self) -> "Subscriber":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    # paho's callbacks, on its thread

    def _connected(self, client: paho.Client, _data: Any, _flags: Any, reason: Any, _properties: Any) -> None:
        if reason.is_failure:
            self._say("broker_refuses", reason=str(reason))
            return
        self._connection += 1
        if self._last_word_at > float("-inf"):
            log.info("broker_back", broker=f"{self._host}:{self._port}")
            self._last_word_at = float("-inf")
        if self._subscriptions:
            client.subscribe([(filter_, SubscribeOptions(qos=QOS)) for filter_ in self._subscriptions])
        else:
            self._stands()

    def _subscribed(self, _client: paho.Client, _data: Any, _mid: int, reasons: list[Any], _properties: Any) -> None:
        refused = [filter_ for filter_, reason in zip(self._subscriptions, reasons, strict=True) if reason.is_failure]
        if refused:
            log.error("subscription_refused", filters=refused, broker=f"{self._host}:{self._port}")
        else:
            self._stands()

    def _stands(self) -> None:
        self._ready.set()
        self._on_connected(True)

    def _failed(self, _client: paho.Client, _data: Any) -> None:
        self._say("broker_away", reason="no answer")

    def _disconnected(self, _client: paho.Client, _data: Any, _flags: Any, reason: Any, _properties: Any) -> None:
        self._ready.clear()
        if reason.is_failure:
            self._say("broker_away", reason=str(reason))
        self._on_connected(False)

    def _say(self, event: str, *, reason: str) -> None:
        """One line when it begins and one a minute: an outage must not fill the log."""
        if self._persist and time.monotonic() - self._last_word_at >= _REMIND_EVERY_S:
            self._last_word_at = time.monotonic()
            log.warning(event, broker=f"{self._host}:{self._port}", reason=reason, what="will try again")

    def _message(self, _client: paho.Client, _data: Any, message: paho.MQTTMessage) -> None:
        letter = Letter(message.topic, bytes(message.payload), message.retain, (self._connection, message.mid))
        try:
            self._on_letter(letter)
        except Exception:  # the thread must live for the next letter
            log.exception("letter_failed", topic=letter.topic, size=len(letter.payload))
