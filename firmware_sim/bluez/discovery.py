"""Who discovers, and what each of them wants to hear about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from dbus_fast import Variant

from firmware_sim.bluez import errors
from firmware_sim.bluez.advertised import Advertised
from firmware_sim.bluez.errors import BluezError

FILTER_NAMES = ("UUIDs", "RSSI", "Pathloss", "Transport", "DuplicateData", "Discoverable", "Pattern")


@dataclass(frozen=True)
class DiscoveryFilter:
    """A client's discovery filter (org.bluez.Adapter1.SetDiscoveryFilter). Pathloss and Discoverable do nothing."""

    uuids: frozenset[str] = frozenset()
    rssi_min_dbm: int | None = None
    low_energy: bool = True
    duplicates: bool = True
    pattern: str = ""

    @classmethod
    def read(cls, options: Mapping[str, Variant]) -> DiscoveryFilter:
        """Read the options of a call. Raises BluezError InvalidArguments for what bluetoothd does not know."""
        values: dict[str, Any] = {}
        for name, variant in options.items():
            signature = {"UUIDs": "as", "RSSI": "n", "Pathloss": "q", "Transport": "s", "Pattern": "s"}.get(name, "b")
            if name not in FILTER_NAMES or variant.signature != signature:
                raise BluezError(errors.INVALID_ARGUMENTS, "Invalid arguments in method call")
            values[name] = variant.value
        return cls(
            uuids=frozenset(text.lower() for text in values.get("UUIDs", ())),
            rssi_min_dbm=values.get("RSSI"),
            low_energy=values.get("Transport", "auto") in ("auto", "le"),
            duplicates=values.get("DuplicateData", True),
            pattern=values.get("Pattern", ""),
        )

    def wants(self, advertised: Advertised, address: str, rssi_dbm: int) -> bool:
        """Whether the client wants to hear of this advertisement."""
        if not self.low_energy or (self.rssi_min_dbm is not None and rssi_dbm < self.rssi_min_dbm):
            return False
        if self.uuids and self.uuids.isdisjoint(advertised.uuids):
            return False
        return not self.pattern or address.startswith(self.pattern) or (advertised.name or "").startswith(self.pattern)


@dataclass
class Discovery:
    """The discovery sessions of all clients, by bus name."""

    filters: dict[str, DiscoveryFilter] = field(default_factory=dict)
    sessions: set[str] = field(default_factory=set)

    def start(self, client: str) -> None:
        """Begin a client's session. Raises BluezError InProgress when it has one."""
        if client in self.sessions:
            raise BluezError(errors.IN_PROGRESS, "Operation already in progress")
        self.sessions.add(client)

    def stop(self, client: str) -> None:
        """End a client's session. Raises BluezError Failed when it has none."""
        if client not in self.sessions:
            raise BluezError(errors.FAILED, "No discovery started")
        self.sessions.discard(client)

    def drop_client(self, client: str) -> None:
        """Forget a client that has left the bus."""
        self.sessions.discard(client)
        self.filters.pop(client, None)

    def _active(self) -> list[DiscoveryFilter]:
        return [self.filters.get(client, DiscoveryFilter(duplicates=False)) for client in self.sessions]

    def wants(self, advertised: Advertised, address: str, rssi_dbm: int) -> bool:
        """Whether any client wants to hear of this advertisement."""
        return any(filter_.wants(advertised, address, rssi_dbm) for filter_ in self._active())

    @property
    def duplicates(self) -> bool:
        """Whether any client wants unchanged data again."""
        return any(filter_.duplicates for filter_ in self._active())
