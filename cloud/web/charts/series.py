"""What a chart is made of, in stored units and UTC; no places yet."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

Bound = Literal["", "HI", "LO"]
"""What the meter said instead of a number."""


Meal = Literal["", "before", "after"]


@dataclass(frozen=True)
class Dot:
    at: datetime
    value: float
    doubtful: bool = False
    bound: Bound = ""
    meal: Meal = ""
    words: str = ""
    """All there is to say about this dot, read aloud and shown on pointing at it."""


@dataclass(frozen=True)
class LimitLine:
    """A clinical limit, in the unit that is shown."""

    metric: str
    value: float
    words: str
    """Its short name at the line, such as "Sys 180" or "3.9"."""
    meaning: str = ""
    source: str = ""
    spoken: bool = False
    """Whether words beside the chart speak of a rule that has it: such a line is never left out."""
    rank: int = 0
    """Where lines crowd, a lower one stays."""

    @property
    def anchor(self) -> str:
        """The id under which the page tells more of it."""
        return f"limit-{self.metric}-{self.value:.1f}".replace(".", "-")


@dataclass(frozen=True)
class Series:
    """One metric of one elder, in the unit that is shown."""

    metric: str
    name: str
    dots: tuple[Dot, ...]
    band: tuple[float, float] | None = None
    """Own normal: low and high."""


@dataclass(frozen=True)
class Mark:
    at: datetime
    kind: Literal["alert", "visit", "call"]
    words: str
    href: str = ""


@dataclass(frozen=True)
class Panel:
    """Series that share one value axis."""

    title: str
    unit: str
    decimals: int
    series: tuple[Series, ...]
    limits: tuple[LimitLine, ...] = ()
    bars: bool = False
    """Counts a day instead of dots."""
    description: str = field(default="", compare=False)
