"""The layers of detection. The limits come last: they own whatever rule no other layer knows.

A replay and a back-test ask all of them at once. The live detector asks each when it can have something to say: at what
was measured, at what the home's sensors tell, and on its rounds at set hours.
"""

from dataclasses import dataclass

from cloud.detection.finding import Layer
from cloud.detection.limit_layer import LimitLayer
from cloud.detection.model import Cause, Reason
from cloud.detection.own_layer import OwnLayer
from cloud.detection.routine.bathroom_stay import BathroomLayer
from cloud.detection.routine.layer import RoutineLayer, StayLayer
from cloud.detection.routine.settings import STILL
from cloud.detection.silence.layer import SilenceLayer

LAYERS: tuple[Layer, ...] = (OwnLayer(), RoutineLayer(), SilenceLayer(), StayLayer(), BathroomLayer(), LimitLayer())
ON_ROUNDS: tuple[Layer, ...] = (RoutineLayer(), SilenceLayer())
"""They ask for weeks of events, and say nothing but at set hours."""
CAUSES_OF_ROUNDS = frozenset({Cause.AGITATION, Cause.NIGHT_BATHROOM, Cause.ROUTINE, Cause.SHOWER_MISSED, Cause.SILENCE})


@dataclass(frozen=True)
class _Moved(RoutineLayer):
    """Whether somebody moves again who did not: what is over at once, and asks for no weeks."""

    def owns(self, reason: Reason) -> bool:
        return reason.rule == STILL


MOVED: Layer = _Moved()
MEASURED: Layer = SilenceLayer()
"""Asked only whether an episode is over: between the rounds, what arrives ends those two."""


def on_events(told_after_us: int) -> tuple[Layer, ...]:
    """When only sensors told something."""
    return (StayLayer(told_after_us), BathroomLayer())


def on_news(told_after_us: int) -> tuple[Layer, ...]:
    """When something was measured."""
    return (OwnLayer(), StayLayer(told_after_us), BathroomLayer(), LimitLayer())
