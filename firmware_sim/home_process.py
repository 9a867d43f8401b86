"""A simulated home as a process: starts it, writes its run file, runs until told, leaves nothing behind."""

from pathlib import Path

import structlog

from firmware_sim.clock import Clock
from firmware_sim.foreground import Foreground
from firmware_sim.home import SimulatedHome
from firmware_sim.home_config import HomeConfig

_log = structlog.get_logger()


async def run_home(config: HomeConfig, clock: Clock, run_file: Path, *, live: bool) -> str | None:
    """None after a normal end, else a sentence. Raises what `SimulatedHome.start` raises."""
    foreground = Foreground()
    home = await SimulatedHome.start(config, clock, live=live)
    try:
        home.run_file.write(run_file)
        _log.info("home.up", home=config.name, bus=home.run_file.bus_address, port=home.run_file.serial_port)
        return await foreground.until_told(home.broken())
    finally:
        _remove(run_file)
        await home.stop()
        _log.info("home.down", home=config.name)


def _remove(run_file: Path) -> None:
    run_file.unlink(missing_ok=True)
