"""Packets made by Nordic Semiconductor for its own parsers (tests/vectors).

Their numbers are of the form of a measurement, not of its size: 81 mol/L of glucose, 121 kPa, a systolic below its
diastolic. So `decode_` must read every whole packet and `to_record` must refuse what cannot be.
"""

from datetime import datetime
from typing import Any

import pytest

from protocols.errors import ImplausibleValue, Truncated
from protocols.gatt.blood_pressure import PressureStatus, decode_blood_pressure_measurement
from protocols.gatt.glucose import (
    Annunciation,
    ConcentrationUnit,
    SampleType,
    decode_glucose_measurement,
)
from protocols.reading import Flag, Unit
from tests.vectors import load_vectors

VECTORS = load_vectors("nordic_gls_bps_vectors.json")
GLUCOSE = [vector for vector in VECTORS if vector["char"] == "2A18"]
PRESSURE = [vector for vector in VECTORS if vector["char"] in ("2A35", "2A36")]


def _time(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def test_every_vector_is_used() -> None:
    assert len(VECTORS) == 10
    assert len(GLUCOSE) + len(PRESSURE) == len(VECTORS)


@pytest.mark.parametrize("vector", GLUCOSE, ids=lambda vector: vector["name"])
def test_glucose_measurement(vector: dict[str, Any]) -> None:
    data, expected = bytes.fromhex(vector["hex"]), vector["expect"]
    if expected == "reject":
        with pytest.raises(Truncated):
            decode_glucose_measurement(data)
        return
    measurement = decode_glucose_measurement(data)
    assert measurement.sequence == expected["seq"]
    assert measurement.base_time == _time(expected["base_time"])
    assert measurement.context_follows == expected["context_follows"]
    if "concentration_raw" not in expected:
        assert measurement.concentration is None
        assert measurement.to_record().values == ()
        return
    assert measurement.concentration == expected["concentration_raw"]
    assert measurement.unit is ConcentrationUnit.MOL_PER_L
    assert measurement.time_offset_min == expected["time_offset_min"]
    assert measurement.sample_type == expected["type"] == SampleType.VENOUS_PLASMA
    assert measurement.sample_location == expected["sample_location"]
    assert measurement.annunciation == Annunciation(expected["status"])
    with pytest.raises(ImplausibleValue):
        measurement.to_record()  # 81 mol/L


@pytest.mark.parametrize("vector", PRESSURE, ids=lambda vector: f"{vector['char']} {vector['name']}")
def test_pressure_measurement(vector: dict[str, Any]) -> None:
    data, expected = bytes.fromhex(vector["hex"]), vector["expect"]
    if expected == "reject":
        with pytest.raises(Truncated):
            decode_blood_pressure_measurement(data)
        return
    measurement = decode_blood_pressure_measurement(data)
    assert measurement.systolic == expected.get("systolic_raw", expected.get("cuff_raw"))
    assert measurement.diastolic == expected.get("diastolic_raw", 0)
    assert measurement.mean == expected.get("map_raw", 0)
    assert measurement.unit is (Unit.KPA if expected["unit"] == "kPa" else Unit.MM_HG)
    assert measurement.time_stamp == _time(expected["time"])
    assert measurement.pulse_per_min == expected.get("pulse")
    assert measurement.user_id == expected.get("user_id")
    if expected.get("irregular_pulse"):
        assert measurement.status == PressureStatus(expected["status"])
        assert measurement.status & PressureStatus.IRREGULAR_PULSE
    with pytest.raises(ImplausibleValue):
        measurement.to_record()


def test_status_bits_of_the_full_pressure_packet_are_named_as_upstream() -> None:
    """The same status beside pressures that can be."""
    measurement = decode_blood_pressure_measurement(bytes.fromhex("10 7900 5100 6a00 0600"))
    assert measurement.to_record().flags == (Flag.CUFF_LOOSE, Flag.IRREGULAR_PULSE)
