import math
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.errors import ImplausibleValue, ProtocolError, Truncated
from protocols.gatt.blood_pressure import (
    BloodPressureMeasurement,
    PressureStatus,
    decode_blood_pressure_measurement,
    encode_blood_pressure_measurement,
)
from protocols.reading import CANONICAL_UNIT, Flag, Metric, Unit
from tests.protocols.gatt.conftest import device_times, sent_numbers

measurements = st.builds(
    BloodPressureMeasurement,
    systolic=sent_numbers,
    diastolic=sent_numbers,
    mean=sent_numbers,
    unit=st.sampled_from((Unit.MM_HG, Unit.KPA)),
    time_stamp=device_times.filter(lambda at: at is not None) | st.none(),
    pulse_per_min=st.none() | sent_numbers,
    user_id=st.none() | st.integers(0, 254),
    status=st.none() | st.integers(0, 0xFFFF).map(PressureStatus),
)


def create_measurement(
    systolic: float = 128.0,
    diastolic: float = 79.0,
    mean: float = 95.0,
    *,
    pulse_per_min: float | None = None,
    status: PressureStatus | None = None,
    unit: Unit = Unit.MM_HG,
) -> BloodPressureMeasurement:
    return BloodPressureMeasurement(systolic, diastolic, mean, unit=unit, pulse_per_min=pulse_per_min, status=status)


@given(measurements)
def test_measurement_goes_there_and_back(measurement: BloodPressureMeasurement) -> None:
    assert decode_blood_pressure_measurement(encode_blood_pressure_measurement(measurement)) == measurement


@given(measurements, st.data())
def test_any_cut_is_truncated(measurement: BloodPressureMeasurement, data: st.DataObject) -> None:
    packet = encode_blood_pressure_measurement(measurement)
    length = data.draw(st.integers(0, len(packet) - 1))
    with pytest.raises(Truncated) as raised:
        decode_blood_pressure_measurement(packet[:length])
    assert raised.value.offset == length


@given(st.binary(max_size=24))
def test_any_bytes_give_a_record_or_a_protocol_error(data: bytes) -> None:
    try:
        record = decode_blood_pressure_measurement(data).to_record()
    except ProtocolError:
        return
    values = dict(record.values)
    assert all(metric in CANONICAL_UNIT and math.isfinite(value) for metric, value in values.items())
    if values:
        assert values[Metric.DIASTOLIC] < values[Metric.SYSTOLIC]


def test_bytes_as_a_cuff_sends_them() -> None:
    """128/79, mean 95, at 08:12, pulse 64, user 2, irregular pulse."""
    packet = bytes.fromhex("1e 8000 4f00 5f00 ea070b16080c00 4000 02 0400")
    measurement = decode_blood_pressure_measurement(packet)
    assert encode_blood_pressure_measurement(measurement) == packet
    record = measurement.to_record()
    assert record.values == (
        (Metric.SYSTOLIC, 128.0),
        (Metric.DIASTOLIC, 79.0),
        (Metric.MEAN_ARTERIAL_PRESSURE, 95.0),
        (Metric.PULSE, 64.0),
    )
    assert record.device_time == datetime(2026, 11, 22, 8, 12)
    assert record.user_slot == 2
    assert record.flags == (Flag.IRREGULAR_PULSE,)
    assert record.sequence is None


def test_kilopascals_become_millimetres_of_mercury() -> None:
    record = create_measurement(16.0, 10.6, 12.4, unit=Unit.KPA).to_record()
    values = dict(record.values)
    assert values[Metric.SYSTOLIC] == pytest.approx(120.010, abs=1e-3)
    assert values[Metric.DIASTOLIC] == pytest.approx(79.507, abs=1e-3)


def test_user_255_is_nobody_known() -> None:
    assert decode_blood_pressure_measurement(bytes.fromhex("08 8000 4f00 5f00 ff")).user_id is None


@pytest.mark.parametrize(
    ("bits", "flags"),
    [
        (0x01, (Flag.BODY_MOVED,)),
        (0x02, (Flag.CUFF_LOOSE,)),
        (0x04, (Flag.IRREGULAR_PULSE,)),
        (0x08, (Flag.PULSE_ABOVE_RANGE,)),
        (0x10, (Flag.PULSE_BELOW_RANGE,)),
        (0x18, ()),  # both sides at once is reserved
        (0x20, (Flag.BAD_POSITION,)),
        (0xFFC0, ()),
        (0x27, (Flag.BODY_MOVED, Flag.CUFF_LOOSE, Flag.IRREGULAR_PULSE, Flag.BAD_POSITION)),
    ],
)
def test_status_becomes_flags(bits: int, flags: tuple[Flag, ...]) -> None:
    assert create_measurement(status=PressureStatus(bits)).to_record().flags == flags


@pytest.mark.parametrize("mean", [math.nan, 0.0, 2040.0])
def test_mean_that_is_none_is_left_out(mean: float) -> None:
    metrics = [metric for metric, _ in create_measurement(mean=mean).to_record().values]
    assert metrics == [Metric.SYSTOLIC, Metric.DIASTOLIC]


@pytest.mark.parametrize("pulse", [None, math.nan, 0.0, math.inf])
def test_pulse_that_is_none_is_left_out(pulse: float | None) -> None:
    assert Metric.PULSE not in dict(create_measurement(pulse_per_min=pulse).to_record().values)


@pytest.mark.parametrize(("systolic", "diastolic"), [(math.nan, 79.0), (128.0, math.nan), (math.inf, math.inf)])
def test_failed_measurement_is_a_record_without_values(systolic: float, diastolic: float) -> None:
    assert create_measurement(systolic, diastolic, pulse_per_min=64.0).to_record().values == ()


@pytest.mark.parametrize(("systolic", "diastolic"), [(72.0, 81.0), (120.0, 120.0), (907.0, 600.0), (120.0, 0.0)])
def test_pressures_that_cannot_be_are_refused(systolic: float, diastolic: float) -> None:
    with pytest.raises(ImplausibleValue, match="cannot be"):
        create_measurement(systolic, diastolic).to_record()


def test_time_outside_the_calendar_costs_the_time_and_not_the_value() -> None:
    record = decode_blood_pressure_measurement(bytes.fromhex("02 8000 4f00 5f00 ea070d16080c00")).to_record()
    assert record.device_time is None
    assert record.flags == (Flag.DEVICE_TIME_FAULT,)
    assert record.values[0] == (Metric.SYSTOLIC, 128.0)


def test_other_units_are_not_sent() -> None:
    with pytest.raises(ValueError, match=r"mm\[Hg\] or kPa"):
        encode_blood_pressure_measurement(create_measurement(unit=Unit.PERCENT))
