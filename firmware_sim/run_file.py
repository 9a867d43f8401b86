"""What `doorstep-sim home` writes when everything is up: where a gateway and a script find the home."""

import os
from pathlib import Path

import msgspec


class RunningDevice(msgspec.Struct, frozen=True, omit_defaults=True):
    kind: str
    address: str = ""
    """Of a Bluetooth device."""
    port: str = ""
    """Of a serial one; of one on a pin, like `gpio:17`."""


class RunFile(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    pid: int
    bus_address: str
    """For the gateway's DBUS_SYSTEM_BUS_ADDRESS."""
    serial_port: str | None
    pins: str | None = None
    """For the gateway's DOORSTEP_SIM_PINS, with GPIOZERO_PIN_FACTORY=doorstep-sim."""
    control_socket: str
    """For `firmware_sim.control.HomeControl`."""
    hci: str
    """The dongle that the bus stands on, as a bumble transport name."""
    data_note: str
    """Where the measurements come from, in a sentence."""
    devices: list[RunningDevice]

    def write(self, path: Path) -> None:
        """Whole or not at all. Raises OSError."""
        draft = path.with_name(path.name + ".draft")
        draft.write_bytes(msgspec.json.format(msgspec.json.encode(self)) + b"\n")
        os.replace(draft, path)
