"""Does the radio still hear? Canaries tell: devices known to be near, each of which must be heard within its time.

While one canary is heard, or a meter is being read, the radio is well, and a silent canary is that device's affair.
When none is heard, the adapter is switched off and on. A radio that then hears others, but no canary, is well: the
canaries are gone. One that hears nothing after several times needs what no program can do: its power cut.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto

MOST_CYCLES = 3
"""So many power cycles without a word: only a power cut can help. Then it is tried less often."""
RARELY_S = 3600.0


class Verdict(Enum):
    WELL = auto()
    POWER_CYCLE = auto()


@dataclass(frozen=True)
class Canary:
    name: str
    heard_within_s: float


class RadioWatch:
    """Times are seconds of one monotonic clock; instants for the report are UTC. Without canaries all is well."""

    def __init__(self, canaries: Mapping[str, Canary]) -> None:
        """`canaries` by address in upper case."""
        self._canaries = dict(canaries)
        self._heard_s = dict.fromkeys(self._canaries, 0.0)
        self._others_since_cycle = False
        self._cycles_in_row = 0
        self._cycle_failed: str | None = None
        self.power_cycles = 0
        self.last_power_cycle_at: datetime | None = None

    def begun(self, now_s: float) -> None:
        """The radio listens from now on: every canary has its whole time."""
        self._heard_s = dict.fromkeys(self._canaries, now_s)

    def heard(self, address: str, now_s: float) -> None:
        if address in self._canaries:
            self._heard_s[address] = now_s
            self._cycles_in_row = 0
            self._cycle_failed = None
        else:
            self._others_since_cycle = True

    def cycled(self, at: datetime, failed: str | None) -> None:
        """The adapter was switched off and on, or could not be: `failed` says why."""
        self.power_cycles += 1
        self.last_power_cycle_at = at
        self._cycles_in_row += 1
        self._others_since_cycle = False
        self._cycle_failed = failed

    def verdict(self, now_s: float) -> Verdict:
        if self.left_s(now_s) > 0 or self._canaries_gone:
            return Verdict.WELL
        return Verdict.POWER_CYCLE

    def left_s(self, now_s: float) -> float:
        """Until the next power cycle is due, if no canary is heard; infinite without canaries."""
        least_s = RARELY_S if self._needs_power_cut else 0.0
        return max(
            (
                self._heard_s[address] + max(canary.heard_within_s, least_s) - now_s
                for address, canary in self._canaries.items()
            ),
            default=float("inf"),
        )

    @property
    def trouble(self) -> str | None:
        """What is wrong with the radio, in one sentence; None when it is well."""
        if self._cycles_in_row == 0:
            return None
        names = ", ".join(canary.name for canary in self._canaries.values())
        if self._canaries_gone:
            return f"the radio hears others but not {names}: look at the battery there, and that it is still near"
        if self._cycle_failed is not None:
            return f"the radio hears nothing of {names}; {self._cycle_failed}"
        if self._needs_power_cut:
            return (
                f"the radio hears nothing of {names}, after {self._cycles_in_row} times off and on: only a power cut "
                "can help; pull the adapter, or the gateway's plug, for ten seconds"
            )
        return f"the radio heard nothing of {names}; the adapter was switched off and on, waiting to hear again"

    @property
    def _needs_power_cut(self) -> bool:
        return self._cycles_in_row >= MOST_CYCLES

    @property
    def _canaries_gone(self) -> bool:
        return self._cycles_in_row > 0 and self._others_since_cycle
