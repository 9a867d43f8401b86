"""Carries out the commands of the control socket with the devices that a home has."""

from typing import TypeVar

from firmware_sim.control import (
    Answer,
    Command,
    Deafen,
    Fall,
    Hear,
    MeasureGlucose,
    MeasurePressure,
    Meters,
    Motion,
    NotDone,
    Press,
    Pull,
    Records,
    Shower,
    Trigger,
    Water,
)
from firmware_sim.home_devices import HomeDevices
from firmware_sim.peripherals.ruuvi_tag import RuuviTag
from firmware_sim.peripherals.shower_sensor import ShowerSensor
from firmware_sim.peripherals.sphygmomanometer import CannotSay
from firmware_sim.radio import Radio
from firmware_sim.radio_controller import Deafness
from protocols.adverts.bthome_objects import ButtonPress

D = TypeVar("D")


class Hands:
    def __init__(self, devices: HomeDevices, radio: Radio) -> None:
        self._devices = devices
        self._radio = radio

    async def carry_out(self, command: Command) -> Answer:
        """What the answer says beside `ok`. Raises NotDone for a device that this home does not have."""
        devices = self._devices
        match command:
            case MeasurePressure():
                self._measure_pressure(command)
            case MeasureGlucose(device="serial"):
                _need(devices.serial_glucometer, "serial_glucometer").meter.memory.measure(command.mg_dl)
            case MeasureGlucose():
                _need(devices.glucometer, "glucometer").measure(command.mg_dl)
            case Press() | Fall() | Pull():
                return await self._call_for_help(command)
            case Motion():
                _noticing_motion(self._shower_sensor()).motion()
            case Shower():
                self._shower_sensor().shower(command.minutes)
            case Water():
                await _need(devices.water_sensor, "water_sensor").say(wet=command.wet)
            case Deafen():
                self._radio.deafen(Deafness(command.until))
            case Hear():
                self._radio.deafen(None)
            case Meters():
                return {"meters": devices.meters()}
            case Records():
                return {"records": devices.glucose_records()}
        return {}

    async def _call_for_help(self, command: Trigger) -> Answer:
        devices = self._devices
        match command:
            case Press():
                kind = ButtonPress.LONG if command.kind == "long" else ButtonPress.PRESS
                return {"at_wall": await _need(devices.emergency_button, "emergency_button").press(kind)}
            case Fall():
                return {"at_wall": await _need(devices.fall_detector, "fall_detector").fall()}
            case Pull():
                await _need(devices.pull_cord, "pull_cord").pull(long=command.kind == "long")
                return {}

    def _shower_sensor(self) -> ShowerSensor | RuuviTag:
        sensor = self._devices.shower_sensor
        if sensor is None:
            raise _missing("shower_sensor")
        return sensor

    def _measure_pressure(self, command: MeasurePressure) -> None:
        cuff = _need(self._devices.sphygmomanometer, "sphygmomanometer")
        try:
            cuff.measure(command.systolic, command.diastolic, command.pulse, command.flags)
        except CannotSay as error:
            raise NotDone(str(error)) from error


def _noticing_motion(sensor: ShowerSensor | RuuviTag) -> ShowerSensor:
    if isinstance(sensor, RuuviTag):
        raise NotDone("the shower_sensor of this home is a RuuviTag, which notices no motion")
    return sensor


def _need(device: D | None, kind: str) -> D:
    if device is None:
        raise _missing(kind)
    return device


def _missing(kind: str) -> NotDone:
    return NotDone(f"this home has no {kind}; its configuration names none")
