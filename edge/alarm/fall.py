"""A fall detector's advertisement -> a call. BTHome has no object for a fall: vibration (0x2C) is how one says it."""

from edge.alarm.bthome_trigger import BthomeTrigger
from edge.alarm.calling import Calling
from edge.config import Device
from edge.figures import Figures
from protocols.adverts.bthome import BThomeAdvert
from protocols.adverts.bthome_objects import VIBRATION
from protocols.alarm.kinds import AlarmKind


class FallListener(BthomeTrigger):
    """A fall is a call when vibration begins; what goes on is the same fall."""

    def __init__(self, device: Device, calling: Calling, figures: Figures) -> None:
        super().__init__(device, calling, figures)
        self._falling = False

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
