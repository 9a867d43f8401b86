"""What devices that only advertise share: where their bytes stand, who listens, and what becomes of refused ones."""

from dataclasses import dataclass
from typing import Protocol

import structlog
from bleak.backends.scanner import AdvertisementData

from edge.config import Device
from edge.figures import Figures
from protocols.reading import Metric

_log = structlog.get_logger()


@dataclass(frozen=True)
class ServiceData:
    """Behind a service's UUID, 128 bits in lower case."""

    uuid: str

    def of(self, advertisement: AdvertisementData) -> bytes | None:
        return advertisement.service_data.get(self.uuid)


@dataclass(frozen=True)
class ManufacturerData:
    """Behind a company's identifier."""

    company: int

    def of(self, advertisement: AdvertisementData) -> bytes | None:
        return advertisement.manufacturer_data.get(self.company)


Carrier = ServiceData | ManufacturerData


class AdvertListener(Protocol):
    """What the scanner calls for each advertisement of its device that carries something for it."""

    @property
    def carrier(self) -> Carrier: ...

    def heard(self, payload: bytes, rssi_dbm: int | None) -> None:
        """`payload` is what the carrier found. Whatever it is, this does not raise."""


@dataclass(frozen=True)
class SensorAdvert:
    """What a sensor says, in whatever format."""

    measurements: tuple[tuple[Metric, float], ...]
    """In canonical units."""
    sequence: int | None
    """The same for repetitions of one advertisement; None where the device sends none."""
    counter: int | None = None
    """Of an encrypted advertisement: one that went back is a recording."""
    trouble: str | None = None
    """What the sensor says is wrong with itself, in one sentence."""


def refuse(device: Device, figures: Figures, reason: str, sentence: str) -> None:
    """Counts it by `reason`; the sentence is said once, in the device's trouble."""
    figures.refused.labels(device.name, reason).inc()
    if figures.trouble(device.name, sentence):
        _log.warning("advert_refused", device=device.name, reason=reason, problem=sentence)
