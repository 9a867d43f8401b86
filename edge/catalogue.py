"""The catalogue of models (configs/devices.toml): which driver speaks to what, and what that was proven against."""

import re
import sys
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import Annotated

import msgspec

from protocols.configuration import ConfigurationError, decode_configuration
from protocols.device_kind import DeviceKind
from protocols.gatt.vendor.omron.models import MODELS as OMRON_MODELS
from protocols.gatt.vendor.omron.models import Unlocking
from protocols.sensor_kind import SENSE_OF_DEVICE, SensorKind


class Transport(StrEnum):
    BLUETOOTH = "bluetooth"
    SERIAL = "serial"
    WIRE = "wire"
    """A contact that is closed or open: on a pin, or between two lines of a serial port."""


GLUCOSE_PROFILE = "glucose-profile"
BLOOD_PRESSURE_PROFILE = "blood-pressure-profile"
LIFESCAN_VERIO_BLE = "lifescan-verio-ble"
TAIDOC_GLUCOSE_BLE = "taidoc-glucose-ble"
TAIDOC_PRESSURE_BLE = "taidoc-pressure-ble"
MICROLIFE_BLE = "microlife-ble"
BTHOME_SENSOR = "bthome-sensor"
BTHOME_BUTTON = "bthome-button"
BTHOME_FALL = "bthome-fall"
RUUVI = "ruuvi"
GPIO_CONTACT = "gpio-contact"
SERIAL_CONTACT = "serial-contact"
LIFESCAN_ULTRAEASY = "lifescan-ultraeasy"
LIFESCAN_VERIO_IQ = "lifescan-verio-iq"
LIFESCAN_ULTRA2 = "lifescan-ultra2"
TAIDOC_GLUCOSE = "taidoc-glucose"
TAIDOC_PRESSURE = "taidoc-pressure"
FREESTYLE_OPTIUM = "freestyle-optium"
FREESTYLE_LITE = "freestyle-lite"
CONTOUR = "contour"
A_AND_D_UA767PC = "a-and-d-ua767pc"
A_AND_D_TM2655P = "a-and-d-tm2655p"
SD_CODEFREE = "sd-codefree"
MENARINI_AREO = "menarini-areo"

DRIVERS = MappingProxyType(
    {
        GLUCOSE_PROFILE: Transport.BLUETOOTH,
        BLOOD_PRESSURE_PROFILE: Transport.BLUETOOTH,
        LIFESCAN_VERIO_BLE: Transport.BLUETOOTH,
        TAIDOC_GLUCOSE_BLE: Transport.BLUETOOTH,
        TAIDOC_PRESSURE_BLE: Transport.BLUETOOTH,
        MICROLIFE_BLE: Transport.BLUETOOTH,
        **dict.fromkeys(OMRON_MODELS, Transport.BLUETOOTH),
        BTHOME_SENSOR: Transport.BLUETOOTH,
        BTHOME_BUTTON: Transport.BLUETOOTH,
        BTHOME_FALL: Transport.BLUETOOTH,
        RUUVI: Transport.BLUETOOTH,
        GPIO_CONTACT: Transport.WIRE,
        SERIAL_CONTACT: Transport.WIRE,
        LIFESCAN_ULTRAEASY: Transport.SERIAL,
        LIFESCAN_VERIO_IQ: Transport.SERIAL,
        LIFESCAN_ULTRA2: Transport.SERIAL,
        TAIDOC_GLUCOSE: Transport.SERIAL,
        TAIDOC_PRESSURE: Transport.SERIAL,
        FREESTYLE_OPTIUM: Transport.SERIAL,
        FREESTYLE_LITE: Transport.SERIAL,
        CONTOUR: Transport.SERIAL,
        A_AND_D_UA767PC: Transport.SERIAL,
        A_AND_D_TM2655P: Transport.SERIAL,
        SD_CODEFREE: Transport.SERIAL,
        MENARINI_AREO: Transport.SERIAL,
    }
)
"""What this gateway can speak, and over what. Each Omron monitor has its own memory map, and so its own driver."""

DRIVERS_WITH_A_KEY = frozenset(name for name, omron in OMRON_MODELS.items() if omron.unlocking is Unlocking.KEY)
"""Besides the button's: meters that know a gateway by a key."""


USB_ID = re.compile(r"[0-9a-f]{4}:[0-9a-f]{4}")
"""Vendor and product, as lsusb writes them."""


class Model(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    title: str
    kinds: tuple[DeviceKind, ...]
    driver: str
    proven_against: tuple[str, ...]
    """Real devices or independent programs; a simulator of our own is named as such."""
    usb: tuple[Annotated[str, msgspec.Meta(pattern=f"^{USB_ID.pattern}$")], ...] = ()
    """Vendor and product ids of the meter's cable, where known. Several models may share one."""
    senses: tuple[SensorKind, ...] = ()
    """What it can watch in the home, as IEEE 11073-10471 calls it; a meter of the body senses none of these."""
    note: str = ""

    @property
    def transport(self) -> Transport:
        return DRIVERS[self.driver]


class CatalogueFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    model: dict[str, Model]


Catalogue = dict[str, Model]
FILE_NAME = "devices.toml"


def find_catalogue(beside: Path) -> Path:
    """The catalogue in the folder `beside`, or the one that came with this program.

    Raises ConfigurationError where there is none.
    """
    came_with = (Path(__file__).parents[1] / "configs", Path(sys.prefix) / "share" / "doorstep")
    for folder in (beside, *came_with):
        if (folder / FILE_NAME).is_file():
            return folder / FILE_NAME
    raise ConfigurationError(f"catalogue: no {FILE_NAME} in {beside}; name one with --catalogue")


def load_catalogue(path: Path) -> Catalogue:
    """Models by name. Raises ConfigurationError, one sentence that names file, key and expected form."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8"
        raise ConfigurationError(f"catalogue: {path} cannot be read: {reason}") from error
    catalogue = decode_configuration(CatalogueFile, text, str(path)).model
    for name, model in catalogue.items():
        if model.driver not in DRIVERS:
            known = ", ".join(DRIVERS)
            raise ConfigurationError(f"{path}: model.{name}.driver: expected one of {known}, got {model.driver!r}")
        if not model.kinds:
            raise ConfigurationError(f"{path}: model.{name}.kinds: expected at least one kind")
        for kind in model.kinds:
            sense = SENSE_OF_DEVICE.get(kind)
            if sense is not None and sense not in model.senses:
                raise ConfigurationError(f"{path}: model.{name}.senses: a {kind} senses {sense}; name it")
    return catalogue
