"""A single serial meter as a process, with no home around it."""

from datetime import datetime
from pathlib import Path

import structlog

from firmware_sim.clock import Clock
from firmware_sim.device_clock import DeviceClock
from firmware_sim.foreground import Foreground
from firmware_sim.serial.faults import fault_of
from firmware_sim.serial.meter import GlucoseMemory
from firmware_sim.serial.meter_on_line import MeterOnLine
from firmware_sim.serial.models import another_model, model_of
from firmware_sim.serial.readings_file import invented_readings, read_readings

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
    chosen = another_model(model) if trouble is not None and trouble.other_model else model_of(model)

    def local_now() -> datetime:
        return clock.now().astimezone().replace(tzinfo=None)

    memory = GlucoseMemory(DeviceClock(local_now, clock_offset_s), chosen.capacity)
    memory.fill(invented_readings(memory.clock.now()) if readings is None else read_readings(readings))
    plugged = MeterOnLine(chosen.create(memory, serial_number or chosen.example_serial_number), link, trouble)
    try:
        _log.info("meter.up", model=model, link=str(link), records=len(memory.records))
        await foreground.until_told()
    finally:
        plugged.unplug()
