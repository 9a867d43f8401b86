"""What is said when a meter was read by hand, or was not."""

from dataclasses import dataclass

from edge.catalogue import Catalogue
from edge.errors import Temporary


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
        return (
            "its clock is right"
            if offset_s == 0
            else f"its clock is {abs(offset_s)} s {'fast' if offset_s > 0 else 'slow'}"
        )


class NotRead(Temporary):
    """No meter, or not to its end. What was told before is right."""
