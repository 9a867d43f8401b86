"""What a BTHome object says of the home, in the kinds of IEEE 11073-10471. Most objects say nothing of that sort."""

from collections.abc import Mapping
from types import MappingProxyType

from protocols.adverts.bthome_objects import BUTTON, MOTION, TEMPERATURE, VOLUME_FLOW_RATE, WET
from protocols.sensor_kind import SensorKind

KIND_OF_OBJECT: Mapping[int, SensorKind] = MappingProxyType(
    {
        TEMPERATURE: SensorKind.TEMPERATURE,
        0x10: SensorKind.USAGE,  # power on
        0x11: SensorKind.CONTACT,  # opening
        0x17: SensorKind.CARBON_MONOXIDE,
        0x1A: SensorKind.CONTACT,  # door
        0x1B: SensorKind.CONTACT,  # garage door
        0x1C: SensorKind.GAS,
        WET: SensorKind.WATER,
        MOTION: SensorKind.MOTION,
        0x23: SensorKind.MOTION,  # occupancy
        0x24: SensorKind.USAGE,  # plug
        0x25: SensorKind.MOTION,  # presence
        0x27: SensorKind.USAGE,  # running
        0x29: SensorKind.SMOKE,
        0x2D: SensorKind.CONTACT,  # window
        BUTTON: SensorKind.SWITCH,  # an emergency button is one by its configuration alone
        0x45: SensorKind.TEMPERATURE,
        VOLUME_FLOW_RATE: SensorKind.USAGE,
        0x57: SensorKind.TEMPERATURE,
        0x58: SensorKind.TEMPERATURE,
    }
)
