"""While the database is away: calls that came by text go to the desk over the broker, as their home would say them.

The desk's own journal keeps them then (cloud.alarms.standby). The text stays in the modem's memory all the same, and
is stored when the database is back: that it is the same alarm, its id says.
"""

import structlog

from cloud.mqtt import Subscriber
from cloud.sms_gateway.reception import alarm_message, opened
from cloud.sms_gateway.store import HomeKey
from protocols.alarm.code import decode_code
from protocols.alarm.kinds import AlarmKind
from protocols.errors import ProtocolError
from protocols.sms.joining import WholeText
from protocols.telemetry.messages import encode
from protocols.telemetry.topics import ALARM, topic

log = structlog.get_logger()

KeyRing = dict[bytes, tuple[HomeKey, tuple[str, ...]]]
"""By key id: the home's key and the names of its devices."""


class BrokerStandby:
    def __init__(self, subscriber: Subscriber) -> None:
        self._subscriber = subscriber
        self._keys: KeyRing = {}

    def learn(self, keys: KeyRing) -> None:
        """What the database says while it is there."""
        self._keys = keys

    def forward(self, text: WholeText) -> bool:
        """Whether it was a call of a known home, and is on its way. What is none waits for the database."""
        try:
            sealed = decode_code(text.text)
            key, names = self._keys[sealed.key_id]
            code = opened(sealed, key)
            where = topic(key.gateway_id, ALARM)
        except (KeyError, ProtocolError, ValueError):  # ValueError: a gateway's name that no topic can hold
            return False
        if code.kind is AlarmKind.DRILL:
            return False
        self._subscriber.publish(where, encode(alarm_message(code, names)))
        log.warning("alarm_by_text_to_desk", alarm=str(code.alarm), gateway=key.gateway_id, why="the database is away")
        return True
