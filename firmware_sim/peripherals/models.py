"""The Bluetooth devices there are, by the name under which the gateway's catalogue knows them too."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Protocol

from bumble.device import Device

from firmware_sim.bonding import PairingMode
from firmware_sim.clock import Clock
from firmware_sim.device_clock import DeviceClock
from firmware_sim.peripherals.device_services import Identity
from firmware_sim.peripherals.emergency_button import EmergencyButton
from firmware_sim.peripherals.fall_detector import FallDetector
from firmware_sim.peripherals.glucometer import Glucometer
from firmware_sim.peripherals.microlife_meter import MicrolifeMeter
from firmware_sim.peripherals.omron_meter import OmronMeter
from firmware_sim.peripherals.ruuvi_tag import RuuviTag
from firmware_sim.peripherals.shower_sensor import ShowerSensor
from firmware_sim.peripherals.sphygmomanometer import PressureRecord, Sphygmomanometer
from firmware_sim.peripherals.vendor_meter import GattMeter, VendorMeter
from firmware_sim.peripherals.verio_meter import VerioMeter
from firmware_sim.peripherals.wired_over_gatt import WiredOverGatt
from firmware_sim.serial.meter import GlucoseMemory, PressureMemory
from firmware_sim.serial.readings_file import invented_pressures, invented_readings, read_pressures, read_readings
from firmware_sim.serial.taidoc_meter import MEMORY_RECORDS, TaiDocGlucoseMeter, TaiDocPressureMeter
from protocols.gatt.vendor import taidoc
from protocols.gatt.vendor.microlife import commands as microlife
from protocols.gatt.vendor.omron.models import MODELS as OMRON_MODELS
from protocols.gatt.vendor.verio import commands as verio
from protocols.taidoc.frame import FRAME_LENGTH

EXAMPLE_KEY = bytes.fromhex("231d39c1d7cc1ab1aee224cd096db932")


class BleDevice(Protocol):
    """A device on the air."""

    device: Device

    def start(self) -> None: ...

    async def stop(self) -> None: ...


@dataclass(frozen=True)
class Making:
    """What a single device is made of."""

    device: Device
    clock: Clock
    clock_offset_s: float = 0.0
    readings: Path | None = None
    """A CSV file; None invents them."""
    serial_number: str = ""
    passkey: int | None = None
    pairing_mode: PairingMode | None = None

    def device_clock(self) -> DeviceClock:
        def local_now() -> datetime:
            return self.clock.now().astimezone().replace(tzinfo=None)

        return DeviceClock(local_now, self.clock_offset_s)

    def glucose(self, capacity: int) -> GlucoseMemory:
        memory = GlucoseMemory(self.device_clock(), capacity)
        now = memory.clock.now()
        memory.fill(invented_readings(now) if self.readings is None else read_readings(self.readings))
        return memory

    def pressures(self, capacity: int) -> PressureMemory:
        memory = PressureMemory(self.device_clock(), capacity)
        now = memory.clock.now()
        memory.fill(invented_pressures(now) if self.readings is None else read_pressures(self.readings))
        return memory


@dataclass(frozen=True)
class BleModel:
    title: str
    air_name: str
    """What it calls itself on the air."""
    create: Callable[[Making], BleDevice]
    """Raises BadReadings, OSError."""


BUTTON_SAYS_EVERY = timedelta(seconds=5)
"""Without a home there is nobody to press it: it is heard by saying that it is there."""


class UnknownBleModel(ValueError):
    """No Bluetooth device of this name is simulated; the message lists those that are."""


def _glucometer(making: Making) -> BleDevice:
    meter = Glucometer(
        making.device,
        making.device_clock(),
        Identity("GM-1", making.serial_number or "GM0001"),
        passkey=making.passkey,
        pairing_mode=making.pairing_mode,
    )
    for record in making.glucose(MEMORY_RECORDS).records:
        meter.fill(record.at, record.glucose_mg_dl, record.meal, control_solution=record.control_solution)
    meter.save()
    return meter


def _sphygmomanometer(making: Making) -> BleDevice:
    cuff = Sphygmomanometer(
        making.device,
        making.device_clock(),
        Identity("BP-1", making.serial_number or "BP0001"),
        passkey=making.passkey,
        pairing_mode=making.pairing_mode,
    )
    for record in making.pressures(MEMORY_RECORDS).records:
        numbers = (record.systolic_mm_hg, record.diastolic_mm_hg, record.pulse_per_minute)
        cuff.fill(PressureRecord(record.at, *numbers, record.flags, record.user))
    cuff.save()
    return cuff


def _vendor(making: Making, meter: GattMeter, maker: str, model: str, serial_number: str) -> BleDevice:
    identity = Identity(model, making.serial_number or serial_number, maker)
    return VendorMeter(making.device, meter, identity, passkey=making.passkey, pairing_mode=making.pairing_mode)


def _taidoc_glucose(making: Making) -> BleDevice:
    wired = TaiDocGlucoseMeter(making.glucose(MEMORY_RECORDS), making.serial_number or "4277000012345678")
    meter = WiredOverGatt(wired, taidoc.SERVICE, taidoc.FRAMES, FRAME_LENGTH)
    return _vendor(making, meter, "TaiDoc", "TD-4277", "4277000012345678")


def _taidoc_pressure(making: Making) -> BleDevice:
    wired = TaiDocPressureMeter(making.pressures(MEMORY_RECORDS), making.serial_number or "3128000012345678")
    meter = WiredOverGatt(wired, taidoc.SERVICE, taidoc.FRAMES, FRAME_LENGTH)
    return _vendor(making, meter, "TaiDoc", "TD-3128", "3128000012345678")


def _verio(making: Making) -> BleDevice:
    meter = VerioMeter(making.glucose(verio.MEMORY_RECORDS))
    return _vendor(making, meter, "LifeScan", "OneTouch Verio Flex", "ZZJJ7RG0")


def _microlife(making: Making) -> BleDevice:
    meter = MicrolifeMeter(making.pressures(microlife.MEMORY_RECORDS))
    return _vendor(making, meter, "Microlife", "BP3GY1-2N", "ML00001")


def _omron(name: str) -> Callable[[Making], BleDevice]:
    model = OMRON_MODELS[name]

    def create(making: Making) -> BleDevice:
        pairing_mode = making.pairing_mode or PairingMode()
        memory = making.pressures(model.records_per_user * len(model.user_addresses))
        return _vendor(making, OmronMeter(memory, model, pairing_mode), "OMRON", name[6:].upper(), "OM000001")

    return create


def _shower_sensor(making: Making) -> BleDevice:
    return ShowerSensor(making.device, making.clock)


def _ruuvi_tag(making: Making) -> BleDevice:
    return RuuviTag(making.device, making.clock)


def _emergency_button(making: Making) -> BleDevice:
    return EmergencyButton(making.device, making.clock, EXAMPLE_KEY, heartbeat_every=BUTTON_SAYS_EVERY)


def _fall_detector(making: Making) -> BleDevice:
    return FallDetector(making.device, making.clock, EXAMPLE_KEY, heartbeat_every=BUTTON_SAYS_EVERY)


BLE_MODELS = MappingProxyType(
    {
        "bluetooth-glucose": BleModel("A meter with the Glucose Service", "Glucometer", _glucometer),
        "bluetooth-blood-pressure": BleModel("A cuff with the Blood Pressure Service", "Cuff", _sphygmomanometer),
        "onetouch-verio-flex": BleModel("LifeScan OneTouch Verio Flex", "OneTouch J7RG", _verio),
        "taidoc-td42xx-ble": BleModel("TaiDoc TD-4277 over Bluetooth", "TAIDOC TD4277", _taidoc_glucose),
        "taidoc-td31xx-ble": BleModel("TaiDoc TD-3128 over Bluetooth", "TAIDOC TD3128", _taidoc_pressure),
        "microlife-b6": BleModel("Microlife BP B6 Connect", "BP3GY1-2N", _microlife),
        **{
            name: BleModel(model.title, f"BLESmart_{name[-4:].upper()}", _omron(name))
            for name, model in OMRON_MODELS.items()
        },
        "bthome-sensor": BleModel("A BTHome sensor of humidity and motion", "Shower", _shower_sensor),
        "ruuvi-tag": BleModel("A RuuviTag: humidity and temperature", "Ruuvi 0B01", _ruuvi_tag),
        "bthome-button": BleModel(f"A BTHome button, key {EXAMPLE_KEY.hex()}", "Button", _emergency_button),
        "bthome-fall": BleModel(f"A BTHome fall detector, key {EXAMPLE_KEY.hex()}", "Fall", _fall_detector),
    }
)


def ble_model_of(name: str) -> BleModel:
    if name not in BLE_MODELS:
        raise UnknownBleModel(f"{name!r} is no Bluetooth device of the simulator; there are: {', '.join(BLE_MODELS)}")
    return BLE_MODELS[name]
