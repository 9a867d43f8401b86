"""What a gateway gives up first when its disk is full, and what last. Alarms are not here: they are never given up."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from protocols.reading import Metric


class Worth(StrEnum):
    """In rising order: the first is given up first."""

    ENVIRONMENT = "environment"
    """What a sensor says all day; the next value stands for the last."""
    EVENT = "event"
    """What the gateway made of many values, and nobody can make again."""
    MEASUREMENT = "measurement"
    """Of a person's body."""


_ENVIRONMENT = frozenset(
    {
        Metric.HUMIDITY,
        Metric.AMBIENT_TEMPERATURE,
        Metric.MOTION,
        Metric.CONTACT,
        Metric.FLOW,
        Metric.MOISTURE,
        Metric.DEVICE_BATTERY,
    }
)
_EVENTS = frozenset({Metric.SHOWER})

METRICS_OF: Mapping[Worth, frozenset[Metric]] = MappingProxyType(
    {
        Worth.ENVIRONMENT: _ENVIRONMENT,
        Worth.EVENT: _EVENTS,
        Worth.MEASUREMENT: frozenset(Metric) - _ENVIRONMENT - _EVENTS,  # a metric that is new is given up last
    }
)
"""Every metric stands in one of them."""
