"""The layers of detection. The limits come last: they own whatever rule no other layer knows."""

from cloud.detection.finding import Layer
from cloud.detection.limit_layer import LimitLayer
from cloud.detection.own_layer import OwnLayer
from cloud.detection.routine.bathroom_stay import BathroomLayer
from cloud.detection.routine.layer import RoutineLayer, StayLayer
from cloud.detection.silence.layer import SilenceLayer

LAYERS: tuple[Layer, ...] = (OwnLayer(), RoutineLayer(), SilenceLayer(), StayLayer(), BathroomLayer(), LimitLayer())
