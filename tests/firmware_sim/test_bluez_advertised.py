"""Advertising data as Device1 tells it, from strangers too."""

import pytest
from bumble.core import AdvertisingData
from bumble.hci import Address
from dbus_fast import Variant
from dbus_fast.signature import Variant as SignedVariant
from hypothesis import given
from hypothesis import strategies as st

from firmware_sim.bluez.advertised import Advertised, read_advertised, uuid_from_le
from firmware_sim.bluez.device_properties import first_properties, heard_changes

ADDRESS = Address("C0:FF:EE:00:09:01")


def read(hexadecimal: str) -> Advertised:
    return read_advertised(AdvertisingData.from_bytes(bytes.fromhex(hexadecimal)).ad_structures)


def test_bthome_advertisement() -> None:
    # The example of the BTHome v2 format page: temperature 25.06, humidity 50.55, name DIY-sensor.
    found = read("020106 0b094449592d73656e736f72 0a16d2fc4002ca0903bf13")
    assert found.name == "DIY-sensor"
    assert found.flags == 0x06
    assert found.service_data == {"0000fcd2-0000-1000-8000-00805f9b34fb": bytes.fromhex("4002ca0903bf13")}


def test_complete_name_wins_over_a_short_one() -> None:
    assert read("0409616263 0308616b").name == "abc"
    assert read("0308616b 0409616263").name == "abc"


def test_uuids_of_all_sizes() -> None:
    found = read("03030818 0505785634 12 11070f0e0d0c0b0a09080706050403020100")
    assert found.uuids == [
        "00001808-0000-1000-8000-00805f9b34fb",
        "12345678-0000-1000-8000-00805f9b34fb",
        "00010203-0405-0607-0809-0a0b0c0d0e0f",
    ]
    assert uuid_from_le(b"\x08\x18") == found.uuids[0]


def test_name_that_dbus_could_not_carry() -> None:
    assert read("0609ff6100ffff").name == "\N{REPLACEMENT CHARACTER}a"


@given(st.binary(max_size=62))
def test_any_bytes_give_something_that_dbus_can_carry(data: bytes) -> None:
    found = read_advertised(AdvertisingData.from_bytes(data).ad_structures)
    old = first_properties(ADDRESS, "/org/bluez/hci0")
    for value in heard_changes(old, found, found.uuids, -50, duplicates=False).values():
        assert isinstance(value, SignedVariant)
        value.signature.encode()
    assert found.name is None or "\x00" not in found.name.encode().decode()


def changes(old: dict[str, Variant], data: bytes, *, duplicates: bool) -> dict[str, Variant]:
    advertised = Advertised(service_data={"a": data}, name="Meter")
    return heard_changes(old, advertised, [], -60, duplicates=duplicates)


@pytest.mark.parametrize("duplicates", [False, True])
def test_unchanged_data_is_signalled_only_when_asked_for(duplicates: bool) -> None:
    old = first_properties(ADDRESS, "/org/bluez/hci0")
    first = changes(old, b"1", duplicates=duplicates)
    assert {"Name", "Alias", "RSSI", "ServiceData"} <= first.keys()
    second = changes(old | first, b"1", duplicates=duplicates)
    assert second.keys() == ({"RSSI", "ServiceData"} if duplicates else {"RSSI"})
