"""What Device1 says about a device, and what an advertisement changes in it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from bumble import hci
from dbus_fast import Variant

from firmware_sim.bluez.advertised import Advertised


def dashed(address: hci.Address) -> str:
    """Return the alias of a device without a name, AA-BB-CC-DD-EE-FF."""
    return address.to_string(False).replace(":", "-")


def first_properties(address: hci.Address, adapter_path: str) -> dict[str, Variant]:
    """Return the properties that every device has from the start."""
    return {
        "Address": Variant("s", address.to_string(False)),
        "AddressType": Variant("s", "public" if address.is_public else "random"),
        "Alias": Variant("s", dashed(address)),
        "Paired": Variant("b", False),
        "Bonded": Variant("b", False),
        "Trusted": Variant("b", False),
        "Blocked": Variant("b", False),
        "LegacyPairing": Variant("b", False),
        "Connected": Variant("b", False),
        "UUIDs": Variant("as", []),
        "Adapter": Variant("o", adapter_path),
        "ServicesResolved": Variant("b", False),
    }


def heard_changes(
    old: Mapping[str, Variant], advertised: Advertised, uuids: Iterable[str], rssi_dbm: int, *, duplicates: bool
) -> dict[str, Variant]:
    """Return what an advertisement changes.

    RSSI stands in it each time, as under any discovery filter of bluetoothd; service and manufacturer data when they
    changed, or always with `duplicates` (the filter's DuplicateData). Without `duplicates` earlier keys are kept.
    """
    service_data, manufacturer_data = advertised.service_data, advertised.manufacturer_data
    if not duplicates:
        service_data = _unpacked(old.get("ServiceData")) | service_data
        manufacturer_data = _unpacked(old.get("ManufacturerData")) | manufacturer_data
    fresh: dict[str, Variant] = {"UUIDs": Variant("as", sorted(uuids))}
    if service_data:
        fresh["ServiceData"] = Variant("a{sv}", {key: Variant("ay", value) for key, value in service_data.items()})
    if manufacturer_data:
        packed = {key: Variant("ay", value) for key, value in manufacturer_data.items()}
        fresh["ManufacturerData"] = Variant("a{qv}", packed)
    if advertised.name is not None:
        fresh["Name"] = Variant("s", advertised.name)
        if old.get("Name") != fresh["Name"]:
            fresh["Alias"] = fresh["Name"]
    if advertised.tx_power_dbm is not None:
        fresh["TxPower"] = Variant("n", advertised.tx_power_dbm)
    if advertised.appearance is not None:
        fresh["Appearance"] = Variant("q", advertised.appearance)
    if advertised.flags is not None:
        fresh["AdvertisingFlags"] = Variant("ay", bytes([advertised.flags]))
    repeated = {"ServiceData", "ManufacturerData"} if duplicates else set()
    changed = {name: value for name, value in fresh.items() if name in repeated or old.get(name) != value}
    changed["RSSI"] = Variant("n", rssi_dbm)
    return changed


def _unpacked(value: Variant | None) -> dict[Any, bytes]:
    return {} if value is None else {key: inner.value for key, inner in value.value.items()}
