"""What is said when a meter was read by hand, or was not."""

from dataclasses import dataclass

from edge.catalogue import Catalogue
from edge.errors import Temporary

_SAID_IN_SECONDS = 120
_MINUTE_S = 60
_UNITS_S = ((86400, "d"), (3600, "h"), (60, "min"), (1, "s"))


@dataclass(frozen=True)
class ReadMeter:
    """What was read, and of whom."""

    model: str
    """Its name in the catalogue."""
    serial_number: str
    records: int
    control_solutions: int
    clock_offset_s: float | None
    """Meter clock minus home wall clock; None where the meter tells none."""

    def sentence(self, catalogue: Catalogue) -> str:
        name = f" {self.serial_number}" if self.serial_number else ""
        control = f", {self.control_solutions} of them control solution" if self.control_solutions else ""
        return f"{catalogue[self.model].title}{name}: {self.records} records{control}; {self._clock_words()}"

    def _clock_words(self) -> str:
        if self.clock_offset_s is None:
            return "it tells no clock"
        offset_s = round(self.clock_offset_s)
        if offset_s == 0:
            return "its clock is right"
        if abs(offset_s) < _MINUTE_S:  # many clocks tell no seconds
            return "its clock is right to the minute"
        return f"its clock is {_span(abs(offset_s))} {'fast' if offset_s > 0 else 'slow'}"


def _span(seconds: int) -> str:
    """The two largest units, as in `95 s`, `3 min 20 s`, `7 h`, `12 d 3 h`."""
    if seconds < _SAID_IN_SECONDS:
        return f"{seconds} s"
    parts = []
    for length, unit in _UNITS_S:
        count, seconds = divmod(seconds, length)
        parts.append((count, unit))
    first = next(place for place, (count, _) in enumerate(parts) if count)
    return " ".join(f"{count} {unit}" for count, unit in parts[first : first + 2] if count)


class NotRead(Temporary):
    """No meter, or not to its end. What was told before is right."""
