"""One connection to the broker: MQTT 5, QoS 1, a session that outlives the link. The only file that knows paho.

It never blocks its caller and never gives up: a broker that is away is one line in the log and is tried again with a
growing pause. Callbacks run in paho's thread and must be short.
"""

import contextlib
import logging
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import paho.mqtt.client as mqtt
import structlog
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from edge.identity.line_tls import LineTls

_log = structlog.get_logger()

KEEPALIVE_S = 20
"""The broker is asked for a sign of life after this silence, and given up after as much again."""
UNHEARD_S = 8
"""Bytes that the other side's kernel did not acknowledge for so long end the connection: a half-open one."""
SESSION_EXPIRY_S = 7 * 24 * 3600
IN_FLIGHT = 20
"""What brokers allow unless they say otherwise (Mosquitto's receive maximum); more waits in paho's queue."""
_TAKEN_OVER = 0x8E
"""MQTT 5's reason code: the broker has given our session to another connection with our client identifier."""


@dataclass(frozen=True)
class Arrived:
    topic: str
    payload: bytes
    token: tuple[int, int]
    """For `MqttLine.acknowledge`."""


@dataclass(frozen=True, kw_only=True)
class LineHandlers:
    arrived: Callable[[Arrived], None]
    up: Callable[[bool], None]
    """With True when the broker still had our session."""
    down: Callable[[], None]
    """The broker is lost; also after each attempt that did not reach it, or that it refused."""
    sent: Callable[[int, bool], None]
    """A publication's id, and whether the broker took it (PUBACK without an error)."""
    last_will: Callable[[], tuple[str, bytes] | None]
    """Topic and retained payload, asked before each connect."""


