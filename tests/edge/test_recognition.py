"""What a device on the air is taken for."""

import pytest

from edge.catalogue import load_catalogue
from edge.sources.recognition import Guess, Heard, recognise
from firmware_sim.peripherals.models import BLE_MODELS
from protocols.adverts.bthome import BTHOME_UUID
from protocols.gatt import uuids
from protocols.gatt.vendor import taidoc
from protocols.gatt.vendor.microlife.frame import SERVICE as MICROLIFE
from protocols.gatt.vendor.omron.models import CLASSIC_SERVICE, MODERN_SERVICE
from protocols.gatt.vendor.verio.wire import SERVICE as VERIO
from tests.edge.conftest import CATALOGUE

OTHERS_SERVICE = "0000180f-0000-1000-8000-00805f9b34fb"


def guess(
    name: str = "",
    *services: str,
    data: dict[str, bytes] | None = None,
    manufacturer_data: dict[int, bytes] | None = None,
) -> Guess | None:
    return recognise(Heard(name, services, data or {}, manufacturer_data or {}))


@pytest.mark.parametrize(
    ("name", "service", "model"),
    [
        ("meter+12345678", uuids.GLUCOSE_SERVICE, "bluetooth-glucose"),
        ("X4 Smart", uuids.BLOOD_PRESSURE_SERVICE, "bluetooth-blood-pressure"),
        ("OneTouch J7RG", VERIO, "onetouch-verio-flex"),
        ("OneTouch J7RG", OTHERS_SERVICE, "onetouch-verio-flex"),
        ("TAIDOC TD4279", taidoc.SERVICE, "taidoc-td42xx-ble"),
        ("TAIDOC TD-3128", taidoc.SERVICE, "taidoc-td31xx-ble"),
        ("BP3GY1-2N", MICROLIFE, "microlife-b6"),
        ("BLESmart_00000116", CLASSIC_SERVICE, "omron-hem-7322t"),
        ("BLESmart_00000116", OTHERS_SERVICE, "omron-hem-7322t"),
        ("", MODERN_SERVICE, "omron-hem-7142t2"),
    ],
)
def test_meters_are_told_by_service_and_name(name: str, service: str, model: str) -> None:
    found = guess(name, service)
    assert found is not None
    assert found.models[0] == model


@pytest.mark.parametrize(
    ("service_data", "model"), [(b"\x40\x03\xbf\x13", "bthome-sensor"), (b"\x45\x3a\x01", "bthome-button")]
)
def test_sensor_and_button_are_told_by_what_they_say(service_data: bytes, model: str) -> None:
    found = guess(data={BTHOME_UUID: service_data})
    assert found is not None
    assert found.models == (model,)


def test_ruuvi_is_told_by_the_format_that_is_read() -> None:
    found = guess("Ruuvi 884F", manufacturer_data={0x0499: b"\x05\x12\xfc"})
    assert found is not None
    assert found.models == ("ruuvi-tag",)
    for other in (b"", b"\x03\x29", b"\x06\x17"):
        assert guess("Ruuvi 884F", manufacturer_data={0x0499: other}) is None


def test_taidoc_without_its_number_may_be_either() -> None:
    found = guess("FORA", taidoc.SERVICE)
    assert found is not None
    assert set(found.models) == {"taidoc-td42xx-ble", "taidoc-td31xx-ble"}


@pytest.mark.parametrize(
    ("name", "service"), [("", OTHERS_SERVICE), ("LED strip", MICROLIFE), ("TD4279", OTHERS_SERVICE)]
)
def test_neighbours_are_none_of_ours(name: str, service: str) -> None:
    assert guess(name, service) is None


def test_every_model_of_the_simulator_is_in_the_catalogue() -> None:
    assert set(BLE_MODELS) <= set(load_catalogue(CATALOGUE))
