"""Calls of gateways that the centre does not know: no home, no elder, no community, and somebody in need perhaps.

They cannot become alarms, since nobody knows the door. The desk sees them all the same, for as long as they call; the
record is the dead letter that the alarms' worker keeps. Their homes are not told that the centre has the call.
"""

from collections import OrderedDict, deque
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

import structlog

from cloud.clock import Clock
from cloud.web.live.hub import Hub
from cloud.web.live.model import LiveEvent
from protocols.telemetry.messages import AlarmMessage

log = structlog.get_logger()

_SHOWN = timedelta(hours=2)
"""After the last time that it called: a home that has no answer calls again every few seconds."""
_MOST = 50
"""Whoever makes up names must not fill the board."""


@dataclass(frozen=True)
class StrangerCall:
    alarm_id: UUID
    gateway_id: str
    kind: str
    device: str
    heard_at: datetime
    last_heard_at: datetime


class Strangers:
    def __init__(self, clock: Clock, hub: Hub) -> None:
        self._clock = clock
        self._hub = hub
        self._calls: OrderedDict[UUID, StrangerCall] = OrderedDict()
        self._over: deque[UUID] = deque(maxlen=_MOST)

    def heard(self, gateway_id: str, alarm_id: UUID, message: AlarmMessage) -> None:
        if alarm_id in self._over:
            return  # it was taken back while the database was asked who it is
        now = self._clock.now()
        known = self._calls.get(alarm_id)
        if known is not None:
            self._calls[alarm_id] = replace(known, last_heard_at=now)
            self._calls.move_to_end(alarm_id)
            return
        if not message.kind.is_call:
            return  # of a box that nobody has registered yet
        call = StrangerCall(alarm_id, gateway_id, message.kind.value, message.device, now, now)
        self._calls[alarm_id] = call
        while len(self._calls) > _MOST:
            self._calls.popitem(last=False)
        log.warning("alarm_of_unknown_gateway", gateway=gateway_id, alarm=str(alarm_id))
        self._hub.publish(LiveEvent("stranger", None, asdict(call)))

    def over(self, alarm_id: UUID) -> None:
        """Taken back, or its gateway is known by now."""
        if alarm_id not in self._over:
            self._over.append(alarm_id)
        if self._calls.pop(alarm_id, None) is not None:
            self._hub.publish(LiveEvent("stranger", None, {"alarm_id": alarm_id}))

    def calls(self) -> list[StrangerCall]:
        """Newest first."""
        since = self._clock.now() - _SHOWN
        return [call for call in reversed(self._calls.values()) if call.last_heard_at >= since]
