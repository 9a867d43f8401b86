"""The keys of many readings at once are those of each by itself."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from cloud.readings.columns import columns_of
from cloud.readings.record_keys import record_keys
from protocols.reading import Metric, Reading, Unit, record_key

FIRST, LAST = datetime(1969, 12, 31), datetime(2199, 1, 1)
readings = st.builds(
    Reading,
    device=st.just("cuff"),
    metric=st.just(Metric.PULSE),
    value=st.just(60.0),
    unit=st.just(Unit.PER_MINUTE),
    measured_at=st.datetimes(FIRST, LAST, timezones=st.just(UTC)),
    received_at=st.datetimes(FIRST, LAST, timezones=st.just(UTC)),
    device_time=st.none() | st.datetimes(),
    sequence=st.none() | st.integers(0, 2**31 - 1),
    user_slot=st.none() | st.integers(0, 2**31 - 1),
)


@given(st.lists(readings, min_size=1, max_size=20))
def test_keys_are_those_of_the_contract(come: list[Reading]) -> None:
    assert record_keys(columns_of(come)).tolist() == [record_key(reading) for reading in come]


@given(st.lists(readings, min_size=1, max_size=20))
def test_times_are_microseconds_since_2000(come: list[Reading]) -> None:
    columns = columns_of(come)
    since = [(reading.measured_at - datetime(2000, 1, 1, tzinfo=UTC)) for reading in come]
    assert columns.measured_us.tolist() == [
        (gone.days * 86_400 + gone.seconds) * 10**6 + gone.microseconds for gone in since
    ]
    assert columns.device_time_us.present.tolist() == [reading.device_time is not None for reading in come]
