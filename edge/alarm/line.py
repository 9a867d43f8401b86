"""The alarm's own connection to the broker, which readings never share."""

from collections.abc import Callable
from dataclasses import dataclass

import structlog

from edge.client_id import client_id
from edge.config import EdgeConfig
from edge.identity.line_tls import LineTls
from edge.mqtt_line import Arrived, LineHandlers, MqttLine
from protocols.errors import DecodeError
from protocols.telemetry import topics
from protocols.telemetry.messages import AlarmMessage, AlarmStateMessage, decode, encode

_log = structlog.get_logger()

KEEPALIVE_S = 4
"""A connection that went dead in silence is noticed within twice this and a second: before the home says "still
trying", and before the other paths would begin by themselves. Costs some 3 MB a day."""


@dataclass(frozen=True)
class BrokerTook:
    publication: int
    """What `AlarmLine.send` returned for it."""


@dataclass(frozen=True)
class CentreSays:
    message: AlarmStateMessage
    arrived: Arrived
    """To be acknowledged when the state is in the journal."""


@dataclass(frozen=True)
class LineUp:
    pass


@dataclass(frozen=True)
class LineDown:
    pass


Word = BrokerTook | CentreSays | LineUp | LineDown


class AlarmLine:
    """Puts every word from the network into `tell`, in paho's thread."""

    def __init__(self, config: EdgeConfig, tell: Callable[[Word], None]) -> None:
        self._tell = tell
        self._topic = topics.topic(config.gateway, topics.ALARM)
        self._line = MqttLine(
            client_id(config.data, config.gateway, "alarm"),
            config.broker.address,
            (topics.topic(config.gateway, topics.ALARM_STATE),),
            LineHandlers(
                arrived=self._on_arrived,
                up=lambda _session_kept: tell(LineUp()),
                down=lambda: tell(LineDown()),
                sent=self._on_sent,
                last_will=lambda: None,
            ),
            manual_acknowledgement=True,
            longest_pause_s=4,
            keepalive_s=KEEPALIVE_S,
            tls=LineTls(config.identity_path) if config.broker.is_secure else None,
            name="alarm",
        )

    def start(self) -> None:
        self._line.start()

    def stop(self) -> None:
        self._line.stop()

    def send(self, message: AlarmMessage) -> int:
        """The publication's number, which `BrokerTook` will name."""
        return self._line.publish(self._topic, encode(message))

    def acknowledge(self, arrived: Arrived) -> None:
        self._line.acknowledge(arrived)

    def _on_sent(self, publication: int, taken: bool) -> None:
        if taken:
            self._tell(BrokerTook(publication))

    def _on_arrived(self, arrived: Arrived) -> None:
        try:
            message = decode(AlarmStateMessage, arrived.payload)
        except DecodeError as error:
            _log.warning("alarm_state_refused", problem=str(error))
            self._line.acknowledge(arrived)
            return
        self._tell(CentreSays(message, arrived))
