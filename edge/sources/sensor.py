"""A BTHome sensor in the bathroom: advertisements -> thinned readings."""

import math
from collections.abc import Callable
from datetime import datetime

from edge.clock import Clock
from edge.config import Device
from edge.figures import Figures
from edge.intake import Intake
from edge.sources.bthome_decoder import BthomeDecoder
from edge.sources.thinning import Thinner
from protocols.adverts.bthome import BThomeAdvert
from protocols.adverts.counter import CounterGuard
from protocols.reading import CANONICAL_UNIT, Metric, Reading


class SensorListener:
    def __init__(self, device: Device, intake: Intake, figures: Figures, clock: Clock) -> None:
        self._device = device
        self._intake = intake
        self._figures = figures
        self._now: Callable[[], datetime] = clock.now
        self._decoder = BthomeDecoder(device, figures)
        self._thinner = Thinner()
        self._last_packet: int | None = None
        self._guard = CounterGuard(None)

    def heard(self, service_data: bytes, rssi_dbm: int | None) -> None:
        advert = self._decoder.decode(service_data)
        if advert is None:
            return
        self._figures.heard(self._device.name, rssi_dbm)
        self._figures.trouble(self._device.name, None)
        if self._is_repeat(advert):
            return
        at = self._now()
        readings = []
        for metric, value in advert.measurements:
            if not math.isfinite(value):
                continue
            if metric is Metric.DEVICE_BATTERY:
                self._figures.battery(self._device.name, value)
            if self._thinner.keep(metric, value, at):
                readings.append(
                    Reading(
                        device=self._device.name,
                        metric=metric,
                        value=value,
                        unit=CANONICAL_UNIT[metric],
                        measured_at=at,
                        received_at=at,
                    )
                )
        if readings:
            self._intake.offer(readings)

    def _is_repeat(self, advert: BThomeAdvert) -> bool:
        if advert.counter is not None:
            return not self._guard.accept(advert.counter)
        repeat = advert.packet_id is not None and advert.packet_id == self._last_packet
        self._last_packet = advert.packet_id
        return repeat
