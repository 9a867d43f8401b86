"""Bluetooth devices as a process, with no home around them, for any program that speaks HCI."""

from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import structlog

from firmware_sim.clock import Clock
from firmware_sim.foreground import Foreground
from firmware_sim.peripherals.models import Making, ble_model_of
from firmware_sim.radio import Radio

_log = structlog.get_logger()
_SERVER = "tcp-server:"


class BadHci(ValueError):
    """Not the form of a place at which HCI is offered."""


@dataclass(frozen=True)
class Wanted:
    """Of every device alike."""

    address: str = "C0:FF:EE:00:0B:01"
    """Of the first; the others count on from it."""
    readings: Path | None = None
    clock_offset_s: float = 0.0
    serial_number: str = ""
    passkey: int | None = None


def parse_hci(hci: str) -> tuple[str, int]:
    """Host and port of `tcp-server:HOST:PORT`; host `_` is every one of this machine. Raises BadHci."""
    host, _, port = hci.removeprefix(_SERVER).rpartition(":")
    if not hci.startswith(_SERVER) or not host or not port.isdecimal() or int(port) > 0xFFFF:
        raise BadHci(f"--hci: expected tcp-server:HOST:PORT (port 0 takes a free one), got {hci!r}")
    return "0.0.0.0" if host == "_" else host, int(port)  # noqa: S104 - asked for by name


async def run_ble(models: list[str], hci: str, clock: Clock, wanted: Wanted) -> None:
    """Until told to stop. Prints one line for the place of the HCI, `tcp-client:HOST:PORT`, once all is on the air.

    Raises UnknownBleModel, BadHci, BadReadings, ValueError for an address that is no static random one, OSError.
    """
    foreground = Foreground()
    host, port = parse_hci(hci)
    chosen = [ble_model_of(name) for name in models]
    async with AsyncExitStack() as stack:
        radio = Radio()
        stack.push_async_callback(radio.close)
        for place, model in enumerate(chosen):
            address = _counted_on(wanted.address, place)
            making = Making(
                await radio.peripheral(address, model.air_name),
                clock,
                wanted.clock_offset_s,
                wanted.readings,
                wanted.serial_number,
                wanted.passkey,
            )
            device = model.create(making)
            stack.push_async_callback(device.stop)
            device.start()
            _log.info("ble.up", model=models[place], address=address, name=model.air_name)
        print(await radio.serve_hci(host=host, port=port), flush=True)
        await foreground.until_told()


def _counted_on(address: str, places: int) -> str:
    """Raises ValueError for an address that is not of the form."""
    try:
        number = int.from_bytes(bytes.fromhex(address.replace(":", "")), "big") + places
        digits = number.to_bytes(6, "big").hex(":").upper()
    except (ValueError, OverflowError) as error:
        raise ValueError(f"--address: {address!r} is not of the form C0:FF:EE:00:0B:01") from error
    return digits
