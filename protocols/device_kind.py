"""What a device is to the people of the home: the words of `kind` in a gateway's and in a community's configuration."""

from enum import StrEnum


class DeviceKind(StrEnum):
    GLUCOMETER = "glucometer"
    SPHYGMOMANOMETER = "sphygmomanometer"
    EMERGENCY_BUTTON = "emergency_button"
    PULL_CORD = "pull_cord"
    """A cord or a button on the wall, on a wire."""
    FALL_SENSOR = "fall_sensor"
    SHOWER_SENSOR = "shower_sensor"
    MOTION_SENSOR = "motion_sensor"
    CONTACT_SENSOR = "contact_sensor"
    """A door, a window, a drawer."""
    WATER_SENSOR = "water_sensor"
    """Water on the floor."""
    TEMPERATURE_SENSOR = "temperature_sensor"
