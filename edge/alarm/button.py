"""An emergency button's advertisement -> a press, before anything else is done with it."""

from collections.abc import Callable

from edge.alarm.calling import Calling
from edge.alarm.journal import StaleCounter
from edge.config import Device
from edge.figures import Figures
from edge.sources.bthome_decoder import BthomeDecoder
from protocols.adverts.bthome import BThomeAdvert
from protocols.adverts.bthome_objects import ButtonPress
from protocols.alarm.kinds import AlarmKind
from protocols.reading import Metric

LONG_PRESSES = frozenset({ButtonPress.LONG, ButtonPress.LONG_DOUBLE, ButtonPress.LONG_TRIPLE, ButtonPress.HOLD})


class ButtonListener:
    """Every kind of press is a call, but for a long one soon after, which takes the call back. A frame counts only if
    it is encrypted with the button's key and its counter is above the last one on disk: a repeat is the same press,
    anything older is a recording."""

    carrier = BthomeDecoder.carrier

    def __init__(
        self,
        device: Device,
        calling: Calling,
        figures: Figures,
        *,
        heartbeat: Callable[[str], None] = lambda _device: None,
    ) -> None:
        """`heartbeat` is told the device's name for each frame of its own in which nothing is pressed."""
        self._heartbeat = heartbeat
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

    def _take(self, advert: BThomeAdvert, counter: int) -> None:
        pressed = [press for press in advert.buttons if press is not ButtonPress.NONE]
        if not pressed:
            self._calling.heard_counter(self._device.name, counter)
            self._heartbeat(self._device.name)
            return
        long = any(press in LONG_PRESSES for press in pressed)
        self._calling.press(self._device.name, AlarmKind.PERSONAL_TRIGGER, counter=counter, long=long)
