from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.reading import (
    CANONICAL_UNIT,
    Metric,
    Reading,
    Unit,
    in_canonical_unit,
    record_key,
    record_key_without_user,
)

MEASURED = datetime(2026, 11, 22, 7, 30, tzinfo=UTC)
device_times = st.datetimes(datetime(2000, 1, 1), datetime(2099, 12, 31)).map(lambda at: at.replace(microsecond=0))
instants = st.datetimes(datetime(2000, 1, 1), datetime(2099, 12, 31), timezones=st.just(UTC))


def create_reading(
    *,
    device_time: datetime | None = None,
    sequence: int | None = None,
    user_slot: int | None = None,
    measured_at: datetime = MEASURED,
) -> Reading:
    return Reading(
        device="ble:C0:FF:EE:00:00:01",
        metric=Metric.GLUCOSE,
        value=105.0,
        unit=Unit.MG_DL,
        measured_at=measured_at,
        received_at=MEASURED,
        device_time=device_time,
        sequence=sequence,
        user_slot=user_slot,
    )


users = st.none() | st.integers(0, 254)


@given(device_times, st.none() | st.integers(0, 0xFFFF), instants, instants)
def test_key_of_a_record_does_not_depend_on_the_corrected_time(
    device_time: datetime, sequence: int | None, first: datetime, second: datetime
) -> None:
    keys = {
        record_key(create_reading(device_time=device_time, sequence=sequence, measured_at=at)) for at in (first, second)
    }
    assert len(keys) == 1


@given(device_times, device_times, st.integers(0, 0xFFFE), st.integers(0, 0xFFFE))
def test_records_of_other_time_or_number_have_other_keys(one: datetime, other: datetime, n: int, m: int) -> None:
    same = (one, n) == (other, m)
    first = record_key(create_reading(device_time=one, sequence=n))
    second = record_key(create_reading(device_time=other, sequence=m))
    assert (first == second) == same


@given(device_times, st.none() | st.integers(0, 0xFFFF), users, users)
def test_two_users_of_one_meter_in_one_second_are_two_records(
    at: datetime, sequence: int | None, one: int | None, other: int | None
) -> None:
    first = record_key(create_reading(device_time=at, sequence=sequence, user_slot=one))
    second = record_key(create_reading(device_time=at, sequence=sequence, user_slot=other))
    assert (first == second) == (one == other)


@given(device_times, st.none() | st.integers(0, 0xFFFF), users)
def test_a_record_without_a_user_keeps_the_key_that_it_had(
    at: datetime, sequence: int | None, user_slot: int | None
) -> None:
    before = int(at.replace(tzinfo=UTC).timestamp()) << 16 | (0xFFFF if sequence is None else sequence)
    assert record_key(create_reading(device_time=at, sequence=sequence)) == before
    key = record_key(create_reading(device_time=at, sequence=sequence, user_slot=user_slot))
    assert record_key_without_user(key) == before


@given(instants, st.datetimes().map(lambda at: at.replace(microsecond=0)), st.none() | st.integers(0, 2**31 - 1))
def test_keys_fit_63_bits_and_heard_values_never_meet_records(
    heard_at: datetime, device_time: datetime, number: int | None
) -> None:
    heard = record_key(create_reading(measured_at=heard_at, user_slot=number))
    record = record_key(create_reading(device_time=device_time, sequence=number, user_slot=number))
    assert 0 <= record < 1 << 62 <= heard < 1 << 63
    assert record_key_without_user(heard) == heard


def test_heard_values_a_millisecond_apart_are_two() -> None:
    later = MEASURED + timedelta(milliseconds=1)
    assert record_key(create_reading()) != record_key(create_reading(measured_at=later))


def test_a_clock_before_1970_and_a_missing_clock_still_give_a_key() -> None:
    assert record_key(create_reading(device_time=datetime(1969, 1, 1), sequence=7)) == 7
    assert record_key(create_reading(sequence=7)) == 7


def test_every_metric_has_a_canonical_unit() -> None:
    assert set(CANONICAL_UNIT) == set(Metric)


def test_conversion_to_canonical_units() -> None:
    assert in_canonical_unit(Metric.GLUCOSE, 5.5, Unit.MMOL_L) == pytest.approx(99.0858)
    assert in_canonical_unit(Metric.SYSTOLIC, 16.0, Unit.KPA) == pytest.approx(120.01, abs=0.01)
    assert in_canonical_unit(Metric.PULSE, 72.0, Unit.PER_MINUTE) == 72.0


@pytest.mark.parametrize(
    ("metric", "unit"), [(Metric.GLUCOSE, Unit.KPA), (Metric.PULSE, Unit.KPA), (Metric.SYSTOLIC, Unit.MMOL_L)]
)
def test_a_unit_in_which_the_metric_is_not_measured_is_refused(metric: Metric, unit: Unit) -> None:
    with pytest.raises(ValueError, match=f"{metric} is not measured in"):
        in_canonical_unit(metric, 1.0, unit)
