"""An emergency button's advertisement -> a press, before anything else is done with it."""

from collections.abc import Callable

from edge.alarm.bthome_trigger import BthomeTrigger
from edge.alarm.calling import Calling
from edge.config import Device
from edge.figures import Figures
from protocols.adverts.bthome import BThomeAdvert
from protocols.adverts.bthome_objects import ButtonPress
from protocols.alarm.kinds import AlarmKind

LONG_PRESSES = frozenset({ButtonPress.LONG, ButtonPress.LONG_DOUBLE, ButtonPress.LONG_TRIPLE, ButtonPress.HOLD})


class ButtonListener(BthomeTrigger):
    """Every kind of press is a call, but for a long one soon after, which takes the call back."""

    def __init__(
        self,
        device: Device,
        calling: Calling,
        figures: Figures,
        *,
        heartbeat: Callable[[str], None] = lambda _device: None,
    ) -> None:
        """`heartbeat` is told the device's name for each frame of its own in which nothing is pressed."""
        super().__init__(device, calling, figures)
        self._heartbeat = heartbeat

    def _take(self, advert: BThomeAdvert, counter: int) -> None:
        pressed = [press for press in advert.buttons if press is not ButtonPress.NONE]
        if not pressed:
            self._calling.heard_counter(self._device.name, counter)
            self._heartbeat(self._device.name)
            return
        long = any(press in LONG_PRESSES for press in pressed)
        self._calling.press(self._device.name, AlarmKind.PERSONAL_TRIGGER, counter=counter, long=long)
