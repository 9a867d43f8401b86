"""What speaks BTHome and calls for help: which of its frames count, and what they say of the device itself."""

from abc import ABC, abstractmethod

from edge.alarm.calling import Calling
from edge.alarm.journal import StaleCounter
from edge.config import Device
from edge.figures import Figures
from edge.sources.bthome_decoder import BthomeDecoder
from protocols.adverts.bthome import BThomeAdvert
from protocols.reading import Metric


class BthomeTrigger(ABC):
    """A frame counts only with the device's key and a counter above the last one on disk: the same counter is the same
    frame said again, anything older is a recording."""

    carrier = BthomeDecoder.carrier

    def __init__(self, device: Device, calling: Calling, figures: Figures) -> None:
        self._device = device
        self._calling = calling
        self._figures = figures
        self._decoder = BthomeDecoder(device, figures)

    def heard(self, payload: bytes, rssi_dbm: int | None) -> None:
        advert = self._decoder.decode(payload)
        if advert is None or advert.counter is None:
            return
        try:
            self._take(advert, advert.counter)
        except StaleCounter as stale:
            if not stale.is_repeat:
                self._decoder.refuse(
                    "counter", "its counter went back: a recording is being played, or it must be enrolled anew"
                )
            return
        self._figures.heard(self._device.name, rssi_dbm)
        self._figures.trouble(self._device.name, None)
        for metric, value in advert.measurements:
            if metric is Metric.DEVICE_BATTERY:
                self._figures.battery(self._device.name, value)

    @abstractmethod
    def _take(self, advert: BThomeAdvert, counter: int) -> None:
        """Uses `counter` up, with a call or without. Raises StaleCounter."""
