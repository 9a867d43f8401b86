"""Sensors of one room are one place."""

import pytest

from cloud.detection.events.places import place_of
from cloud.detection.shower.rooms import is_bathroom


@pytest.mark.parametrize(
    "labels",
    [
        ("Bathroom sensor", "bathroom", "Bathroom: motion", "Bathroom door contact"),
        ("浴室传感器", "浴室人体传感器", "浴室 温湿度"),
        ("Kitchen", "kitchen motion sensor", "Kitchen-temperature"),
    ],
)
def test_what_a_sensor_is_says_nothing_of_where(labels: tuple[str, ...]) -> None:
    assert len({place_of("motion_sensor", label, "ble:1") for label in labels}) == 1


def test_a_showers_sensor_stands_in_a_bathroom() -> None:
    assert is_bathroom(place_of("shower_sensor", "", "ble:1"))
    assert is_bathroom(place_of("shower_sensor", "upstairs", "ble:1"))
    assert place_of("shower_sensor", "upstairs", "ble:1") != place_of("shower_sensor", "", "ble:1")


def test_a_sensor_without_a_room_is_a_place_of_its_own() -> None:
    assert place_of("motion_sensor", "", "ble:1") == "ble:1"
    assert place_of("motion_sensor", "Sensor", "ble:1") == "ble:1"
