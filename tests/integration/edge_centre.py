"""A centre that answers as it is told: for seeing what a gateway does with late, lost and doubled receipts."""

import queue
import threading
import time
from collections.abc import Callable
from typing import Any

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from protocols.alarm.states import AlarmState
from protocols.reading import Reading
from protocols.telemetry import topics
from protocols.telemetry.messages import (
    AlarmMessage,
    AlarmStateMessage,
    ReadingsMessage,
    Receipt,
    StatusMessage,
    decode,
    encode,
)

PATIENCE_S = 20.0


class FakeCentre:
    """Subscribes to one gateway. `stored` is its database: (epoch, number) -> reading."""

    def __init__(self, port: int, gateway: str = "gw-test") -> None:
        self.gateway = gateway
        self.answers = True
        """Whether readings are stored and receipted; otherwise they vanish like in a broker that lost them."""
        self.stored: dict[tuple[int, int], Reading] = {}
        self._through: dict[int, int] = {}
        self._beyond: dict[int, set[int]] = {}
        self.given_up: set[int] = set()
        self.messages: list[ReadingsMessage] = []
        self.alarms: queue.SimpleQueue[AlarmMessage] = queue.SimpleQueue()
        self.statuses: queue.SimpleQueue[StatusMessage] = queue.SimpleQueue()
        self._changed = threading.Condition()
        self._subscribed = threading.Event()
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id="centre", protocol=MQTTProtocolVersion.MQTTv5)
        self._client.on_connect = self._on_connect
        self._client.on_subscribe = lambda *_: self._subscribed.set()
        self._client.on_message = self._on_message
        self._client.reconnect_delay_set(1, 1)
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]  # paho leaves it untyped
        properties.SessionExpiryInterval = 3600
        self._client.connect_async("127.0.0.1", port, clean_start=False, properties=properties)
        self._client.loop_start()
        assert self._subscribed.wait(PATIENCE_S)

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def _on_connect(self, client: mqtt.Client, *_: Any) -> None:
        client.subscribe(f"{topics.PREFIX}/{self.gateway}/#", qos=1)

    def _on_message(self, _client: mqtt.Client, _userdata: Any, message: mqtt.MQTTMessage) -> None:
        channel = message.topic.rpartition("/")[2]
        payload = bytes(message.payload)
        if channel == topics.READINGS:
            self._take(decode(ReadingsMessage, payload))
        elif channel == topics.ALARM:
            self.alarms.put(decode(AlarmMessage, payload))
        elif channel == topics.STATUS:
            self.statuses.put(decode(StatusMessage, payload))

    def _take(self, message: ReadingsMessage) -> None:
        with self._changed:
            self.messages.append(message)
            if self.answers:
                for place, reading in enumerate(message.readings):
                    self.stored[message.epoch, message.first + place] = reading
                    self._beyond.setdefault(message.epoch, set()).add(message.first + place)
                for first, last in message.given_up:
                    self.given_up |= set(range(first, last + 1))
                    self._beyond.setdefault(message.epoch, set()).update(range(first, last + 1))
                self.send_receipt(message.epoch)
            self._changed.notify_all()

    def receipt(self, epoch: int) -> Receipt:
        """What is stored, as the contract says it."""
        beyond, through = self._beyond.setdefault(epoch, set()), self._through.get(epoch, 0)
        while through + 1 in beyond:
            through += 1
            beyond.remove(through)
        beyond.difference_update([number for number in beyond if number <= through])
        self._through[epoch] = through
        return Receipt(epoch=epoch, through=through, beyond=tuple((number, number) for number in sorted(beyond)))

    def send_receipt(self, epoch: int) -> None:
        self._client.publish(topics.topic(self.gateway, topics.RECEIPT), encode(self.receipt(epoch)), qos=1)

    def publish(self, channel: str, payload: bytes) -> None:
        self._client.publish(topics.topic(self.gateway, channel), payload, qos=1)

    def say(
        self,
        message: AlarmMessage,
        state: AlarmState,
        by: str | None = None,
        minutes: int | None = None,
        *,
        cancelled: bool = False,
    ) -> None:
        said = AlarmStateMessage(
            alarm=message.alarm, state=state, at=message.raised_at, by=by, minutes=minutes, cancelled=cancelled
        )
        self.publish(topics.ALARM_STATE, encode(said))

    def until(self, condition: Callable[[], bool], what: str) -> None:
        with self._changed:
            assert self._changed.wait_for(condition, PATIENCE_S), what

    def until_status(self, condition: Callable[[StatusMessage], bool]) -> StatusMessage:
        """The first status that fits. Fails with queue.Empty after a while."""
        deadline = time.monotonic() + PATIENCE_S
        while True:
            status = self.statuses.get(timeout=max(0.0, deadline - time.monotonic()))
            if condition(status):
                return status
