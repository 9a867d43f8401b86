"""The serial meters there are, by the name under which the gateway's catalogue knows them too."""

from collections.abc import Callable
from dataclasses import dataclass

from firmware_sim.serial.meter import GlucoseMemory, SerialMeter
from firmware_sim.serial.ultra2_meter import Ultra2Meter
from firmware_sim.serial.ultraeasy_meter import UltraEasyMeter
from firmware_sim.serial.verio_iq_meter import VerioIqMeter
from protocols.serial.lifescan import ultra2, ultraeasy, verio_iq


@dataclass(frozen=True)
class MeterModel:
    title: str
    capacity: int
    """Records it keeps."""
    create: Callable[[GlucoseMemory, str], SerialMeter]
    """Of memory and serial number."""
    example_serial_number: str


MODELS: dict[str, MeterModel] = {
    "onetouch-ultraeasy": MeterModel(
        "LifeScan OneTouch UltraEasy / UltraMini", ultraeasy.MEMORY_RECORDS, UltraEasyMeter, "C182DDCBE"
    ),
    "onetouch-verio-iq": MeterModel("LifeScan OneTouch Verio IQ", verio_iq.MEMORY_RECORDS, VerioIqMeter, "BBBH123C"),
    "onetouch-ultra2": MeterModel("LifeScan OneTouch Ultra2", ultra2.MEMORY_RECORDS, Ultra2Meter, "GMF600DCY"),
}


class UnknownModel(ValueError):
    """No serial meter of this name is simulated; the message lists those that are."""


def model_of(name: str) -> MeterModel:
    if name not in MODELS:
        raise UnknownModel(f"{name!r} is not a serial meter of the simulator; there are: {', '.join(MODELS)}")
    return MODELS[name]


def another_model(name: str) -> MeterModel:
    """Whatever stands beside `name` on the shelf: a meter that a reader of `name` has to refuse."""
    model_of(name)
    names = list(MODELS)
    return MODELS[names[(names.index(name) + 1) % len(names)]]
