"""Bonds in a JSON file, readable by their owner only, as bluetoothd keeps them under /var/lib/bluetooth."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from bumble.hci import Address
from bumble.keys import JsonKeyStore, PairingKeys

from firmware_sim.bluez.errors import BluezStartError

_PUBLIC = Address.PUBLIC_DEVICE_ADDRESS
_RANDOM = Address.RANDOM_DEVICE_ADDRESS


class Bonds(JsonKeyStore):
    """The bonds of one adapter, with the name each device had."""

    def __init__(self, file: Path, adapter: Address) -> None:
        super().__init__(namespace=str(adapter), filename=str(file))
        self._file = file

    async def save(self, db: dict[str, dict[str, dict[str, Any]]]) -> None:
        """Write the file with mode 0600 and replace the old one in one step."""
        _replace(self._file, json.dumps(db, sort_keys=True, indent=2))

    async def delete(self, name: str) -> None:
        """Forget a bond; one that does not exist is forgotten already."""
        db, bonds = await self.load()
        if bonds.pop(name, None) is not None:
            await self.save(db)

    async def remember_name(self, address: Address, name: str) -> None:
        """Keep a bonded device's name beside its keys."""
        db, bonds = await self.load()
        bond = bonds.get(str(address))
        if bond is not None and bond.get("name") != name:
            bond["name"] = name
            await self.save(db)

    async def stored(self) -> list[tuple[Address, PairingKeys, str | None]]:
        """Return all bonds: address, keys, and the name when it is known. Raises BluezStartError for a broken file."""
        try:
            _, bonds = await self.load()
            return [
                (
                    Address(text.removesuffix("/P"), _PUBLIC if text.endswith("/P") else _RANDOM),
                    PairingKeys.from_dict(bond),
                    bond.get("name"),
                )
                for text, bond in bonds.items()
            ]
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise BluezStartError(
                f"{self._file} is not a file of bonds ({error}); repair it, or move it away and pair again"
            ) from error


def _replace(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    fresh = file.with_name(file.name + ".tmp")
    fresh.unlink(missing_ok=True)
    with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as output:
        output.write(text)
        output.flush()
        os.fsync(output.fileno())
    fresh.replace(file)
