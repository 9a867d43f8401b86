"""An emergency button's advertisement -> a press in the journal, before anything else."""

import time
from collections.abc import Callable

import structlog

from edge.alarm.journal import AlarmJournal, StaleCounter
from edge.clock import Clock
from edge.config import Device
from edge.errors import Temporary
from edge.figures import Figures
from edge.sources.bthome_decoder import BthomeDecoder
from protocols.adverts.bthome import BThomeAdvert
from protocols.adverts.bthome_objects import ButtonPress
from protocols.alarm.kinds import AlarmKind
from protocols.reading import Metric

_log = structlog.get_logger()


class ButtonListener:
    """Every kind of press is a call. A frame counts only if it is encrypted with the button's key and its counter is
    above the last one on disk: a repeat is the same press, anything older is a recording."""

    carrier = BthomeDecoder.carrier

    def __init__(
        self,
        device: Device,
        journal: AlarmJournal,
        figures: Figures,
        clock: Clock,
        *,
        same_press_s: float,
        wake: Callable[[], None],
    ) -> None:
        self._device = device
        self._journal = journal
        self._figures = figures
        self._clock = clock
        self._same_press_s = same_press_s
        self._wake = wake
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
        except Temporary as error:
            # not on the disk is not accepted: the button's next repeat is tried again
            _log.error("press_not_kept", device=self._device.name, problem=str(error))
            return
        self._figures.heard(self._device.name, rssi_dbm)
        self._figures.trouble(self._device.name, None)
        for metric, value in advert.measurements:
            if metric is Metric.DEVICE_BATTERY:
                self._figures.battery(self._device.name, value)

    def _take(self, advert: BThomeAdvert, counter: int) -> None:
        if all(press is ButtonPress.NONE for press in advert.buttons):
            self._journal.heard_counter(self._device.name, counter)
            return
        pressed = self._journal.press(
            self._device.name,
            AlarmKind.PERSONAL_TRIGGER,
            counter,
            raised_at=self._clock.now(),
            pressed_at_s=time.time(),
            same_press_s=self._same_press_s,
        )
        self._wake()
        if pressed.is_new:
            self._figures.presses.inc()
        _log.info("press", device=self._device.name, alarm=pressed.alarm, new=pressed.is_new)
