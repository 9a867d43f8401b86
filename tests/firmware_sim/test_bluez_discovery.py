"""Discovery sessions and filters."""

import pytest
from dbus_fast import Variant

from firmware_sim.bluez.advertised import Advertised
from firmware_sim.bluez.discovery import Discovery, DiscoveryFilter
from firmware_sim.bluez.errors import BluezError

GLUCOSE = "00001808-0000-1000-8000-00805f9b34fb"
METER = Advertised(name="Meter", uuids=[GLUCOSE])
ADDRESS = "C0:FF:EE:00:09:01"


@pytest.mark.parametrize(
    ("options", "wanted"),
    [
        ({}, True),
        ({"Transport": Variant("s", "le")}, True),
        ({"Transport": Variant("s", "bredr")}, False),
        ({"UUIDs": Variant("as", [GLUCOSE.upper()])}, True),
        ({"UUIDs": Variant("as", ["0000fcd2-0000-1000-8000-00805f9b34fb"])}, False),
        ({"RSSI": Variant("n", -60)}, True),
        ({"RSSI": Variant("n", -40)}, False),
        ({"Pattern": Variant("s", "Met")}, True),
        ({"Pattern": Variant("s", "C0:FF")}, True),
        ({"Pattern": Variant("s", "Cuff")}, False),
    ],
)
def test_filter(options: dict[str, Variant], wanted: bool) -> None:
    assert DiscoveryFilter.read(options).wants(METER, ADDRESS, -50) is wanted


@pytest.mark.parametrize("options", [{"RSSI": Variant("s", "x")}, {"Colour": Variant("s", "red")}])
def test_wrong_filter_is_refused(options: dict[str, Variant]) -> None:
    with pytest.raises(BluezError, match="InvalidArguments"):
        DiscoveryFilter.read(options)


def test_one_client_wants_enough() -> None:
    discovery = Discovery()
    assert not discovery.wants(METER, ADDRESS, -50)
    discovery.filters[":1.1"] = DiscoveryFilter(uuids=frozenset({"other"}), duplicates=False)
    discovery.start(":1.1")
    assert not discovery.wants(METER, ADDRESS, -50)
    discovery.filters[":1.2"] = DiscoveryFilter()
    discovery.start(":1.2")
    assert discovery.wants(METER, ADDRESS, -50)
    assert discovery.duplicates
    discovery.drop_client(":1.2")
    assert not discovery.wants(METER, ADDRESS, -50)


def test_sessions_begin_and_end_once() -> None:
    discovery = Discovery()
    discovery.start(":1.1")
    with pytest.raises(BluezError, match="InProgress"):
        discovery.start(":1.1")
    discovery.stop(":1.1")
    with pytest.raises(BluezError, match="No discovery started"):
        discovery.stop(":1.1")
