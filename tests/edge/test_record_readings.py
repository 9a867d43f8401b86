"""A record becomes readings: one a value, with its doubts; a control solution becomes none."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from edge.meter_clock import ClockSighting, MeterClock
from edge.sources.record_readings import readings_from
from protocols.reading import Flag, Meal, Metric, Unit
from protocols.record import Record

NOW = datetime(2026, 3, 1, 4, 0, tzinfo=UTC)
CLOCK = MeterClock(ZoneInfo("Asia/Shanghai"), ClockSighting(NOW, datetime(2026, 3, 1, 12, 1)))
PRESSURE = ((Metric.SYSTOLIC, 182.0), (Metric.DIASTOLIC, 101.0), (Metric.PULSE, float("nan")))


def test_values_of_one_record_share_its_time_and_flags() -> None:
    record = Record(PRESSURE, datetime(2026, 3, 1, 11, 1), user_slot=2, flags=(Flag.BODY_MOVED,))
    found = readings_from(record, "ble:x", CLOCK, NOW)
    assert found.unusable == 1
    assert [(r.metric, r.value, r.unit) for r in found.readings] == [
        (Metric.SYSTOLIC, 182.0, Unit.MM_HG),
        (Metric.DIASTOLIC, 101.0, Unit.MM_HG),
    ]
    for reading in found.readings:
        assert reading.measured_at == datetime(2026, 3, 1, 3, 0, tzinfo=UTC)
        assert (reading.received_at, reading.device_time) == (NOW, datetime(2026, 3, 1, 11, 1))
        assert (reading.clock_offset_s, reading.user_slot, reading.flags) == (60.0, 2, (Flag.BODY_MOVED,))


def test_doubts_of_device_and_clock_stand_together_once() -> None:
    record = Record(((Metric.GLUCOSE, 90.0),), None, flags=(Flag.CLOCK_MISSING, Flag.ABOVE_RANGE), meal=Meal.FASTING)
    (reading,) = readings_from(record, "ble:x", CLOCK, NOW).readings
    assert reading.flags == (Flag.ABOVE_RANGE, Flag.CLOCK_MISSING)
    assert (reading.measured_at, reading.meal) == (NOW, Meal.FASTING)


def test_control_solution_is_nobody() -> None:
    record = Record(((Metric.GLUCOSE, 90.0),), datetime(2026, 3, 1, 11, 0), control_solution=True)
    found = readings_from(record, "ble:x", CLOCK, NOW)
    assert (found.readings, found.control_solution) == ((), True)
