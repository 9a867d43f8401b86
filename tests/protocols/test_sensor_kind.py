"""The kinds of IEEE 11073-10471, their codes, and what is mapped to them."""

import pytest

from protocols.adverts.bthome_kinds import KIND_OF_OBJECT
from protocols.adverts.bthome_objects import OBJECT_TYPES
from protocols.device_kind import DeviceKind
from protocols.sensor_kind import KIND_OF_METRIC, SENSE_OF_DEVICE, SensorKind, kind_of_sub_profile

# IEEE 11073-10101 by way of the nomenclature tables of open implementations: sub-profile (partition 8), type (130)
CODES = {
    "fall": (4213, 1),
    "personal_trigger": (4214, 2),
    "smoke": (4215, 3),
    "carbon_monoxide": (4216, 4),
    "water": (4217, 5),
    "gas": (4218, 6),
    "motion": (4219, 7),
    "property_exit": (4220, 8),
    "enuresis": (4221, 9),
    "contact": (4222, 10),
    "usage": (4223, 11),
    "switch": (4224, 12),
    "dosage": (4225, 13),
    "temperature": (4226, 14),
}


def test_codes_are_those_of_the_standard() -> None:
    assert {kind.value: (kind.sub_profile_code, kind.type_code) for kind in SensorKind} == CODES


@pytest.mark.parametrize("kind", SensorKind)
def test_a_sub_profile_leads_back_to_its_kind(kind: SensorKind) -> None:
    assert kind_of_sub_profile(kind.sub_profile_code) is kind


@pytest.mark.parametrize("code", [4212, 4227, 0, -1])
def test_other_codes_are_of_no_kind(code: int) -> None:
    assert kind_of_sub_profile(code) is None


def test_an_object_and_its_metric_are_of_one_kind() -> None:
    for number, shape in OBJECT_TYPES.items():
        if shape.metric is not None and shape.metric in KIND_OF_METRIC:
            assert KIND_OF_OBJECT[number] is KIND_OF_METRIC[shape.metric], hex(number)
    assert KIND_OF_OBJECT.keys() <= OBJECT_TYPES.keys()


def test_every_device_of_the_home_that_is_no_body_meter_is_there_for_something() -> None:
    assert set(DeviceKind) - SENSE_OF_DEVICE.keys() == {DeviceKind.GLUCOMETER, DeviceKind.SPHYGMOMANOMETER}
