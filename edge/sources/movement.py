"""Where in the home somebody moved last, by all its sensors: a bathroom that nobody leaves for too long is a call."""

from collections.abc import Mapping
from datetime import timedelta

from edge.clock import Clock
from edge.config import Device
from protocols.device_kind import DeviceKind
from protocols.reading import Metric
from protocols.shower.still import StillWatch


class HomeMovement:
    """Told by every sensor's listener, and asked by the clock (edge.alarm.long_stay)."""

    def __init__(self, longest: timedelta, clock: Clock) -> None:
        self._watch = StillWatch(longest)
        self._clock = clock
        self._contact: dict[str, float] = {}
        self.name = ""

    def sensed(self, device: Device, told: Mapping[Metric, float]) -> None:
        """A movement, or a door that is opened or shut."""
        contact = told.get(Metric.CONTACT)
        changed = contact is not None and self._contact.setdefault(device.name, contact) != contact
        if contact is not None:
            self._contact[device.name] = contact
        if changed or told.get(Metric.MOTION, 0.0) > 0:
            in_bathroom = device.kind is DeviceKind.SHOWER_SENSOR
            if in_bathroom:
                self.name = device.name
            self._watch.moved(self._clock.now(), in_bathroom=in_bathroom)

    def stays_too_long(self) -> bool:
        return self._watch.is_too_long(self._clock.now())


def create_movement(longest_min: float, clock: Clock) -> HomeMovement | None:
    """None where no stay is to be watched by movement."""
    return HomeMovement(timedelta(minutes=longest_min), clock) if longest_min else None
