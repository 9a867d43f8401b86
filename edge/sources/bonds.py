"""Whether a meter still keeps its bond with this gateway, and when to make a new one.

A meter that lost its bond (a battery change, another phone) advertises as before and lets nobody in: bluetoothd says
no more than that connecting failed. So several failures in a row of a meter that was heard each time, and with which
this gateway is bonded, are taken for a lost bond. The old bond is given up only while the meter says that it is
discoverable, which a meter that keeps bonds is in pairing mode only: otherwise a good bond could be thrown away for a
bad connection.
"""

from typing import Any

import structlog
from bleak import BleakClient
from bleak.backends.device import BLEDevice
from bleak_retry_connector import get_device

from edge.errors import Temporary

_log = structlog.get_logger()

FAILURES_IN_A_ROW = 3
_DISCOVERABLE = 0x03  # limited or general; Core Supplement, part A, 1.3
_NOT_LET_IN = ("AuthenticationFailed", "AuthenticationRejected", "AuthenticationCanceled", "AuthenticationTimeout")


class NotPaired(Temporary):
    """The meter does not pair with this gateway; the message says what to do."""


def _properties(ble_device: BLEDevice) -> dict[str, Any]:
    """What bluetoothd says of the device; nothing where another stack is below."""
    details = ble_device.details
    found = details.get("props", {}) if isinstance(details, dict) else {}
    return dict(found)


def is_bonded(ble_device: BLEDevice) -> bool:
    """On this gateway's side."""
    properties = _properties(ble_device)
    return bool(properties.get("Bonded", properties.get("Paired", False)))


def is_in_pairing_mode(ble_device: BLEDevice) -> bool:
    """By its advertisement; a meter that does not say counts as in it."""
    flags = bytes(_properties(ble_device).get("AdvertisingFlags", b""))
    return not flags or bool(flags[0] & _DISCOVERABLE)


class Bond:
    """What happened with one meter's connections."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._failures = 0

    def held(self) -> None:
        """A connection stands."""
        self._failures = 0

    async def failed(self, ble_device: BLEDevice, error: Exception) -> Exception:
        """`error` ended an attempt to connect. Returns what to say of it, after giving up a bond that is lost."""
        # a BLEDevice says what was so when it was heard for the first time
        ble_device = await get_device(ble_device.address) or ble_device
        if not is_bonded(ble_device):
            if any(word in str(error) for word in _NOT_LET_IN):
                return NotPaired("it does not pair with this gateway; put it into pairing mode", retry_after_s=30.0)
            return error
        self._failures += 1
        if self._failures < FAILURES_IN_A_ROW:
            return error
        if not is_in_pairing_mode(ble_device):
            return NotPaired(
                "it is heard and lets nobody in, so it seems to have lost its bond with this gateway; "
                "put it into pairing mode, and it is paired anew",
                retry_after_s=30.0,
            )
        _log.warning("bond_given_up", device=self._name, failures=self._failures)
        self._failures = 0
        await BleakClient(ble_device).unpair()
        return NotPaired("it had lost its bond with this gateway; it is being paired anew", retry_after_s=0.0)
