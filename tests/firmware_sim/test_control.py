"""The control socket: commands in, answers out, sentences for what cannot be done."""

import asyncio
import json
import socket
import stat
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from firmware_sim.control import (
    Answer,
    Command,
    ControlServer,
    HomeControl,
    MeasureGlucose,
    MeasurePressure,
    Meters,
    Motion,
    NotDone,
    Press,
    Shower,
)
from protocols.reading import Flag


class Recorder:
    """Carries out everything but showers, and remembers it."""

    def __init__(self) -> None:
        self.commands: list[Command] = []

    async def carry_out(self, command: Command) -> Answer:
        self.commands.append(command)
        if isinstance(command, Shower):
            raise NotDone("this home has no shower_sensor")
        if isinstance(command, Press):
            return {"at_wall": 12.5}
        return {"meters": {"glucometer": {"stored": 3}}} if isinstance(command, Meters) else {}


@pytest.fixture
def recorder() -> Recorder:
    return Recorder()


@pytest_asyncio.fixture
async def server(recorder: Recorder, tmp_path: Path) -> AsyncIterator[ControlServer]:
    server = ControlServer(tmp_path / "control", recorder.carry_out)
    await server.start()
    yield server
    await server.stop()


async def test_every_command_arrives_as_it_was_given(server: ControlServer, recorder: Recorder) -> None:
    def play() -> tuple[float, dict[str, dict[str, int]]]:
        with HomeControl(server.path) as control:
            control.measure_pressure(182, 101, 88, (Flag.IRREGULAR_PULSE,))
            control.measure_glucose(61)
            control.measure_glucose(300, device="serial")
            control.motion()
            return control.press("long"), control.meters()

    at_wall, meters = await asyncio.to_thread(play)
    assert at_wall == 12.5
    assert meters == {"glucometer": {"stored": 3}}
    assert recorder.commands == [
        MeasurePressure(systolic=182, diastolic=101, pulse=88, flags=(Flag.IRREGULAR_PULSE,)),
        MeasureGlucose(mg_dl=61),
        MeasureGlucose(mg_dl=300, device="serial"),
        Motion(),
        Press(kind="long"),
        Meters(),
    ]


async def test_what_cannot_be_done_is_a_sentence(server: ControlServer) -> None:
    def play() -> None:
        with HomeControl(server.path) as control:
            control.shower(minutes=3)

    with pytest.raises(NotDone, match="no shower_sensor"):
        await asyncio.to_thread(play)


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        (b"hello", "malformed"),
        (b'{"do": "fly"}', "Invalid value 'fly'"),
        (b'{"do": "press", "hard": true}', "unknown field `hard`"),
        (b'{"do": "measure_pressure", "systolic": "high"}', "Expected `int`, got `str`"),
        (b"[]", "Expected `object`, got `array`"),
    ],
)
async def test_nonsense_is_answered_and_the_line_stays_open(
    server: ControlServer, recorder: Recorder, line: bytes, sentence: str
) -> None:
    reader, writer = await asyncio.open_unix_connection(server.path)
    writer.write(line + b"\n" + b'{"do": "motion"}\n')
    refusal, done = [json.loads(await asyncio.wait_for(reader.readline(), 5)) for _ in range(2)]
    writer.close()
    assert refusal["ok"] is False
    assert sentence in refusal["error"]
    assert done == {"ok": True}
    assert recorder.commands == [Motion()]


async def test_an_endless_line_ends_the_connection_and_nothing_else(server: ControlServer) -> None:
    reader, writer = await asyncio.open_unix_connection(server.path)
    writer.write(b"x" * 200_000)
    assert await asyncio.wait_for(reader.read(), 5) == b""
    writer.close()
    with socket.socket(socket.AF_UNIX) as still_served:
        still_served.connect(str(server.path))


async def test_only_this_user_may_open_it_and_it_goes_with_the_home(server: ControlServer) -> None:
    assert stat.S_IMODE(server.path.stat().st_mode) == 0o600
    reader, writer = await asyncio.open_unix_connection(server.path)
    writer.write(b'{"do": "motion"}\n')
    await asyncio.wait_for(reader.readline(), 5)
    await server.stop()
    assert await asyncio.wait_for(reader.read(), 5) == b""
    writer.close()
    assert not server.path.exists()
    with pytest.raises(OSError, match="No such file"):
        HomeControl(server.path)
