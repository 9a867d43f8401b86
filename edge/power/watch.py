"""Mains and battery -> technical alarms, the status, and the gateway's last words before its battery is empty."""

import time
from collections.abc import Callable
from datetime import datetime

import structlog

from edge.alarm.technical import Conditions
from edge.clock import Clock
from edge.power.rules import PowerRules
from edge.power.supply import Power
from protocols.alarm.kinds import AlarmKind
from protocols.telemetry.messages import PowerStatus

_log = structlog.get_logger()

WELL_ABOVE_PERCENT = 10.0
"""A battery that was low is well again only so far above."""


class PowerWatch:
    """On the event loop."""

    def __init__(
        self,
        rules: PowerRules,
        conditions: Conditions,
        clock: Clock,
        changed: Callable[[], None],
        *,
        monotonic_s: Callable[[], float] = time.monotonic,
    ) -> None:
        """`changed` is called when the centre should hear of the power at once."""
        self._rules = rules
        self._conditions = conditions
        self._clock = clock
        self._changed = changed
        self._monotonic_s = monotonic_s
        self._power: Power | None = None
        self._away_s: float | None = None
        self._mains: bool | None = None
        self._since: datetime | None = None
        self.trouble: str | None = None

    def told(self, power: Power | None, trouble: str | None) -> None:
        """What a source says; called again and again while it is so."""
        if trouble != self.trouble and trouble is not None:
            _log.warning("power", problem=trouble)
        self._power, self.trouble = power, trouble
        if power is None:
            return  # what is not known is no alarm; the status says so
        self._follow_mains(power.mains)
        if power.battery_percent is not None:
            self._follow_battery(power.battery_percent)

    def status(self) -> PowerStatus | None:
        """None where nothing is known of the power. From any thread."""
        power, mains, since = self._power, self._mains, self._since
        if power is None or mains is None:
            return None
        return PowerStatus(mains=mains, battery_percent=power.battery_percent, since=since)

    def _follow_mains(self, mains: bool) -> None:
        now_s = self._monotonic_s()
        self._away_s = None if mains else now_s if self._away_s is None else self._away_s
        if self._away_s is not None and now_s - self._away_s < self._rules.lost_s and self._mains is not None:
            return
        if mains is not self._mains:
            self._mains, self._since = mains, self._clock.now()
            _log.warning("mains", there=mains)
            self._changed()
        self._conditions.set(AlarmKind.MAINS_LOST, not mains)

    def _follow_battery(self, percent: float) -> None:
        limit = self._rules.battery_low_percent
        if percent < limit:
            self._conditions.set(AlarmKind.BATTERY_LOW, True)
        elif percent >= limit + WELL_ABOVE_PERCENT:
            self._conditions.set(AlarmKind.BATTERY_LOW, False)
