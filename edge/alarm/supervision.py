"""Looks after what calls for help: is it heard, has its battery enough, and is there a radio to hear it by."""

import asyncio
import time
from collections.abc import Callable, Iterable

from edge.alarm.technical import Conditions
from edge.catalogue import Transport
from edge.figures import DeviceFigures
from protocols.alarm.kinds import AlarmKind
from protocols.device_kind import DeviceKind

LOOK_S = 5.0
TRIGGERS = frozenset({DeviceKind.EMERGENCY_BUTTON, DeviceKind.FALL_SENSOR, DeviceKind.PULL_CORD})
LOW_PERCENT, WELL_PERCENT = 15.0, 25.0
RADIO_LOST_S = 60.0
"""A radio that recovers by itself within this is no alarm."""
WIRE_LOST_S = 60.0


class TriggerWatch:
    """On the event loop."""

    def __init__(
        self,
        conditions: Conditions,
        devices: Callable[[], Iterable[DeviceFigures]],
        radio_trouble: Callable[[], str | None],
        *,
        monotonic_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._conditions = conditions
        self._devices = devices
        self._radio_trouble = radio_trouble
        self._monotonic_s = monotonic_s
        self._started_s = monotonic_s()
        self._radio_away_s: float | None = None

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            self.look()
            await asyncio.sleep(LOOK_S)

    def look(self) -> None:
        now_s = self._monotonic_s()
        for entry in self._devices():
            if entry.device.kind in TRIGGERS:
                self._look_at(entry, now_s)
        if self._radio_trouble() is None:
            self._radio_away_s = None
        elif self._radio_away_s is None:
            self._radio_away_s = now_s
        lost = self._radio_away_s is not None and now_s - self._radio_away_s >= RADIO_LOST_S
        self._conditions.set(AlarmKind.RADIO_LOST, lost)

    def _look_at(self, entry: DeviceFigures, now_s: float) -> None:
        device = entry.device
        allowed_s = WIRE_LOST_S * 2 if device.model.transport is Transport.WIRE else device.heard_within_s
        heard_s = self._started_s if entry.heard_s is None else entry.heard_s
        if allowed_s:
            self._conditions.set(AlarmKind.TRIGGER_SILENT, now_s - heard_s > allowed_s, device.name)
        percent = entry.battery_percent
        if percent is not None and not LOW_PERCENT <= percent < WELL_PERCENT:
            self._conditions.set(AlarmKind.TRIGGER_BATTERY_LOW, percent < LOW_PERCENT, device.name)
