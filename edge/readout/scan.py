"""`doorstep-edge scan`: who is on the air, and what of it this gateway could read."""

from collections.abc import Iterable, Sequence

import msgspec
from bleak import BleakScanner
from bleak.backends.device import BLEDevice
from bleak.backends.scanner import AdvertisementData
from rich.table import Table

from edge.errors import Temporary
from edge.reasons import reason_of
from edge.sources.ble_scanner import NO_RSSI_DBM, RADIO_ERRORS
from edge.sources.recognition import Guess, Heard, recognise
from protocols.device_kind import DeviceKind

METER_KINDS = (DeviceKind.GLUCOMETER, DeviceKind.SPHYGMOMANOMETER)


class OnAir(msgspec.Struct, frozen=True):
    """One device that was heard."""

    address: str
    name: str
    rssi_dbm: int | None
    kind: str
    """Of the catalogue's kinds; empty for what is no device of ours."""
    models: tuple[str, ...]
    """Entries of the catalogue that it may be, the likeliest first."""


def heard_of(advertisement: AdvertisementData) -> Heard:
    return Heard(
        advertisement.local_name or "",
        advertisement.service_uuids,
        advertisement.service_data,
        advertisement.manufacturer_data,
    )


def on_air(device: BLEDevice, advertisement: AdvertisementData) -> OnAir:
    guess: Guess | None = recognise(heard_of(advertisement))
    return OnAir(
        address=device.address.upper(),
        name=advertisement.local_name or "",
        rssi_dbm=None if advertisement.rssi == NO_RSSI_DBM else advertisement.rssi,
        kind="" if guess is None else guess.kind.value,
        models=() if guess is None else guess.models,
    )


async def scan(seconds: float, adapter: str = "") -> list[OnAir]:
    """Ours first, then by strength. Raises Temporary with a sentence where there is no Bluetooth."""
    try:
        found = await BleakScanner.discover(
            timeout=seconds, return_adv=True, bluez={"adapter": adapter} if adapter else {}
        )
    except RADIO_ERRORS as error:
        raise no_bluetooth(error) from error
    return sorted((on_air(device, advertisement) for device, advertisement in found.values()), key=_order)


def no_bluetooth(error: Exception) -> Temporary:
    """What is wrong with the radio, in a sentence: the system's bus, bluetoothd or the adapter is away."""
    if isinstance(error, FileNotFoundError | ConnectionError):
        problem = "the system's D-Bus is away"
    else:
        problem = reason_of(error)
    return Temporary(
        f"no Bluetooth: {problem}; is an adapter plugged in and bluetoothd running? `doorstep-edge doctor` looks",
        retry_after_s=5.0,
    )


def _order(one: OnAir) -> tuple[bool, int, str]:
    return not one.kind, -(one.rssi_dbm or NO_RSSI_DBM), one.address


def on_air_json(found: Iterable[OnAir]) -> str:
    """One object a line."""
    return "\n".join(msgspec.json.encode(one).decode() for one in found)


def on_air_table(found: Iterable[OnAir]) -> Table:
    table = Table(title="On the air", title_justify="left")
    for heading in ("Address", "Name", "dBm", "Probably", "Model"):
        table.add_column(heading, no_wrap=heading in ("Address", "Model"), overflow="fold")
    for one in found:
        rssi = "" if one.rssi_dbm is None else str(one.rssi_dbm)
        table.add_row(one.address, one.name, rssi, one.kind, "\n".join(one.models))
    return table


def conclusion(found: Sequence[OnAir]) -> str:
    """One line: how many, and what to do next."""
    ours = [one for one in found if one.kind]
    if not ours:
        return f"{len(found)} devices heard, none of a kind that we know; switch a meter on and scan again"
    meter = next((one.address for one in ours if one.kind in METER_KINDS), None)
    read_it = "" if meter is None else f"; doorstep-edge read --ble {meter}"
    return f"{len(found)} devices heard, {len(ours)} of a kind that we know{read_it}"
