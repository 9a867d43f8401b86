"""Advertisements and values of bthome-ble's own tests (tests/vectors)."""

from typing import Any

import pytest

from protocols.adverts.bthome import BTHOME_UUID, BThomeAdvert, decode_bthome
from protocols.adverts.bthome_objects import OBJECT_TYPES, VOLUME_FLOW_RATE
from protocols.reading import Metric
from tests.vectors import load_vectors

VECTORS = load_vectors("bthome_v2_vectors.json")

_CUBIC_METRES_PER_HOUR = OBJECT_TYPES[VOLUME_FLOW_RATE].to_canonical


def _values(advert: BThomeAdvert) -> list[float | bytes]:
    """All values of `advert` in the units of BTHome's table, as the vectors have them."""
    ours = [value / _CUBIC_METRES_PER_HOUR if metric is Metric.FLOW else value for metric, value in advert.measurements]
    packet_id: list[float | bytes] = [] if advert.packet_id is None else [advert.packet_id]
    return packet_id + ours + [value for _, value in advert.others]


def _expected(vector: dict[str, Any]) -> list[float | bytes]:
    values: list[float | bytes] = []
    for name, text in vector["expected_sensors"]:
        if name == "text":
            values.append(text.encode())
        elif name == "raw":
            values.append(bytes.fromhex(text))
        else:
            values.append(float(text))
    return values + [float(text == "True") for _, text in vector["expected_binary"]]


def _numbers(values: list[float | bytes]) -> list[float]:
    return sorted(value for value in values if not isinstance(value, bytes))


def _texts(values: list[float | bytes]) -> list[bytes]:
    return [value for value in values if isinstance(value, bytes)]


def test_every_vector_is_used() -> None:
    assert len(VECTORS) == 65
    assert all(vector["service_data_uuid"] == BTHOME_UUID[4:8] for vector in VECTORS)


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["name"])
def test_values_are_those_of_the_vector(vector: dict[str, Any]) -> None:
    advert = decode_bthome(bytes.fromhex(vector["payload_hex"]), mac=vector["device_address"], bind_key=None)
    found, expected = _values(advert), _expected(vector)
    assert _numbers(found) == pytest.approx(_numbers(expected))
    assert _texts(found) == _texts(expected)
    assert not advert.encrypted
    assert advert.counter is None
    assert advert.buttons == ()


def test_reading_stops_at_an_unknown_object_and_keeps_it() -> None:
    vector = next(v for v in VECTORS if v["name"] == "bthome_battery_wrong_object_id_humidity")
    advert = decode_bthome(bytes.fromhex(vector["payload_hex"]), mac=vector["device_address"], bind_key=None)
    assert advert.measurements == ((Metric.DEVICE_BATTERY, 93.0),)
    assert advert.unread == bytes.fromhex("fe5d0903b718")


@pytest.mark.parametrize("name", ["bthome_acceleration", "bthome_gyroscope", "bthome_text", "bthome_raw"])
def test_trigger_based_devices_are_marked(name: str) -> None:
    """The vectors whose information byte is 0x44."""
    vector = next(v for v in VECTORS if v["name"] == name)
    assert decode_bthome(
        bytes.fromhex(vector["payload_hex"]), mac=vector["device_address"], bind_key=None
    ).trigger_based


def test_order_of_repeated_metrics_is_kept() -> None:
    vector = next(v for v in VECTORS if v["name"] == "bthome_double_temperature")
    advert = decode_bthome(bytes.fromhex(vector["payload_hex"]), mac=vector["device_address"], bind_key=None)
    assert advert.measurements == ((Metric.AMBIENT_TEMPERATURE, 25.06), (Metric.AMBIENT_TEMPERATURE, 25.11))
