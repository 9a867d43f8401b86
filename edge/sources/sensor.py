"""A sensor of the home: advertisements -> thinned readings; in the bathroom a shower as one event as well."""

import math
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType

from edge.catalogue import BTHOME_SENSOR, RUUVI
from edge.clock import Clock
from edge.config import Device
from edge.figures import Figures
from edge.intake import Intake
from edge.shower.event import Shower
from edge.shower.recogniser import ShowerRecogniser
from edge.sources.advert import SensorAdvert
from edge.sources.bthome_decoder import BthomeDecoder
from edge.sources.ruuvi_decoder import RuuviDecoder
from edge.sources.thinning import Thinner
from protocols.adverts.counter import CounterGuard
from protocols.device_kind import DeviceKind
from protocols.reading import CANONICAL_UNIT, Metric, Reading

SensorDecoder = BthomeDecoder | RuuviDecoder
DECODER_OF_DRIVER: Mapping[str, type[SensorDecoder]] = MappingProxyType(
    {BTHOME_SENSOR: BthomeDecoder, RUUVI: RuuviDecoder}
)


class SensorListener:
    def __init__(self, device: Device, intake: Intake, figures: Figures, clock: Clock) -> None:
        self._device = device
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
        readings = [] if self._is_repeat(advert) else self._worth_keeping(values, at)
        shower = None if self._showers is None else self._showers.heard(values, at)
        if shower is not None:
            readings.append(self._told_as_one(shower, at))
        if readings:
            self._intake.offer(readings)

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
