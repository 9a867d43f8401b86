"""Opening letters: what is refused whole, what is refused alone, and that nothing unstorable comes through."""

import contextlib
import re
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud.errors import RejectedMessage
from cloud.readings.opening import AHEAD, OLDEST, fault_of, is_plain, open_readings, within_time
from protocols.reading import Flag, Metric, Reading, Unit
from protocols.telemetry.messages import ReadingsMessage, encode
from protocols.telemetry.topics import READINGS, topic

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
TOPIC = topic("gw-1", READINGS)


def create_reading(**changes: object) -> Reading:
    reading = Reading(
        device="ble:C0:FF:EE:00:01:02",
        metric=Metric.SYSTOLIC,
        value=142.0,
        unit=Unit.MM_HG,
        measured_at=NOW,
        received_at=NOW,
    )
    return msgspec.structs.replace(reading, **changes)


def create_payload(*readings: Reading, first: int = 1) -> bytes:
    return encode(ReadingsMessage(epoch=7, first=first, sent_at=NOW, readings=readings))


def test_a_good_letter_keeps_numbers() -> None:
    delivery = open_readings(TOPIC, create_payload(create_reading(), create_reading(value=80.0), first=41), NOW)
    assert list(delivery.numbers) == [41, 42]
    assert (delivery.gateway, delivery.epoch, delivery.first, delivery.count) == ("gw-1", 7, 41, 2)
    assert delivery.fault is None


@pytest.mark.parametrize(
    ("where", "payload", "reason"),
    [
        (TOPIC, b"", "not a ReadingsMessage"),
        (TOPIC, b"\xff\xfe{", "not a ReadingsMessage"),
        (TOPIC, b'{"epoch": 1}', "missing required field"),
        (TOPIC, create_payload(), "0 readings in a message"),
        (TOPIC, create_payload(create_reading(), first=0), "out of range"),
        ("doorstep/v1/../readings", create_payload(create_reading()), "is not doorstep/v1/GATEWAY/CHANNEL"),
        (TOPIC, b" " * 1_048_577, "at most 1048576 are allowed"),
    ],
)
def test_no_message_is_refused_with_its_reason(where: str, payload: bytes, reason: str) -> None:
    with pytest.raises(RejectedMessage, match=reason):
        open_readings(where, payload, NOW)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"device": ""}, "device: a printable name"),
        ({"device": "ble:\0"}, "device: a printable name"),
        ({"device": "x" * 201}, "device: a printable name"),
        ({"unit": Unit.KPA}, "unit: systolic is sent in mm"),
        ({"measured_at": datetime(1960, 1, 1, tzinfo=UTC)}, "measured_at: .* clock wrong"),
        ({"received_at": NOW + timedelta(days=400)}, "received_at: .* not between 1970 and a year from now"),
        ({"sequence": -1}, "sequence: -1"),
        ({"sequence": 2**31}, "sequence: 2147483648"),
        ({"user_slot": 2**40}, "user_slot"),
        ({"value": float("inf")}, "value: not a finite number"),
        ({"clock_offset_s": float("nan")}, "clock_offset_s"),
    ],
)
def test_a_bad_reading_is_named(changes: dict[str, object], reason: str) -> None:
    assert re.search(reason, fault_of(create_reading(**changes), NOW) or "no fault")


@pytest.mark.parametrize(
    ("measured_at", "at", "flags"),
    [
        (datetime(1970, 1, 1, tzinfo=UTC), datetime(1970, 1, 1, tzinfo=UTC), (Flag.CLOCK_RESET,)),
        (datetime(1582, 1, 1, tzinfo=UTC), OLDEST, (Flag.CLOCK_RESET,)),
        (NOW + timedelta(days=20), NOW + timedelta(days=20), ()),
        (datetime(9999, 12, 31, tzinfo=UTC), NOW + AHEAD, (Flag.FROM_FUTURE,)),
    ],
)
def test_a_record_of_an_impossible_time_is_kept_and_flagged(
    measured_at: datetime, at: datetime, flags: tuple[Flag, ...]
) -> None:
    device_time = measured_at.replace(tzinfo=None)
    payload = create_payload(create_reading(measured_at=measured_at, device_time=device_time, flags=()))
    delivery = open_readings(TOPIC, payload, NOW)
    assert delivery.fault is None
    (found,) = delivery.readings
    assert (found.measured_at, found.flags, found.device_time) == (at, flags, device_time)


def test_good_neighbours_of_a_bad_reading_are_taken() -> None:
    bad = create_reading(unit=Unit.KPA)
    delivery = open_readings(TOPIC, create_payload(create_reading(), *[bad] * 4, create_reading(), first=10), NOW)
    assert list(delivery.numbers) == [10, 15]
    assert delivery.count == 6
    assert delivery.fault is not None
    assert delivery.fault.startswith("readings[1]: unit")
    assert delivery.fault.endswith("and 1 more")


@given(st.binary(max_size=300))
def test_any_bytes_are_opened_or_rejected(payload: bytes) -> None:
    with contextlib.suppress(RejectedMessage):
        assert open_readings(TOPIC, payload, NOW).count > 0


@given(
    st.datetimes(timezones=st.sampled_from([UTC, timezone(timedelta(hours=14)), timezone(timedelta(hours=-12))])),
    st.one_of(st.none(), st.datetimes()),
    st.text(),
    st.floats(),
    st.one_of(st.none(), st.integers()),
)
def test_what_has_no_fault_is_in_bounds(
    measured_at: datetime, device_time: datetime | None, device: str, value: float, sequence: int | None
) -> None:
    reading = create_reading(
        measured_at=measured_at, device_time=device_time, device=device, value=value, sequence=sequence
    )
    if fault_of(reading, NOW) is None:
        assert "\0" not in device
        assert measured_at.astimezone(UTC).year >= 1969
        assert sequence is None or 0 <= sequence < 2**31


SMALL = st.one_of(st.none(), st.integers(-2, 2**31 + 2))
NEARLY_SOUND = st.fixed_dictionaries(
    {
        "measured_at": st.datetimes(datetime(1960, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)),
        "device": st.sampled_from(["", "cuff", "cuff\n", "c" * 201]),
        "unit": st.sampled_from([Unit.MM_HG, Unit.KPA]),
        "value": st.one_of(st.just(120.0), st.floats()),
        "clock_offset_s": st.one_of(st.none(), st.floats()),
        "sequence": SMALL,
        "user_slot": SMALL,
    }
)


@given(NEARLY_SOUND)
def test_the_first_look_lets_through_what_the_closer_ones_do(fields: dict[str, Any]) -> None:
    reading = create_reading(**fields)
    sound = within_time(reading, NOW) is reading and fault_of(reading, NOW) is None
    assert is_plain(reading, NOW + AHEAD) is sound
