"""What a glucometer measures and what it only calls HI or LO."""

from dataclasses import dataclass

from protocols.reading import Flag


@dataclass(frozen=True)
class GlucoseRange:
    """The bounds of the display, both still measured. A value beyond is recorded as the bound, with a flag."""

    lowest_mg_dl: float
    highest_mg_dl: float

    def bound(self, glucose_mg_dl: float) -> tuple[float, tuple[Flag, ...]]:
        if glucose_mg_dl > self.highest_mg_dl:
            return self.highest_mg_dl, (Flag.ABOVE_RANGE,)
        if glucose_mg_dl < self.lowest_mg_dl:
            return self.lowest_mg_dl, (Flag.BELOW_RANGE,)
        return glucose_mg_dl, ()
