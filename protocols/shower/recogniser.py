"""One sensor's values in, showers out. Water is the better witness: where the sensor tells flow, steam is not asked."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from protocols.reading import Metric
from protocols.shower.event import Shower
from protocols.shower.flow import FlowWitness
from protocols.shower.steam import LEAP_PERCENT, QUICK_PERCENT, SteamWitness

FLOW_TOLD_WITHIN = timedelta(hours=24)


class ShowerRecogniser:
    """Knows what it was told and nothing of before it was made: a shower under way then is not seen whole or at all."""

    def __init__(self, leap_percent: float = LEAP_PERCENT, quick_percent: float = QUICK_PERCENT) -> None:
        """Of relative humidity: the least leap that is told, and how much of it must come at once."""
        self._leaps = leap_percent, quick_percent
        self._begin()
        self._last: datetime | None = None

    def _begin(self) -> None:
        self._flow = FlowWitness()
        self._steam = SteamWitness(*self._leaps)
        self._flow_told: datetime | None = None

    def heard(self, values: Iterable[tuple[Metric, float]], at: datetime) -> Shower | None:
        """The shower that these values, heard together `at` (UTC), show to have ended.

        Repeated values are welcome: they say that what was is still so. Time that goes back (a clock that was set)
        begins all anew.
        """
        if self._last is not None and at < self._last:
            self._begin()
        self._last = at
        told = dict(values)
        shower = self._flow.passed(at)
        if (flow_l_min := told.get(Metric.FLOW)) is not None:
            self._flow_told = at
            shower = self._flow.heard(flow_l_min, at) or shower
        steam = self._heard_air(told, at)
        return shower if self._has_flow(at) else shower or steam

    def under_way_since(self, at: datetime) -> datetime | None:
        """When the shower that has not ended yet began (UTC), by the better witness; None where there is none."""
        return self._flow.running_since(at) if self._has_flow(at) else self._steam.rising_since

    def _has_flow(self, at: datetime) -> bool:
        return self._flow_told is not None and at - self._flow_told <= FLOW_TOLD_WITHIN

    def _heard_air(self, told: dict[Metric, float], at: datetime) -> Shower | None:
        if (temperature_c := told.get(Metric.AMBIENT_TEMPERATURE)) is not None:
            self._steam.warmed(temperature_c)
        if (motion := told.get(Metric.MOTION)) is not None:
            self._steam.moved(motion > 0, at)
        humidity_percent = told.get(Metric.HUMIDITY)
        return None if humidity_percent is None else self._steam.heard(humidity_percent, at)
