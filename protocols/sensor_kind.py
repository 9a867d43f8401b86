"""What a device of the home watches: the kinds of IEEE 11073-10471 (independent living activity hub).

Two numbers stand for each kind, both from the nomenclature of IEEE 11073-10101: the sub-profile of a device that is
nothing else (MDC_DEV_SUB_SPEC_PROFILE_..., partition 8), and the sensor's type behind a hub (MDC_AI_TYPE_SENSOR_...,
partition 130). Body meters have no kind here: they are specialisations of their own.
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from protocols.device_kind import DeviceKind
from protocols.reading import Metric

ACTIVITY_HUB_CODE = 4167
"""MDC_DEV_SPEC_PROFILE_AI_ACTIVITY_HUB: what a gateway is to them."""


class SensorKind(StrEnum):
    FALL = "fall"
    PERSONAL_TRIGGER = "personal_trigger"
    SMOKE = "smoke"
    CARBON_MONOXIDE = "carbon_monoxide"
    WATER = "water"
    """Where none should be."""
    GAS = "gas"
    MOTION = "motion"
    PROPERTY_EXIT = "property_exit"
    ENURESIS = "enuresis"
    CONTACT = "contact"
    USAGE = "usage"
    """Something of the home is in use: a tap, a chair, an appliance."""
    SWITCH = "switch"
    DOSAGE = "dosage"
    TEMPERATURE = "temperature"

    @property
    def sub_profile_code(self) -> int:
        """4213 to 4226."""
        return _FIRST_SUB_PROFILE + _ORDER[self]

    @property
    def type_code(self) -> int:
        """1 to 14."""
        return _FIRST_TYPE + _ORDER[self]


_FIRST_SUB_PROFILE, _FIRST_TYPE = 4213, 1
_ORDER = MappingProxyType({kind: place for place, kind in enumerate(SensorKind)})


def kind_of_sub_profile(code: int) -> SensorKind | None:
    """The kind with this sub-profile; None for a code of no kind."""
    return next((kind for kind in SensorKind if kind.sub_profile_code == code), None)


KIND_OF_METRIC: Mapping[Metric, SensorKind] = MappingProxyType(
    {
        Metric.MOTION: SensorKind.MOTION,
        Metric.CONTACT: SensorKind.CONTACT,
        Metric.MOISTURE: SensorKind.WATER,
        Metric.FLOW: SensorKind.USAGE,
        Metric.SHOWER: SensorKind.USAGE,
        Metric.AMBIENT_TEMPERATURE: SensorKind.TEMPERATURE,
    }
)
"""What a stored value says of the home. Humidity has no kind in the standard."""

SENSE_OF_DEVICE: Mapping[DeviceKind, SensorKind] = MappingProxyType(
    {
        DeviceKind.EMERGENCY_BUTTON: SensorKind.PERSONAL_TRIGGER,
        DeviceKind.PULL_CORD: SensorKind.SWITCH,
        DeviceKind.FALL_SENSOR: SensorKind.FALL,
        DeviceKind.SHOWER_SENSOR: SensorKind.USAGE,
        DeviceKind.MOTION_SENSOR: SensorKind.MOTION,
        DeviceKind.CONTACT_SENSOR: SensorKind.CONTACT,
        DeviceKind.WATER_SENSOR: SensorKind.WATER,
        DeviceKind.TEMPERATURE_SENSOR: SensorKind.TEMPERATURE,
    }
)
"""What a device of this kind is in the home for; a meter of the body has no entry. The standard's personal trigger is
worn: a cord on the wall is a switch to it."""
