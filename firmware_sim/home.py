"""One simulated home: devices on the air and on the line, a model of bluetoothd beside them, an elder who uses them.

The elder's day goes on by the simulated clock; commands from the control socket come in between. `run_file` says
where a gateway finds the bus and the port.
"""

import asyncio
import os
import tempfile
from contextlib import AsyncExitStack
from pathlib import Path

import structlog

from firmware_sim.bluez import PrivateBluez
from firmware_sim.clock import Clock
from firmware_sim.control import ControlServer
from firmware_sim.hands import Hands
from firmware_sim.home_config import HomeConfig
from firmware_sim.home_devices import HomeDevices, create_devices
from firmware_sim.lives.glucose import GlucoseHabit
from firmware_sim.lives.life import Life
from firmware_sim.radio import Radio
from firmware_sim.run_file import RunFile, RunningDevice

_log = structlog.get_logger()


class SimulatedHome:
    """Made by `start`, ended by `stop`."""

    def __init__(
        self, stack: AsyncExitStack, run_file: RunFile, controller_lost: asyncio.Future[None], life: asyncio.Task[None]
    ) -> None:
        self._stack = stack
        self.run_file = run_file
        self._must_go_on = (controller_lost, life)

    @classmethod
    async def start(cls, config: HomeConfig, clock: Clock, *, live: bool = True) -> "SimulatedHome":
        """Everything is up when it returns; on an error nothing is left behind.

        With `live` the elder's day goes on; without, only commands make things happen.
        Raises BluezStartError, ValueError and OSError with a sentence.
        """
        config.state_folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        life = _create_life(config, clock)
        async with AsyncExitStack() as stack:
            sockets = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="doorstep-home-")))
            radio = Radio()
            stack.push_async_callback(radio.close)
            devices = await create_devices(config, radio, clock)
            stack.push_async_callback(devices.stop)
            devices.remember(life.measured_before(clock.local(config.zone), config.life.history_days))
            hci = await radio.serve_hci()
            bluez = await PrivateBluez.start(
                hci=hci, keystore=config.state_folder / "host-bonds.json", bus_folder=sockets / "bus"
            )
            stack.push_async_callback(bluez.stop)
            control = ControlServer(sockets / "control", Hands(devices, radio).carry_out)
            await control.start()
            stack.push_async_callback(control.stop)
            devices.start()
            lived = _play(life, devices, clock, config) if live else _rest()
            playing = asyncio.get_running_loop().create_task(lived)
            stack.push_async_callback(_end, playing)
            run_file = _describe(
                config,
                devices,
                bus_address=bluez.bus_address,
                hci=hci,
                control=control.path,
                data_note=life.data_note,
            )
            return cls(stack.pop_all(), run_file, bluez.controller_lost, playing)
        raise AssertionError("the stack swallows nothing")

    async def broken(self) -> str:
        """Returns, as a sentence, when a part of the home has ended by itself."""
        controller_lost, life = self._must_go_on
        await asyncio.wait((controller_lost, life), return_when=asyncio.FIRST_COMPLETED)
        if life.done() and (fault := life.exception()) is not None:
            raise fault
        return "the home's Bluetooth controller has gone"

    async def stop(self) -> None:
        """Leaves nothing behind but the state folder."""
        await self._stack.aclose()


async def _rest() -> None:
    await asyncio.Event().wait()


async def _play(life: Life, devices: HomeDevices, clock: Clock, config: HomeConfig) -> None:
    for event in life.after(clock.local(config.zone)):
        await clock.sleep_until(event.at.replace(tzinfo=config.zone))
        _log.info("home.event", what=type(event).__name__, at=event.at.isoformat(timespec="minutes"))
        devices.happen(event)


async def _end(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def _create_life(config: HomeConfig, clock: Clock) -> Life:
    habit = None
    if config.glucometer is not None or config.serial_glucometer is not None:
        habit = GlucoseHabit(
            fasting_mg_dl=config.life.fasting_mg_dl,
            after_supper_mg_dl=config.life.after_supper_mg_dl,
            serial_meter=config.serial_glucometer is not None,
        )
    return Life(config.life.person, config.life.seed, clock.local(config.zone).date(), habit)


def _describe(
    config: HomeConfig, devices: HomeDevices, *, bus_address: str, hci: str, control: Path, data_note: str
) -> RunFile:
    radios = {
        "glucometer": config.glucometer,
        "sphygmomanometer": config.sphygmomanometer,
        "shower_sensor": config.shower_sensor,
        "emergency_button": config.emergency_button,
        "fall_detector": config.fall_detector,
        "water_sensor": config.water_sensor,
    }
    running = [RunningDevice(kind, device.address) for kind, device in radios.items() if device is not None]
    serial = devices.serial_glucometer
    port = None if serial is None else str(serial.link.absolute())
    if port is not None:
        running.append(RunningDevice("serial_glucometer", port=port))
    pins = None
    if devices.pull_cord is not None:
        pins = str(devices.pull_cord.pins_file)
        running.append(RunningDevice("pull_cord", port=f"gpio:{devices.pull_cord.pin}"))
    return RunFile(
        name=config.name,
        pid=os.getpid(),
        bus_address=bus_address,
        serial_port=port,
        pins=pins,
        control_socket=str(control),
        hci=hci,
        data_note=data_note,
        devices=running,
    )
