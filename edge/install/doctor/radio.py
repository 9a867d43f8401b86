"""The Bluetooth adapter: is there one, is it blocked, does bluetoothd have it, is it switched on."""

import asyncio

from dbus_fast.errors import DBusError

from edge.install.doctor.finding import Finding, Machine, ill
from edge.sources.adapter_power import adapters

_PART = "radio"
_ANSWER_WITHIN_S = 5.0


async def look(machine: Machine, adapter: str = "") -> Finding:
    """`adapter` is the configuration's; empty: any."""
    blocked = rfkill(machine, "bluetooth")
    if blocked is not None:
        return blocked
    plugged = [path.name for path in machine.folders("sys/class/bluetooth") if path.name.startswith("hci")]
    try:
        async with asyncio.timeout(_ANSWER_WITHIN_S):
            known = await adapters()
    except (OSError, EOFError, TimeoutError, DBusError):
        if not plugged:
            return _no_adapter()
        return ill(
            _PART,
            f"the adapter {plugged[0]} is there, and bluetoothd does not answer",
            "sudo systemctl enable --now bluetooth (install it by: sudo apt install bluez)",
        )
    return _among(known, adapter) if known else _no_adapter()


def _among(known: dict[str, bool], adapter: str) -> Finding:
    if adapter and adapter not in known:
        return ill(
            _PART,
            f"there is no adapter {adapter}; there is {', '.join(known)}",
            "plug it in, or correct bluetooth.adapter in the configuration",
        )
    name = adapter or next(iter(known))
    if not known[name]:
        return ill(_PART, f"the adapter {name} is switched off", "bluetoothctl power on")
    return Finding(part=_PART, says=f"the adapter {name} is there and on")


def rfkill(machine: Machine, kind: str) -> Finding | None:
    """A switch that keeps radios of this kind (bluetooth, wlan) off; None: there is none."""
    for switch in machine.folders("sys/class/rfkill"):
        at = switch.relative_to(machine.root)
        if machine.read(f"{at}/type") != kind:
            continue
        name = "Bluetooth" if kind == "bluetooth" else "Wi-Fi"
        if machine.read(f"{at}/hard") == "1":
            return ill(_PART, f"a switch on the machine keeps {name} off", "turn the switch, or allow it in the BIOS")
        if machine.read(f"{at}/soft") == "1":
            return ill(_PART, f"{name} is blocked by rfkill", f"sudo rfkill unblock {kind}")
    return None


def _no_adapter() -> Finding:
    return ill(
        _PART,
        "there is no Bluetooth adapter",
        "plug one in; on a Raspberry Pi look that /boot/firmware/config.txt does not say dtoverlay=disable-bt",
    )
