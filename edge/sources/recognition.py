"""What a Bluetooth device probably is, by its advertisement: services, name, maker's data. Pure.

A guess, for whoever sets a gateway up: a device of the configuration is what the configuration says.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from protocols.adverts.bthome import BTHOME_UUID
from protocols.adverts.ruuvi import DATA_FORMAT, RUUVI_COMPANY
from protocols.device_kind import DeviceKind
from protocols.gatt import uuids
from protocols.gatt.vendor import taidoc
from protocols.gatt.vendor.microlife.frame import SERVICE as MICROLIFE_SERVICE
from protocols.gatt.vendor.omron.models import CLASSIC_SERVICE, MODERN_SERVICE
from protocols.gatt.vendor.verio.wire import SERVICE as VERIO_SERVICE

OMRON_COMPANY = 0x020E
_BTHOME_TRIGGER_BASED = 0x04
_MICROLIFE_NAME = re.compile(r"BP3|B6|B3|A6|Microlife", re.IGNORECASE)
_OMRON_NAME = re.compile(r"BLESmart_", re.IGNORECASE)
_TAIDOC_NUMBER = re.compile(r"TD-?(?P<family>\d\d)\d\d", re.IGNORECASE)
_TAIDOC_MODELS = {
    "31": (DeviceKind.SPHYGMOMANOMETER, "taidoc-td31xx-ble"),
    "41": (DeviceKind.GLUCOMETER, "taidoc-td42xx-ble"),
    "42": (DeviceKind.GLUCOMETER, "taidoc-td42xx-ble"),
}


@dataclass(frozen=True)
class Heard:
    """One device's advertisement."""

    name: str
    services: Iterable[str]
    """128-bit UUIDs in lower case."""
    service_data: Mapping[str, bytes]
    manufacturer_data: Mapping[int, bytes]
    """By company."""


@dataclass(frozen=True)
class Guess:
    kind: DeviceKind
    models: tuple[str, ...]
    """Entries of the catalogue, the likeliest first; several where the advertisement does not tell them apart."""


GLUCOSE_SERVICE_METER = Guess(DeviceKind.GLUCOMETER, ("bluetooth-glucose",))
PRESSURE_SERVICE_CUFF = Guess(DeviceKind.SPHYGMOMANOMETER, ("bluetooth-blood-pressure",))
RUUVI_TAG = Guess(DeviceKind.SHOWER_SENSOR, ("ruuvi-tag",))
VERIO = Guess(DeviceKind.GLUCOMETER, ("onetouch-verio-flex",))
MICROLIFE = Guess(DeviceKind.SPHYGMOMANOMETER, ("microlife-b6",))
CLASSIC_OMRON = Guess(DeviceKind.SPHYGMOMANOMETER, ("omron-hem-7322t", "omron-hem-7361t", "omron-hem-7600t"))
MODERN_OMRON = Guess(DeviceKind.SPHYGMOMANOMETER, ("omron-hem-7142t2",))


def recognise(heard: Heard) -> Guess | None:
    """None for what is no device of ours."""
    if BTHOME_UUID in heard.service_data:
        return _bthome(heard.service_data[BTHOME_UUID])
    services = set(heard.services)
    if taidoc.SERVICE in services and uuids.GLUCOSE_SERVICE not in services:
        return _taidoc(heard.name)
    is_omron = OMRON_COMPANY in heard.manufacturer_data or _OMRON_NAME.match(heard.name) is not None
    signs = (
        (uuids.GLUCOSE_SERVICE in services, GLUCOSE_SERVICE_METER),
        (VERIO_SERVICE in services or heard.name.startswith("OneTouch "), VERIO),
        (MICROLIFE_SERVICE in services and _MICROLIFE_NAME.match(heard.name) is not None, MICROLIFE),
        (uuids.BLOOD_PRESSURE_SERVICE in services, PRESSURE_SERVICE_CUFF),
        (CLASSIC_SERVICE in services, CLASSIC_OMRON),
        (MODERN_SERVICE in services, MODERN_OMRON),
        (is_omron, CLASSIC_OMRON),
        (heard.manufacturer_data.get(RUUVI_COMPANY, b"")[:1] == bytes((DATA_FORMAT,)), RUUVI_TAG),
    )
    return next((guess for fits, guess in signs if fits), None)


def _bthome(service_data: bytes) -> Guess:
    """Buttons say that they speak only when something happens."""
    if service_data[:1] and service_data[0] & _BTHOME_TRIGGER_BASED:
        return Guess(DeviceKind.EMERGENCY_BUTTON, ("bthome-button",))
    return Guess(DeviceKind.SHOWER_SENSOR, ("bthome-sensor",))


def _taidoc(name: str) -> Guess:
    number = _TAIDOC_NUMBER.search(name)
    found = _TAIDOC_MODELS.get(number["family"]) if number else None
    if found is None:
        return Guess(DeviceKind.GLUCOMETER, ("taidoc-td42xx-ble", "taidoc-td31xx-ble"))
    return Guess(found[0], (found[1],))
