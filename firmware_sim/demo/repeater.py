"""A broker's bad day: messages that were delivered once are delivered again."""

import threading

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from protocols.telemetry import topics
from protocols.telemetry.messages import ReadingsMessage, decode


class Repeater:
    """Overhears every readings message, and repeats them on demand as they were."""

    def __init__(self, host: str, port: int) -> None:
        self._heard: list[tuple[str, bytes]] = []
        self._subscribed = threading.Event()
        self._client = mqtt.Client(
            CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv5, client_id="doorstep-demo-repeater"
        )
        self._client.on_connect = self._on_connect
        self._client.on_subscribe = self._on_subscribe
        self._client.on_message = self._on_message
        self._client.connect(host, port)
        self._client.loop_start()
        if not self._subscribed.wait(10):
            raise TimeoutError("the broker did not confirm a subscription within 10 s")

    def repeat(self, messages: int) -> int:
        """Publishes the last `messages` heard once more, newest first. Returns how many readings that were."""
        readings = 0
        for topic, payload in reversed(list(self._heard)[-messages:]):
            readings += len(decode(ReadingsMessage, payload).readings)
            self._client.publish(topic, payload, qos=1).wait_for_publish(10)
        return readings

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def _on_connect(
        self, client: mqtt.Client, _: object, __: mqtt.ConnectFlags, ___: ReasonCode, ____: Properties | None
    ) -> None:
        client.subscribe(topics.all_gateways(topics.READINGS), qos=1)

    def _on_subscribe(
        self, _: mqtt.Client, __: object, ___: int, ____: list[ReasonCode], _____: Properties | None
    ) -> None:
        self._subscribed.set()

    def _on_message(self, _: mqtt.Client, __: object, message: mqtt.MQTTMessage) -> None:
        self._heard.append((message.topic, bytes(message.payload)))
