"""A single serial meter as a process, with no home around it."""

from datetime import datetime
from pathlib import Path

import structlog

from firmware_sim.clock import Clock
from firmware_sim.device_clock import DeviceClock
from firmware_sim.foreground import Foreground
from firmware_sim.serial.faults import Fault, fault_of
from firmware_sim.serial.meter import GlucoseMemory, PressureMemory, SerialCuff, SerialMeter
from firmware_sim.serial.meter_on_line import MeterOnLine
from firmware_sim.serial.models import CUFFS, another_cuff, another_model, cuff_of, model_of
from firmware_sim.serial.readings_file import invented_pressures, invented_readings, read_pressures, read_readings

_log = structlog.get_logger()


async def run_meter(
    model: str,
    link: Path,
    clock: Clock,
    *,
    readings: Path | None,
    clock_offset_s: float,
    serial_number: str,
    fault: str = "",
) -> None:
    """`fault` is a name of `faults.FAULTS`, or empty.

    Raises UnknownModel, UnknownFault, BadReadings, and OSError where `link` cannot be made.
    """
    foreground = Foreground()
    trouble = fault_of(fault) if fault else None

    def local_now() -> datetime:
        return clock.now().astimezone().replace(tzinfo=None)

    meter = _create(model, DeviceClock(local_now, clock_offset_s), readings, serial_number, trouble)
    plugged = MeterOnLine(meter, link, trouble)
    try:
        _log.info("meter.up", model=model, link=str(link), records=len(meter.memory.records))
        await foreground.until_told()
    finally:
        plugged.unplug()


def _create(
    model: str, clock: DeviceClock, readings: Path | None, serial_number: str, trouble: Fault | None
) -> SerialMeter | SerialCuff:
    other = trouble is not None and trouble.other_model
    if model in CUFFS:
        cuff = another_cuff(model) if other else cuff_of(model)
        pressures = PressureMemory(clock, cuff.capacity)
        pressures.fill(invented_pressures(clock.now()) if readings is None else read_pressures(readings))
        return cuff.create(pressures, serial_number or cuff.example_serial_number)
    chosen = another_model(model) if other else model_of(model)
    memory = GlucoseMemory(clock, chosen.capacity)
    memory.fill(invented_readings(clock.now()) if readings is None else read_readings(readings))
    return chosen.create(memory, serial_number or chosen.example_serial_number)
