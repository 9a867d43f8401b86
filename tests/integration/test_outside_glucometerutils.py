"""An outside program reads our simulated meters over a pseudo-terminal and finds what was put in.

The program is glucometerutils, from a checkout of its own; nothing of it is copied here:

    git clone https://github.com/glucometers-tech/glucometerutils FOLDER
    python3 -m venv FOLDER/.venv && FOLDER/.venv/bin/pip install attrs construct crcmod pyserial
    DOORSTEP_GLUCOMETERUTILS=FOLDER pytest tests/integration/test_outside_glucometerutils.py

It needs no venv where the interpreter of the tests has those packages.
"""

import asyncio
import csv
import os
import sys
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from firmware_sim.device_clock import DeviceClock
from firmware_sim.serial.areo_meter import AreoMeter
from firmware_sim.serial.meter import GlucoseMemory, SerialMeter, StoredGlucose
from firmware_sim.serial.meter_on_line import MeterOnLine
from firmware_sim.serial.models import MODELS
from protocols.reading import Meal, Unit

CHECKOUT = os.environ.get("DOORSTEP_GLUCOMETERUTILS")
PATIENCE_S = 120.0
WALL = datetime(2026, 11, 22, 8, 0)
MEAL_WORDS = {None: "", Meal.BEFORE_MEAL: "Before Meal", Meal.AFTER_MEAL: "After Meal"}

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(CHECKOUT is None, reason="skipped: no checkout of glucometerutils at DOORSTEP_GLUCOMETERUTILS"),
]

# Its reader of the count leaves out the prefix 05, which the meter sends.
MENDED_COUNT = """
import construct
from glucometerutils.drivers import otultraeasy
otultraeasy._READING_COUNT_RESPONSE = construct.Struct(
    const=construct.Const(bytes([0x05, 0x0F])), count=construct.Int16ul
)
"""


@dataclass(frozen=True)
class Outside:
    """How glucometerutils reads one of our models."""

    driver: str
    meals: bool = True
    most_records: int | None = None
    """What its reader can take; None: a full memory. For LifeScan's frames it waits half a second for every answer."""
    mended: str = ""
    """Run before it, where its reader has a slip of its own."""
    clock: bool = True
    empty: bool = True
    """It understands a memory without records."""
    info: bool = True
    """Its `info` ends well; for the Codefree it takes leave of a meter that it never greeted."""


OUTSIDE = {
    "onetouch-ultraeasy": Outside("otultraeasy", meals=False, most_records=15, mended=MENDED_COUNT),
    "onetouch-verio-iq": Outside("otverioiq", most_records=15),
    "onetouch-ultra2": Outside("otultra2"),
    "sd-codefree": Outside("sdcodefree", clock=False, info=False),
    "glucomen-areo": Outside("glucomenareo", clock=False),
    "freestyle-optium": Outside("fsoptium", meals=False, most_records=38),  # it does not cut its sum to 16 bits
    "freestyle-lite": Outside("fsfreedomlite", meals=False, most_records=60, empty=False),  # nor does it know HI
}
Row = tuple[datetime, float, str]
"""Time, mg/dL, meal in the program's words."""

each_model = pytest.mark.parametrize("model", OUTSIDE)


def create_records(count: int) -> list[StoredGlucose]:
    """Oldest first, on whole minutes, values and meals as different as they get."""
    meals = tuple(MEAL_WORDS)
    return [
        StoredGlucose(WALL - timedelta(hours=3 * (count - number)), 40 + number * 7 % 500, meal=meals[number % 3])
        for number in range(count)
    ]


def create_meter(model: str, records: list[StoredGlucose], offset_s: float = 0.0) -> SerialMeter:
    chosen = MODELS[model]
    memory = GlucoseMemory(DeviceClock(lambda: WALL, offset_s), chosen.capacity)
    memory.fill(records)
    return chosen.create(memory, chosen.example_serial_number)


def put_in(meter: SerialMeter, *, meals: bool) -> list[Row]:
    return [
        (record.at, float(record.glucose_mg_dl), MEAL_WORDS[record.meal] if meals else "")
        for record in meter.memory.records
    ]


async def run_program(outside: Outside, link: Path, *arguments: str) -> str:
    """What it prints. Fails when it does not end well."""
    assert CHECKOUT is not None
    own = Path(CHECKOUT) / ".venv" / "bin" / "python"
    script = f"{outside.mended}\nimport sys\nfrom glucometerutils import glucometer\nsys.exit(glucometer.main())"
    program = await asyncio.create_subprocess_exec(
        str(own) if own.exists() else sys.executable,
        "-c",
        script,
        *("--driver", outside.driver, "--device", str(link), *arguments),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": CHECKOUT, "PYTHONDONTWRITEBYTECODE": "1", "TZ": "UTC"},
    )
    try:
        printed, complaints = await asyncio.wait_for(program.communicate(), PATIENCE_S)
    finally:
        with suppress(ProcessLookupError):
            program.kill()
    assert program.returncode == 0, f"{outside.driver} {arguments}: {printed.decode()}\n{complaints.decode()}"
    return printed.decode()


async def dump(outside: Outside, link: Path) -> list[Row]:
    """In the order of time."""
    printed = await run_program(outside, link, "dump", "--unit", "mg/dL")
    rows = [row for row in csv.reader(printed.splitlines()) if len(row) == 5]
    return [(datetime.fromisoformat(row[0]), float(row[1]), row[2]) for row in rows]


@each_model
async def test_outside_program_finds_what_was_put_in(model: str, tmp_path: Path) -> None:
    outside = OUTSIDE[model]
    meter = create_meter(model, create_records(outside.most_records or MODELS[model].capacity))
    line = MeterOnLine(meter, tmp_path / "port")
    try:
        assert await dump(outside, line.link) == put_in(meter, meals=outside.meals)
    finally:
        line.unplug()


@each_model
async def test_line_can_be_opened_again_and_an_empty_memory_is_empty(model: str, tmp_path: Path) -> None:
    """The second program opens the line as the first left it: with odd parity, at a baud rate of its own."""
    outside = OUTSIDE[model]
    meter = create_meter(model, [])
    line = MeterOnLine(meter, tmp_path / "port")
    try:
        if outside.empty:
            assert await dump(outside, line.link) == []
        meter.memory.fill(create_records(3))
        assert await dump(outside, line.link) == put_in(meter, meals=outside.meals)
    finally:
        line.unplug()


@pytest.mark.parametrize("model", [model for model, outside in OUTSIDE.items() if outside.info])
async def test_outside_program_finds_who_the_meter_is(model: str, tmp_path: Path) -> None:
    outside = OUTSIDE[model]
    line = MeterOnLine(create_meter(model, create_records(1), offset_s=3600), tmp_path / "port")
    try:
        printed = await run_program(outside, line.link, "info")
    finally:
        line.unplug()
    assert MODELS[model].example_serial_number in printed
    assert ("Time: 2026-11-22 09:00:00" in printed) == outside.clock


async def test_areo_in_mmol_l_says_its_own_unit(tmp_path: Path) -> None:
    memory = GlucoseMemory(DeviceClock(lambda: WALL), 730)
    memory.fill(create_records(40))
    line = MeterOnLine(AreoMeter(memory, "AR0012345", Unit.MMOL_L), tmp_path / "port")
    try:
        found = await dump(OUTSIDE["glucomen-areo"], line.link)
    finally:
        line.unplug()
    shown = [round(round(record.glucose_mg_dl / 18, 1) * 18, 1) for record in memory.records]  # its factor
    assert [mg_dl for _, mg_dl, _ in found] == shown
