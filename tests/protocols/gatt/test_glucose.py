import math
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.errors import ImplausibleValue, ProtocolError, Truncated
from protocols.gatt.glucose import (
    HIGH_BOUND_MG_DL,
    LOW_BOUND_MG_DL,
    TIME_OFFSET_OVERRUN,
    TIME_OFFSET_UNDERRUN,
    Annunciation,
    ConcentrationUnit,
    GlucoseMeasurement,
    SampleLocation,
    SampleType,
    decode_glucose_measurement,
    encode_glucose_measurement,
)
from protocols.reading import Flag, Meal, Metric
from tests.protocols.gatt.conftest import device_times, sent_numbers

AT = datetime(2026, 11, 22, 7, 30)


@st.composite
def measurements(draw: st.DrawFn) -> GlucoseMeasurement:
    concentration = draw(st.none() | sent_numbers)
    nibble = st.integers(0, 15) if concentration is not None else st.just(1)
    return GlucoseMeasurement(
        sequence=draw(st.integers(0, 0xFFFF)),
        base_time=draw(device_times),
        time_offset_min=draw(st.none() | st.integers(-0x8000, 0x7FFF)),
        concentration=concentration,
        unit=draw(st.sampled_from(ConcentrationUnit)),
        sample_type=draw(nibble),
        sample_location=draw(nibble),
        annunciation=draw(st.none() | st.integers(0, 0xFFFF).map(Annunciation)),
        context_follows=draw(st.booleans()),
    )


@given(measurements())
def test_measurement_goes_there_and_back(measurement: GlucoseMeasurement) -> None:
    assert decode_glucose_measurement(encode_glucose_measurement(measurement)) == measurement


@given(measurements(), st.data())
def test_any_cut_is_truncated(measurement: GlucoseMeasurement, data: st.DataObject) -> None:
    packet = encode_glucose_measurement(measurement)
    length = data.draw(st.integers(0, len(packet) - 1))
    with pytest.raises(Truncated) as raised:
        decode_glucose_measurement(packet[:length])
    assert raised.value.offset == length


@given(measurements(), st.binary(max_size=8))
def test_later_fields_are_ignored(measurement: GlucoseMeasurement, later: bytes) -> None:
    assert decode_glucose_measurement(encode_glucose_measurement(measurement) + later) == measurement


@given(st.binary(max_size=24))
def test_any_bytes_give_a_record_or_a_protocol_error(data: bytes) -> None:
    try:
        record = decode_glucose_measurement(data).to_record()
    except ProtocolError:
        return
    for metric, value in record.values:
        assert metric is Metric.GLUCOSE
        assert 1 <= value <= 2000


def test_bytes_as_a_meter_sends_them() -> None:
    """105 mg/dL (105e-5 kg/L), capillary plasma from a finger, 60 minutes ahead of the base time."""
    packet = bytes.fromhex("03 2a00 ea070b16071e00 3c00 69b0 12")
    record = decode_glucose_measurement(packet).to_record()
    assert record.values == ((Metric.GLUCOSE, 105.0),)
    assert record.device_time == datetime(2026, 11, 22, 8, 30)
    assert record.sequence == 42
    assert record.flags == ()
    assert not record.control_solution


def test_moles_become_milligrams() -> None:
    measurement = GlucoseMeasurement(1, AT, concentration=5.8e-3, unit=ConcentrationUnit.MOL_PER_L)
    assert measurement.to_record().values == ((Metric.GLUCOSE, 104.4905),)


def test_meal_is_handed_through() -> None:
    assert GlucoseMeasurement(1, AT, concentration=1e-3).to_record(meal=Meal.FASTING).meal is Meal.FASTING


@pytest.mark.parametrize(
    ("bit", "flag"),
    [
        (0, Flag.DEVICE_BATTERY_LOW),
        (1, Flag.SENSOR_FAULT),
        (2, Flag.SAMPLE_SHORT),
        (3, Flag.STRIP_ERROR),
        (4, Flag.STRIP_TYPE_WRONG),
        (5, Flag.ABOVE_RANGE),
        (6, Flag.BELOW_RANGE),
        (7, Flag.METER_TOO_HOT),
        (8, Flag.METER_TOO_COLD),
        (9, Flag.STRIP_PULLED),
        (10, Flag.SENSOR_FAULT),
        (11, Flag.DEVICE_TIME_FAULT),
    ],
)
def test_annunciation_becomes_flags(bit: int, flag: Flag) -> None:
    measurement = GlucoseMeasurement(1, AT, concentration=1e-3, annunciation=Annunciation(1 << bit))
    assert measurement.to_record().flags == (flag,)
    assert measurement.to_record().values == ((Metric.GLUCOSE, 100.0),)


