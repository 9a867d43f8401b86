"""The cord of a simulated home moves a gateway's pin: gpiozero finds the pins by their name, as a gateway does."""

import asyncio
import sys
from pathlib import Path

import pytest

from firmware_sim.pins_file import PINS_VARIABLE, read_pins, write_pins
from firmware_sim.pull_cord import PullCord

WITHIN_S = 20.0
GATEWAY = """
import gpiozero
button = gpiozero.Button(17, pull_up=True, bounce_time=0.02)
print("ready", flush=True)
button.wait_for_press()
print("pulled", flush=True)
button.wait_for_release()
print("let go", flush=True)
"""


async def test_the_gateways_own_code_feels_a_pull(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cord = PullCord(17, tmp_path / "pins")
    monkeypatch.setenv("GPIOZERO_PIN_FACTORY", "doorstep-sim")
    monkeypatch.setenv(PINS_VARIABLE, str(cord.pins_file))
    gateway = await asyncio.create_subprocess_exec(sys.executable, "-c", GATEWAY, stdout=asyncio.subprocess.PIPE)
    assert gateway.stdout is not None
    async with asyncio.timeout(WITHIN_S):
        assert await gateway.stdout.readline() == b"ready\n"
        await cord.pull(long=False)
        assert [await gateway.stdout.readline() for _ in range(2)] == [b"pulled\n", b"let go\n"]
        assert await gateway.wait() == 0


def test_what_is_no_file_of_pins_grounds_none(tmp_path: Path) -> None:
    assert read_pins(tmp_path / "none") == frozenset()
    (tmp_path / "torn").write_text("17 x", encoding="ascii")
    assert read_pins(tmp_path / "torn") == frozenset()
    write_pins(tmp_path / "pins", frozenset({17, 4}))
    assert read_pins(tmp_path / "pins") == {4, 17}
