"""The devices of one home: made from its configuration, started, used by the elder, stopped."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from bumble.device import Device
from bumble.keys import JsonKeyStore

from firmware_sim.clock import Clock
from firmware_sim.control import GlucoseInMemory
from firmware_sim.device_clock import DeviceClock
from firmware_sim.home_config import HomeConfig
from firmware_sim.lives.events import BathroomMotion, Event, GlucoseTaken, PressureTaken, ShowerTaken
from firmware_sim.peripherals.device_services import Identity
from firmware_sim.peripherals.emergency_button import EmergencyButton
from firmware_sim.peripherals.fall_detector import FallDetector
from firmware_sim.peripherals.glucometer import Glucometer
from firmware_sim.peripherals.ruuvi_tag import RuuviTag
from firmware_sim.peripherals.shower_sensor import ShowerSensor
from firmware_sim.peripherals.sphygmomanometer import PressureRecord, Sphygmomanometer
from firmware_sim.peripherals.trigger_beacon import TriggerBeacon
from firmware_sim.peripherals.water_sensor import WaterSensor
from firmware_sim.pull_cord import PullCord
from firmware_sim.radio import Radio
from firmware_sim.serial.meter import GlucoseMemory, SerialMeter, StoredGlucose
from firmware_sim.serial.meter_on_line import MeterOnLine
from firmware_sim.serial.models import model_of


@dataclass
class HomeDevices:
    """What the configuration names; the rest is None."""

    glucometer: Glucometer | None = None
    sphygmomanometer: Sphygmomanometer | None = None
    shower_sensor: ShowerSensor | RuuviTag | None = None
    emergency_button: EmergencyButton | None = None
    fall_detector: FallDetector | None = None
    water_sensor: WaterSensor | None = None
    pull_cord: PullCord | None = None
    serial_glucometer: MeterOnLine[SerialMeter] | None = None

    def start(self) -> None:
        """The Bluetooth devices become audible."""
        for device in self._on_the_air():
            device.start()

    async def stop(self) -> None:
        for device in self._on_the_air():
            await device.stop()
        if self.serial_glucometer is not None:
            self.serial_glucometer.unplug()

    def remember(self, measured: Iterable[PressureTaken | GlucoseTaken]) -> None:
        """Puts earlier measurements, oldest first, into those meters that are out of their box."""
        for event in measured:
            if isinstance(event, PressureTaken):
                self._remember_pressure(event)
            else:
                self._remember_glucose(event)
        for meter in (self.glucometer, self.sphygmomanometer):
            if meter is not None:
                meter.save()

    def happen(self, event: Event) -> None:
        """What the elder does now, with the devices that this home has."""
        match event:
            case PressureTaken() if self.sphygmomanometer is not None:
                self.sphygmomanometer.measure(event.systolic_mm_hg, event.diastolic_mm_hg, event.pulse_per_minute)
            case GlucoseTaken(meter="ble") if self.glucometer is not None:
                self.glucometer.measure(event.glucose_mg_dl, event.meal, control_solution=event.control_solution)
            case GlucoseTaken(meter="serial") if self.serial_glucometer is not None:
                self.serial_glucometer.meter.memory.measure(event.glucose_mg_dl)
            case BathroomMotion() if isinstance(self.shower_sensor, ShowerSensor):
                self.shower_sensor.motion()
            case ShowerTaken() if self.shower_sensor is not None:
                self.shower_sensor.shower(event.minutes)
            case _:
                pass  # the life knows of a device that this home does not have

    def meters(self) -> dict[str, dict[str, int]]:
        """By kind: `stored` records in the memory, `handed_over`, `unsent`. Control solution counts like the rest."""
        counts: dict[str, dict[str, int]] = {}
        if (glucometer := self.glucometer) is not None:
            counts["glucometer"] = _counts(len(glucometer.records), glucometer.handed_over, glucometer.unsent)
        if (cuff := self.sphygmomanometer) is not None:
            counts["sphygmomanometer"] = _counts(len(cuff.records), cuff.handed_over, len(cuff.records))
        if (serial := self.serial_glucometer) is not None:
            memory = serial.meter.memory
            unsent = len(memory.records) - memory.handed_over
            counts["serial_glucometer"] = _counts(len(memory.records), memory.handed_over, unsent)
        return counts

    def glucose_records(self) -> dict[str, list[GlucoseInMemory]]:
        """By kind of glucometer what is in its memory, oldest first."""
        found: dict[str, list[GlucoseInMemory]] = {}
        if (glucometer := self.glucometer) is not None:
            found["glucometer"] = [
                GlucoseInMemory(record.at, record.glucose_mg_dl, record.handed_over) for record in glucometer.records
            ]
        if (serial := self.serial_glucometer) is not None:
            found["serial_glucometer"] = [
                GlucoseInMemory(record.at, record.glucose_mg_dl, record.handed_over)
                for record in serial.meter.memory.records
            ]
        return found

    def _on_the_air(
        self,
    ) -> list[Glucometer | Sphygmomanometer | ShowerSensor | RuuviTag | TriggerBeacon | WaterSensor]:
        devices = (
            self.glucometer,
            self.sphygmomanometer,
            self.shower_sensor,
            self.emergency_button,
            self.fall_detector,
            self.water_sensor,
        )
        return [device for device in devices if device is not None]

    def _remember_pressure(self, event: PressureTaken) -> None:
        cuff = self.sphygmomanometer
        if cuff is not None and cuff.is_new:
            at = cuff.clock.shown_at(event.at)
            cuff.fill(PressureRecord(at, event.systolic_mm_hg, event.diastolic_mm_hg, event.pulse_per_minute))

    def _remember_glucose(self, event: GlucoseTaken) -> None:
        glucometer = self.glucometer
        serial = None if self.serial_glucometer is None else self.serial_glucometer.meter.memory
        if event.meter == "ble" and glucometer is not None and glucometer.is_new:
            at = glucometer.clock.shown_at(event.at)
            glucometer.fill(at, event.glucose_mg_dl, event.meal, control_solution=event.control_solution)
        elif event.meter == "serial" and serial is not None and serial.is_new:
            serial.fill([StoredGlucose(serial.clock.shown_at(event.at), event.glucose_mg_dl)])


def _counts(stored: int, handed_over: int, unsent: int) -> dict[str, int]:
    return {"stored": stored, "handed_over": handed_over, "unsent": unsent}


_SHOWER_SENSORS: Mapping[str, tuple[type[ShowerSensor | RuuviTag], str]] = MappingProxyType(
    {"bthome-sensor": (ShowerSensor, "Shower"), "ruuvi-tag": (RuuviTag, "Ruuvi")}
)
"""By model of the configuration, with the name on the air."""


async def create_devices(config: HomeConfig, radio: Radio, clock: Clock) -> HomeDevices:
    """Makes every device of `config`, none audible yet; the serial line is open. The state folder exists.

    Raises UnknownModel, DamagedState, ValueError for an address that is no static random one, OSError for a serial
    path that cannot be made.
    """
    state = config.state_folder
    devices = HomeDevices()

    def wall_clock(offset_s: float) -> DeviceClock:
        return DeviceClock(lambda: clock.local(config.zone), offset_s)

    async def on_radio(address: str, name: str) -> Device:
        bonds = JsonKeyStore(address, str(state / "device-bonds.json"))
        return await radio.peripheral(address, name, keystore=bonds)

    if (meter := config.glucometer) is not None:
        devices.glucometer = Glucometer(
            await on_radio(meter.address, "Glucometer"),
            wall_clock(meter.clock_offset_s),
            Identity("GM-1", _serial_number(meter.address)),
            state=state / "glucometer.json",
            passkey=meter.passkey,
        )
    if (meter := config.sphygmomanometer) is not None:
        devices.sphygmomanometer = Sphygmomanometer(
            await on_radio(meter.address, "Cuff"),
            wall_clock(meter.clock_offset_s),
            Identity("BP-1", _serial_number(meter.address)),
            state=state / "sphygmomanometer.json",
            passkey=meter.passkey,
        )
    if (sensor := config.shower_sensor) is not None:
        create, name = _SHOWER_SENSORS[sensor.model]
        devices.shower_sensor = create(await on_radio(sensor.address, name), clock)
    if (button := config.emergency_button) is not None:
        devices.emergency_button = EmergencyButton(
            await on_radio(button.address, "Button"),
            clock,
            bytes.fromhex(button.bind_key),
            state=state / "emergency-button.json",
        )
    if (detector := config.fall_detector) is not None:
        devices.fall_detector = FallDetector(
            await on_radio(detector.address, "Fall"),
            clock,
            bytes.fromhex(detector.bind_key),
            state=state / "fall-detector.json",
        )
    if (water := config.water_sensor) is not None:
        devices.water_sensor = WaterSensor(await on_radio(water.address, "Water"))
    if (cord := config.pull_cord) is not None:
        devices.pull_cord = PullCord(cord.pin, (state / "pins").absolute())
    if (serial := config.serial_glucometer) is not None:
        model = model_of(serial.model)
        memory = GlucoseMemory(wall_clock(serial.clock_offset_s), model.capacity, state / "serial-glucometer.json")
        devices.serial_glucometer = MeterOnLine(model.create(memory, serial.serial_number), state / serial.link)
    return devices


def _serial_number(address: str) -> str:
    return "DS" + address.replace(":", "")[-6:]
