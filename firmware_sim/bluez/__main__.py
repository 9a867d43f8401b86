"""Run the model as a process: python -m firmware_sim.bluez --hci tcp-client:HOST:PORT --keystore FILE --bus-folder DIR.

Prints one JSON line, {"bus_address": ...}, when it is ready; ends with 0 on SIGTERM or SIGINT, with 1 and a sentence
when it cannot start or the controller goes away.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import signal
import sys
from pathlib import Path

import structlog

from firmware_sim.bluez.errors import BluezStartError
from firmware_sim.bluez.private_bluez import PrivateBluez


async def _run(arguments: argparse.Namespace) -> int:
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    try:
        bluez = await PrivateBluez.start(
            hci=arguments.hci, keystore=arguments.keystore, bus_folder=arguments.bus_folder
        )
    except BluezStartError as error:
        print(error, file=sys.stderr)
        return 1
    bluez.controller_lost.add_done_callback(lambda _lost: stop.set())
    print(json.dumps({"bus_address": bluez.bus_address}), flush=True)
    await stop.wait()
    lost = bluez.controller_lost.done()
    await bluez.stop()
    if lost:
        print(f"the Bluetooth controller at {arguments.hci} has gone", file=sys.stderr)
    return int(lost)


def main() -> int:
    """Read the arguments and run until told to stop."""
    # Standard output carries one line, the bus address.
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(file=sys.stderr),
    )
    parser = argparse.ArgumentParser(prog="python -m firmware_sim.bluez", description="A model of bluetoothd.")
    parser.add_argument("--hci", required=True, help="the controller, tcp-client:HOST:PORT")
    parser.add_argument("--keystore", required=True, type=Path, help="JSON file that keeps the bonds")
    parser.add_argument("--bus-folder", required=True, type=Path, help="folder for the bus's socket and configuration")
    return asyncio.run(_run(parser.parse_args()))


if __name__ == "__main__":
    sys.exit(main())
