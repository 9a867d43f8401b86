import math
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.errors import Truncated
from protocols.reading import Flag, Meal, Metric
from protocols.taidoc import records
from protocols.taidoc.records import Strip

AT = datetime(2026, 11, 22, 7, 30)


@pytest.mark.parametrize(
    ("data", "values", "meal", "control"),
    [
        # the marks are those of glucometer-protocols taidoc/td42xx and Tidepool's glucoRxDriver (AC, PC, control)
        ("69000000", ((Metric.GLUCOSE, 105.0),), None, False),
        ("69001240", ((Metric.GLUCOSE, 105.0),), Meal.BEFORE_MEAL, False),
        ("2c010080", ((Metric.GLUCOSE, 300.0),), Meal.AFTER_MEAL, False),
        ("690000c0", ((Metric.GLUCOSE, 105.0),), None, True),
        # ketone in thirtieths: Tidepool's glucoRxDriver and advmeds TaiDocMixDecoder01
        ("2d00001c", ((Metric.KETONE, 1.5),), None, False),
        ("2d0000dc", ((Metric.KETONE, 1.5),), None, True),
    ],
)
def test_glucose_value(data: str, values: tuple[tuple[Metric, float], ...], meal: Meal | None, control: bool) -> None:
    record = records.decode_glucose_value(bytes.fromhex(data), AT)
    assert (record.values, record.meal, record.control_solution) == (values, meal, control)
    assert record.device_time == AT
    assert record.flags == ()


@pytest.mark.parametrize(
    ("mg_dl", "recorded", "flags"),
    [(19, 20.0, (Flag.BELOW_RANGE,)), (20, 20.0, ()), (600, 600.0, ()), (601, 600.0, (Flag.ABOVE_RANGE,))],
)
def test_hi_and_lo_are_bounds(mg_dl: int, recorded: float, flags: tuple[Flag, ...]) -> None:
    record = records.decode_glucose_value(records.encode_glucose_value(mg_dl), AT)
    assert (record.values, record.flags) == (((Metric.GLUCOSE, recorded),), flags)


def test_ketone_above_its_range_is_a_bound() -> None:
    record = records.decode_glucose_value(records.encode_glucose_value(300, Strip.KETONE), AT)
    assert (record.values, record.flags) == (((Metric.KETONE, 8.0),), (Flag.ABOVE_RANGE,))


@pytest.mark.parametrize("strip", set(Strip) - {Strip.GLUCOSE, Strip.KETONE})
def test_strip_without_a_metric_gives_no_value(strip: Strip) -> None:
    assert records.decode_glucose_value(records.encode_glucose_value(180, strip), AT).values == ()


@given(st.binary(min_size=4, max_size=4))
def test_any_four_bytes_are_a_glucose_record(data: bytes) -> None:
    record = records.decode_glucose_value(data, AT)
    assert all(value >= 0 for _, value in record.values)


def test_pressure_value() -> None:
    """The places of advmeds-bluetooth-lib TaiDocBaseBpDecoder01: d0, d2 and d3."""
    record = records.decode_pressure_value(bytes((128, 95, 79, 66)), AT)
    assert record.values == ((Metric.SYSTOLIC, 128.0), (Metric.DIASTOLIC, 79.0), (Metric.PULSE, 66.0))


@pytest.mark.parametrize("data", [(0, 0, 79, 66), (128, 0, 79, 0), (128, 0, 79, 3), (128, 0, 0, 66), (79, 0, 128, 66)])
def test_what_no_body_has_is_no_number(data: tuple[int, ...]) -> None:
    assert all(math.isnan(value) for _, value in records.decode_pressure_value(bytes(data), AT).values)


@given(st.integers(1, 255), st.integers(1, 255), st.integers(4, 255))
def test_pressure_round_trip(systolic: int, diastolic: int, pulse: int) -> None:
    if systolic <= diastolic:
        return
    values = dict(records.decode_pressure_value(records.encode_pressure_value(systolic, diastolic, pulse), AT).values)
    assert (values[Metric.SYSTOLIC], values[Metric.DIASTOLIC], values[Metric.PULSE]) == (systolic, diastolic, pulse)


@pytest.mark.parametrize("decode", [records.decode_glucose_value, records.decode_pressure_value])
@pytest.mark.parametrize("length", range(4))
def test_truncated_value_is_told(decode: object, length: int) -> None:
    assert callable(decode)
    with pytest.raises(Truncated):
        decode(bytes(length), AT)
