"""A fall detector's advertisement -> a call. BTHome has no object for a fall: vibration (0x2C) is how one says it."""

from edge.alarm.calling import Calling
from edge.alarm.journal import StaleCounter
from edge.config import Device
from edge.figures import Figures
from edge.sources.bthome_decoder import BthomeDecoder
from protocols.adverts.bthome import BThomeAdvert
from protocols.adverts.bthome_objects import VIBRATION
from protocols.alarm.kinds import AlarmKind
from protocols.reading import Metric


class FallListener:
    """A fall is a call when vibration begins; what goes on is the same fall. Frames count only with the detector's key
    and a counter above the last one on disk."""

    carrier = BthomeDecoder.carrier

    def __init__(self, device: Device, calling: Calling, figures: Figures) -> None:
        self._device = device
        self._calling = calling
        self._figures = figures
        self._decoder = BthomeDecoder(device, figures)
        self._falling = False

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

    def _take(self, advert: BThomeAdvert, counter: int) -> None:
        said = [value for object_id, value in advert.others if object_id == VIBRATION]
        if not said:
            self._calling.heard_counter(self._device.name, counter)
            return
        falls = any(value == 1 for value in said)
        if falls and not self._falling:
            self._calling.press(self._device.name, AlarmKind.FALL, counter=counter)
        else:
            self._calling.heard_counter(self._device.name, counter)
        self._falling = falls
