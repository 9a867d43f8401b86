"""The serial meters there are, by the name under which the gateway's catalogue knows them too."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from firmware_sim.serial import contour_meter, taidoc_meter, tm2655p_meter, ua767pc_meter
from firmware_sim.serial.areo_meter import AreoMeter
from firmware_sim.serial.codefree_meter import CodefreeMeter
from firmware_sim.serial.contour_meter import ContourMeter
from firmware_sim.serial.freestyle_meter import LiteMeter, OptiumMeter
from firmware_sim.serial.meter import GlucoseMemory, PressureMemory, SerialCuff, SerialMeter
from firmware_sim.serial.taidoc_meter import TaiDocGlucoseMeter, TaiDocPressureMeter
from firmware_sim.serial.tm2655p_meter import Tm2655PMeter
from firmware_sim.serial.ua767pc_meter import Ua767PcMeter
from firmware_sim.serial.ultra2_meter import Ultra2Meter
from firmware_sim.serial.ultraeasy_meter import UltraEasyMeter
from firmware_sim.serial.verio_iq_meter import VerioIqMeter
from protocols.serial.abbott import dump as freestyle
from protocols.serial.lifescan import ultra2, ultraeasy, verio_iq
from protocols.serial.menarini import areo
from protocols.serial.sd_biosensor import codefree


@dataclass(frozen=True)
class MeterModel:
    title: str
    capacity: int
    """Records it keeps."""
    create: Callable[[GlucoseMemory, str], SerialMeter]
    """Of memory and serial number."""
    example_serial_number: str


@dataclass(frozen=True)
class CuffModel:
    """A blood pressure meter; else as with `MeterModel`."""

    title: str
    capacity: int
    create: Callable[[PressureMemory, str], SerialCuff]
    example_serial_number: str


M = TypeVar("M", MeterModel, CuffModel)

MODELS: dict[str, MeterModel] = {
    "onetouch-ultraeasy": MeterModel(
        "LifeScan OneTouch UltraEasy / UltraMini", ultraeasy.MEMORY_RECORDS, UltraEasyMeter, "C182DDCBE"
    ),
    "onetouch-verio-iq": MeterModel("LifeScan OneTouch Verio IQ", verio_iq.MEMORY_RECORDS, VerioIqMeter, "BBBH123C"),
    "onetouch-ultra2": MeterModel("LifeScan OneTouch Ultra2", ultra2.MEMORY_RECORDS, Ultra2Meter, "GMF600DCY"),
    "sd-codefree": MeterModel("SD Biosensor SD Codefree", codefree.MEMORY_RECORDS, CodefreeMeter, ""),
    "glucomen-areo": MeterModel("Menarini GlucoMen Areo", areo.MEMORY_RECORDS, AreoMeter, "AR0012345"),
    "taidoc-td42xx": MeterModel(
        "TaiDoc TD-4277 (GlucoRx Nexus)", taidoc_meter.MEMORY_RECORDS, TaiDocGlucoseMeter, "4277000012345678"
    ),
    "freestyle-optium": MeterModel("Abbott FreeStyle Optium", freestyle.MEMORY_RECORDS, OptiumMeter, "XMGT304-P0123"),
    "freestyle-lite": MeterModel("Abbott FreeStyle Lite", freestyle.MEMORY_RECORDS, LiteMeter, "DAGT304-P0123"),
    "contour": MeterModel("Bayer Contour", contour_meter.MEMORY_RECORDS, ContourMeter, "7150-1155328"),
}

CUFFS: dict[str, CuffModel] = {
    "taidoc-td31xx": CuffModel("TaiDoc TD-3128", taidoc_meter.MEMORY_RECORDS, TaiDocPressureMeter, "3128000012345678"),
    "a-and-d-ua767pc": CuffModel("A&D UA-767PC", ua767pc_meter.MEMORY_RECORDS, Ua767PcMeter, ""),
    "a-and-d-tm2655p": CuffModel("A&D TM-2655P", tm2655p_meter.MEMORY_RECORDS, Tm2655PMeter, ""),
}


class UnknownModel(ValueError):
    """No serial meter of this name is simulated; the message lists those that are."""


def model_of(name: str) -> MeterModel:
    """A glucometer."""
    return _named(name, MODELS)


def cuff_of(name: str) -> CuffModel:
    return _named(name, CUFFS)


def another_model(name: str) -> MeterModel:
    """Whatever stands beside `name` on the shelf: a meter that a reader of `name` has to refuse."""
    return _beside(name, MODELS)


def another_cuff(name: str) -> CuffModel:
    return _beside(name, CUFFS)


def _named(name: str, shelf: dict[str, M]) -> M:
    if name not in shelf:
        names = ", ".join((*MODELS, *CUFFS))
        raise UnknownModel(f"{name!r} is not a serial meter of the simulator; there are: {names}")
    return shelf[name]


def _beside(name: str, shelf: dict[str, M]) -> M:
    _named(name, shelf)
    names = list(shelf)
    return shelf[names[(names.index(name) + 1) % len(names)]]