def test_reserved_annunciation_is_kept_and_says_nothing() -> None:
    measurement = GlucoseMeasurement(1, AT, concentration=1e-3, annunciation=Annunciation(0xF000))
    assert decode_glucose_measurement(encode_glucose_measurement(measurement)).annunciation == 0xF000
    assert measurement.to_record().flags == ()


@pytest.mark.parametrize("concentration", [None, math.nan, math.inf, 0.02045])
def test_hi_without_a_usable_number_is_the_bound(concentration: float | None) -> None:
    measurement = GlucoseMeasurement(1, AT, concentration=concentration, annunciation=Annunciation.RESULT_TOO_HIGH)
    assert measurement.to_record().values == ((Metric.GLUCOSE, HIGH_BOUND_MG_DL),)
    assert Flag.ABOVE_RANGE in measurement.to_record().flags


@pytest.mark.parametrize("concentration", [None, math.nan, -math.inf, 0.0])
def test_lo_without_a_usable_number_is_the_bound(concentration: float | None) -> None:
    measurement = GlucoseMeasurement(1, AT, concentration=concentration, annunciation=Annunciation.RESULT_TOO_LOW)
    assert measurement.to_record().values == ((Metric.GLUCOSE, LOW_BOUND_MG_DL),)
    assert Flag.BELOW_RANGE in measurement.to_record().flags


def test_infinity_alone_says_hi() -> None:
    record = GlucoseMeasurement(1, AT, concentration=math.inf).to_record()
    assert record.values == ((Metric.GLUCOSE, HIGH_BOUND_MG_DL),)
    assert record.flags == (Flag.ABOVE_RANGE,)


@pytest.mark.parametrize("concentration", [None, math.nan])
def test_no_result_is_a_record_without_values(concentration: float | None) -> None:
    assert GlucoseMeasurement(1, AT, concentration=concentration).to_record().values == ()


@pytest.mark.parametrize("concentration", [0.0, -1e-3, 81.0, 0.0201])
def test_what_cannot_be_is_refused_by_name(concentration: float) -> None:
    with pytest.raises(ImplausibleValue, match=r"record 7: glucose of"):
        GlucoseMeasurement(7, AT, concentration=concentration).to_record()


@pytest.mark.parametrize(
    ("sample_type", "sample_location"),
    [(SampleType.CONTROL_SOLUTION, SampleLocation.FINGER), (SampleType.CAPILLARY_PLASMA, SampleLocation(4))],
)
def test_control_solution_is_not_a_person(sample_type: int, sample_location: int) -> None:
    measurement = GlucoseMeasurement(
        1, AT, concentration=1.2e-3, sample_type=sample_type, sample_location=sample_location
    )
    assert measurement.to_record().control_solution


@pytest.mark.parametrize("offset", [TIME_OFFSET_OVERRUN, TIME_OFFSET_UNDERRUN])
def test_offset_that_did_not_fit_costs_the_time_and_not_the_value(offset: int) -> None:
    record = GlucoseMeasurement(1, AT, offset, concentration=1e-3).to_record()
    assert record.device_time is None
    assert record.flags == (Flag.DEVICE_TIME_FAULT,)
    assert record.values == ((Metric.GLUCOSE, 100.0),)


def test_time_outside_the_calendar_costs_the_time_and_not_the_value() -> None:
    measurement = decode_glucose_measurement(bytes.fromhex("02 0100 e4070d150a1e2d 64b0 11"))
    assert measurement.base_time_invalid
    assert measurement.to_record().flags == (Flag.DEVICE_TIME_FAULT,)
    assert measurement.to_record().values == ((Metric.GLUCOSE, 100.0),)


def test_unknown_time_is_no_fault() -> None:
    record = GlucoseMeasurement(1, None, 60, concentration=1e-3).to_record()
    assert record.device_time is None
    assert record.flags == ()


def test_offset_beyond_the_calendar_is_no_time() -> None:
    assert GlucoseMeasurement(1, datetime(9999, 12, 31, 23, 59), 600).user_facing_time is None
