"""The layers of detection, in the order in which they speak."""

from cloud.detection.finding import Layer
from cloud.detection.limit_layer import LimitLayer
from cloud.detection.own_layer import OwnLayer

LAYERS: tuple[Layer, ...] = (LimitLayer(), OwnLayer())
