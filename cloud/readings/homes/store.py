"""Gateways, devices and who wears them, looked up once and remembered while nothing of it changes; all its SQL.

Whose a reading is hangs on the registry, and nearly every batch asks for the same homes again. `registry_edition` rises
with every change (by triggers), in the transaction of the change: as long as it stands, what was looked up holds.
"""

import weakref
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

import psycopg

from cloud.db.pool import Connection
from cloud.registry import store as registry
from cloud.registry.wearing import DeviceWearing

MAX_DEVICES_OF_GATEWAY = 500
"""A gateway that names more is broken or hostile."""
_MOST_REMEMBERED = 200_000

DeviceName = tuple[str, str]
"""Gateway, and the gateway's name of the device."""


@dataclass
class Homes:
    """What one connection looked up. Lives as long as the connection: another may lead to another database."""

    edition: int = 0
    gateways: set[str] = field(default_factory=set)
    devices: dict[DeviceName, int] = field(default_factory=dict)
    wearings: dict[int, DeviceWearing] = field(default_factory=dict)

    def forget(self) -> None:
        self.gateways.clear()
        self.devices.clear()
        self.wearings.clear()


_remembered: weakref.WeakKeyDictionary[Connection, Homes] = weakref.WeakKeyDictionary()


def homes_of(connection: Connection) -> Homes:
    """What is remembered and still true, asked anew in every transaction. What is added to it afterwards, in the same
    transaction, is at least as new as its edition."""
    homes = _remembered.setdefault(connection, Homes())
    row = connection.execute("SELECT edition FROM registry_edition").fetchone()
    edition = 0 if row is None else int(row[0])
    if edition != homes.edition or len(homes.devices) > _MOST_REMEMBERED:
        homes.forget()
        homes.edition = edition
    return homes


def forget_homes(connection: Connection) -> None:
    """After a transaction that was rolled back: a device that it made is not there."""
    _remembered.pop(connection, None)


def learn_gateways(connection: Connection, homes: Homes, gateways: Collection[str]) -> set[str]:
    """Those of `gateways` that are registered."""
    strange = set(gateways) - homes.gateways
    if strange:
        found = connection.execute("SELECT gateway_id FROM gateway WHERE gateway_id = ANY(%s)", (sorted(strange),))
        homes.gateways.update(gateway for (gateway,) in found)
    return homes.gateways.intersection(gateways)


def learn_devices(connection: Connection, homes: Homes, names: Iterable[DeviceName]) -> None:
    """Has an id and a wearing in `homes` for every one of `names`; makes the devices that are new.

    Raises psycopg.DataError for a gateway that names too many.
    """
    wanted = set(names)
    if all(homes.devices.get(name) in homes.wearings for name in wanted):
        return
    gateways = sorted({gateway for gateway, name in wanted - homes.devices.keys()})
    _load(connection, homes, gateways)
    new = sorted(wanted - homes.devices.keys())
    if new:
        _make(connection, homes, gateways, new)
    ids = [homes.devices[name] for name in wanted]
    homes.wearings.update(registry.wearings(connection, [id_ for id_ in ids if id_ not in homes.wearings]))


def _make(connection: Connection, homes: Homes, gateways: list[str], new: list[DeviceName]) -> None:
    for gateway in gateways:
        count = sum(1 for owner, _ in [*homes.devices, *new] if owner == gateway)
        if count > MAX_DEVICES_OF_GATEWAY:
            raise psycopg.DataError(f"gateway {gateway} names {count} devices, at most {MAX_DEVICES_OF_GATEWAY}")
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO device (gateway_id, name, kind) VALUES (%s, %s, 'unknown') ON CONFLICT DO NOTHING", new
        )
    _load(connection, homes, gateways)


def _load(connection: Connection, homes: Homes, gateways: list[str]) -> None:
    found = connection.execute("SELECT gateway_id, name, device_id FROM device WHERE gateway_id = ANY(%s)", (gateways,))
    homes.devices.update({(gateway, name): device_id for gateway, name, device_id in found})