class MqttLine:
    def __init__(
        self,
        client_id: str,
        address: tuple[str, int],
        subscriptions: tuple[str, ...],
        handlers: LineHandlers,
        *,
        manual_acknowledgement: bool = False,
        longest_pause_s: int = 30,
        keepalive_s: int = KEEPALIVE_S,
        tls: LineTls | None = None,
        name: str = "",
    ) -> None:
        """Nothing is opened before `start`. `client_id` may hold a secret: `name` is for the log."""
        self._address = address
        self._keepalive_s = keepalive_s
        self._subscriptions = subscriptions
        self._handlers = handlers
        self._log = _log.bind(line=name, broker=f"{address[0]}:{address[1]}")
        self._told_away = False
        self._told_hung_up = False
        self._tls = tls
        self._up = False
        self._taken_over_s: float | None = None
        self._client = mqtt.Client(
            CallbackAPIVersion.VERSION2,
            client_id=client_id,
            protocol=MQTTProtocolVersion.MQTTv5,
            manual_ack=manual_acknowledgement,
        )
        client = self._client
        client.max_inflight_messages_set(IN_FLIGHT)
        client.reconnect_delay_set(1, longest_pause_s)
        client.enable_logger(_paho_log())
        client.suppress_exceptions = True  # a handler's error is logged and must not end the network thread
        if tls is not None:
            client.tls_set_context(tls.context)
        client.on_socket_open = _tune
        client.on_pre_connect = self._on_pre_connect
        client.on_connect = self._on_connect
        client.on_connect_fail = self._on_connect_fail
        client.on_disconnect = self._on_disconnect
        client.on_message = self._on_message
        client.on_publish = self._on_publish

    @property
    def is_up(self) -> bool:
        return self._up

    def taken_over(self, within_s: float) -> bool:
        """Whether another connection came under this one's name in the last `within_s`, while this one stood."""
        return self._taken_over_s is not None and time.monotonic() - self._taken_over_s < within_s

    def start(self) -> None:
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]  # paho leaves it untyped
        properties.SessionExpiryInterval = SESSION_EXPIRY_S
        host, port = self._address
        self._client.connect_async(host, port, keepalive=self._keepalive_s, clean_start=False, properties=properties)
        self._client.loop_start()

    def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> int:
        """The publication's id, which `sent` will name. While the broker is away paho keeps it in memory."""
        return self._client.publish(topic, payload, qos=1, retain=retain).mid

    def acknowledge(self, arrived: Arrived) -> None:
        """With manual acknowledgement: the broker may forget this message now."""
        self._client.ack(*arrived.token)

    def stop(self, farewell: tuple[str, bytes] | None = None, *, patience_s: float = 3.0) -> None:
        """Says `farewell` (retained) when the broker is there, and disconnects, so that the last will stays unsaid."""
        if farewell is not None and self._up:
            topic, payload = farewell
            said = self._client.publish(topic, payload, qos=1, retain=True)
            said.wait_for_publish(patience_s)
        self._client.disconnect()
        # loop_stop joins without limit, and a link that died silently would hold it until the keepalive
        stopping = threading.Thread(target=self._client.loop_stop, daemon=True)
        stopping.start()
        stopping.join(patience_s)

    def _on_pre_connect(self, client: mqtt.Client, _userdata: Any) -> None:
        if self._tls is not None:
            self._tls.refresh()
        will = self._handlers.last_will()
        if will is not None:
            client.will_set(will[0], will[1], qos=1, retain=True)

    def _on_connect(
        self,
        client: mqtt.Client,
        _userdata: Any,
        flags: mqtt.ConnectFlags,
        reason: ReasonCode,
        _properties: Properties | None,
    ) -> None:
        if reason.is_failure:
            self._tell_away("broker_refuses", reason=str(reason))
            self._handlers.down()
            return
        self._log.info("broker_connected", session_kept=flags.session_present)
        self._told_away = self._told_hung_up = False
        for topic in self._subscriptions:
            client.subscribe(topic, qos=1)
        self._up = True
        self._handlers.up(flags.session_present)

    def _on_connect_fail(self, _client: mqtt.Client, _userdata: Any) -> None:
        self._tell_away("broker_away", retrying=True)
        self._handlers.down()

    def _on_disconnect(
        self,
        _client: mqtt.Client,
        _userdata: Any,
        _flags: mqtt.DisconnectFlags,
        reason: ReasonCode,
        _properties: Properties | None,
    ) -> None:
        was_up, self._up = self._up, False
        if reason.value == _TAKEN_OVER:
            self._taken_over_s = time.monotonic()
            self._log.warning("broker_session_taken_over", what="another gateway connects under the same name")
        if was_up:
            if reason.is_failure:
                self._tell_away("broker_lost", reason=str(reason), retrying=True)
            self._handlers.down()
        elif self._tls is not None and reason.is_failure:  # a certificate that it does not take ends like this
            if not self._told_hung_up:
                self._told_hung_up = True
                self._log.warning("broker_hangs_up", hint="certificate expired or revoked? see `doorstep-edge status`")
            self._handlers.down()

    def _tell_away(self, event: str, **fields: object) -> None:
        if not self._told_away:
            self._told_away = True
            self._log.warning(event, **fields)

    def _on_message(self, _client: mqtt.Client, _userdata: Any, message: mqtt.MQTTMessage) -> None:
        self._handlers.arrived(Arrived(message.topic, bytes(message.payload), (message.mid, message.qos)))

    def _on_publish(
        self, _client: mqtt.Client, _userdata: Any, mid: int, reason: ReasonCode, _properties: Properties
    ) -> None:
        if reason.is_failure:
            self._log.warning("broker_refused_message", reason=str(reason))
        self._handlers.sent(mid, not reason.is_failure)


def _tune(_client: mqtt.Client, _userdata: Any, connection: Any) -> None:
    """Sends each message at once: without TCP_NODELAY the kernel holds it until the one before it is acknowledged,
    which takes the other side 40 ms. And gives a connection up on which nothing arrives: without TCP_USER_TIMEOUT
    that takes a quarter of an hour."""
    with contextlib.suppress(OSError):
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, UNHEARD_S * 1000)


def _paho_log() -> logging.Logger:
    log = logging.getLogger("edge.paho")
    log.setLevel(logging.ERROR)
    log.addFilter(_is_news)
    return log


def _is_news(record: logging.LogRecord) -> bool:
    """paho calls it an error that a connection is closed; we have said so already, in one line."""
    return "Client is not connected" not in record.getMessage()
