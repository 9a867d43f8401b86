"""A sensor of the home: advertisements -> thinned readings; in the bathroom a shower as one event as well.

Water on the floor and a stay under the shower that grows too long are calls: they do not wait in the outbox.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType

from edge.alarm.calling import Calling
from edge.catalogue import BTHOME_SENSOR, RUUVI
from edge.clock import Clock
from edge.config import Device
from edge.figures import Figures
from edge.intake import Intake
from edge.sources.advert import SensorAdvert
from edge.sources.bthome_decoder import BthomeDecoder
from edge.sources.movement import HomeMovement
from edge.sources.ruuvi_decoder import RuuviDecoder
from edge.sources.thinning import Thinner
from protocols.adverts.counter import CounterGuard
from protocols.alarm.kinds import AlarmKind
from protocols.device_kind import DeviceKind
from protocols.reading import CANONICAL_UNIT, Metric, Reading
from protocols.shower.event import Shower
from protocols.shower.recogniser import ShowerRecogniser
from protocols.shower.stay import StayRules, StayWatch

SensorDecoder = BthomeDecoder | RuuviDecoder
DECODER_OF_DRIVER: Mapping[str, type[SensorDecoder]] = MappingProxyType(
    {BTHOME_SENSOR: BthomeDecoder, RUUVI: RuuviDecoder}
)


class SensorListener:
    def __init__(
        self,
        device: Device,
        intake: Intake,
        figures: Figures,
        clock: Clock,
        *,
        calling: Calling | None = None,
        stay_rules: StayRules | None = None,
        movement: HomeMovement | None = None,
    ) -> None:
        """Without `calling` nothing is called; without `stay_rules` no stay under the shower is watched."""
        self._device = device
        self.name = device.name
        self._calling = calling if device.kind is DeviceKind.WATER_SENSOR else None
        self._wet: bool | None = None
        self._stay = StayWatch(stay_rules) if stay_rules and device.kind is DeviceKind.SHOWER_SENSOR else None
        self._movement = movement
        self._intake = intake
        self._figures = figures
        self._now: Callable[[], datetime] = clock.now
        self._decoder = DECODER_OF_DRIVER[device.model.driver](device, figures)
        self.carrier = self._decoder.carrier
        self._thinner = Thinner()
        self._showers = ShowerRecogniser() if device.kind is DeviceKind.SHOWER_SENSOR else None
        self._last_sequence: int | None = None
        self._guard = CounterGuard(None)

    def heard(self, payload: bytes, rssi_dbm: int | None) -> None:
        advert = self._decoder.sensed(payload)
        if advert is None:
            return
        self._figures.heard(self._device.name, rssi_dbm)
        self._figures.trouble(self._device.name, advert.trouble)
        if advert.counter is not None and not self._guard.accept(advert.counter):
            return
        at = self._now()
        values = [(metric, value) for metric, value in advert.measurements if math.isfinite(value)]
        self._watch(dict(values), at)
        readings = [] if self._is_repeat(advert) else self._worth_keeping(values, at)
        shower = None if self._showers is None else self._showers.heard(values, at)
        if shower is not None:
            readings.append(self._told_as_one(shower, at))
        if readings:
            self._intake.offer(readings)

    @property
    def watches_stays(self) -> bool:
        return self._stay is not None

    def stays_too_long(self) -> bool:
        """True once for each stay under the shower that grew too long by now."""
        if self._showers is None or self._stay is None:
            return False
        at = self._now()
        return self._stay.is_too_long(self._showers.under_way_since(at), at)

    def _watch(self, told: Mapping[Metric, float], at: datetime) -> None:
        if self._stay is not None and (motion := told.get(Metric.MOTION)) is not None:
            self._stay.moved(motion > 0, at)
        if self._movement is not None:
            self._movement.sensed(self._device, told)
        wet = told.get(Metric.MOISTURE)
        if self._calling is None or wet is None or (wet > 0) is self._wet:
            return
        self._wet = wet > 0
        if self._wet:
            self._calling.notice(self.name, AlarmKind.FLOOD)
        else:
            self._calling.over(self.name, AlarmKind.FLOOD)

    def _worth_keeping(self, values: Sequence[tuple[Metric, float]], at: datetime) -> list[Reading]:
        for metric, value in values:
            if metric is Metric.DEVICE_BATTERY:
                self._figures.battery(self._device.name, value)
        return [
            self._reading(metric, value, at, at) for metric, value in values if self._thinner.keep(metric, value, at)
        ]

    def _told_as_one(self, shower: Shower, at: datetime) -> Reading:
        return self._reading(Metric.SHOWER, round(shower.minutes, 1), shower.began, at)

    def _reading(self, metric: Metric, value: float, measured_at: datetime, received_at: datetime) -> Reading:
        return Reading(
            device=self._device.name,
            metric=metric,
            value=value,
            unit=CANONICAL_UNIT[metric],
            measured_at=measured_at,
            received_at=received_at,
        )

    def _is_repeat(self, advert: SensorAdvert) -> bool:
        if advert.counter is not None:
            return False  # its counter was new
        repeat = advert.sequence is not None and advert.sequence == self._last_sequence
        self._last_sequence = advert.sequence
        return repeat
