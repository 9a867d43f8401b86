"""What bluetoothd's properties say of a bond."""

import pytest
from bleak.backends.device import BLEDevice

from edge.sources.bonds import is_bonded, is_in_pairing_mode


def create_device(**properties: object) -> BLEDevice:
    return BLEDevice("C0:FF:EE:00:0B:01", "Meter", {"path": "/org/bluez/hci0/dev", "props": properties})


@pytest.mark.parametrize(
    ("properties", "bonded"),
    [
        ({"Paired": True, "Bonded": True}, True),
        ({"Paired": True, "Bonded": False}, False),  # keys of one connection only
        ({"Paired": True}, True),  # an older bluetoothd has no Bonded
        ({}, False),
    ],
)
def test_bond_of_this_side(properties: dict[str, object], bonded: bool) -> None:
    assert is_bonded(create_device(**properties)) is bonded


@pytest.mark.parametrize(
    ("flags", "in_pairing_mode"),
    [(b"\x04", False), (b"\x06", True), (b"\x05", True), (b"", True)],
)
def test_pairing_mode_is_told_by_the_flags_of_the_advertisement(flags: bytes, in_pairing_mode: bool) -> None:
    assert is_in_pairing_mode(create_device(AdvertisingFlags=flags)) is in_pairing_mode


def test_another_stack_below_tells_nothing() -> None:
    device = BLEDevice("C0:FF:EE:00:0B:01", "Meter", None)
    assert not is_bonded(device)
    assert is_in_pairing_mode(device)
