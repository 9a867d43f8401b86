import json
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.alarm.kinds import AlarmKind
from protocols.alarm.states import AlarmState
from protocols.errors import DecodeError
from protocols.reading import CANONICAL_UNIT, Flag, Meal, Metric, Reading
from protocols.telemetry.measuring_again import Asked, Became, MeasureAgainMessage
from protocols.telemetry.messages import (
    MAX_MESSAGE_BYTES,
    MAX_READINGS,
    AlarmMessage,
    AlarmStateMessage,
    DeviceStatus,
    Message,
    ReadingsMessage,
    Receipt,
    StatusMessage,
    decode,
    encode,
)

AT = datetime(2026, 11, 22, 7, 30, tzinfo=UTC)
KINDS = (ReadingsMessage, Receipt, AlarmMessage, AlarmStateMessage, MeasureAgainMessage, StatusMessage)

instants = st.datetimes(datetime(1970, 1, 1), datetime(9998, 12, 31), timezones=st.just(UTC))
naive_times = st.datetimes(datetime(1970, 1, 1))
numbers = st.integers(0, 2**62)
texts = st.text(max_size=20)
finite = st.floats(allow_nan=False, allow_infinity=False)


@st.composite
def readings(draw: st.DrawFn) -> Reading:
    metric = draw(st.sampled_from(Metric))
    return Reading(
        device=draw(texts),
        metric=metric,
        value=draw(finite),
        unit=CANONICAL_UNIT[metric],
        measured_at=draw(instants),
        received_at=draw(instants),
        device_time=draw(st.none() | naive_times),
        clock_offset_s=draw(st.none() | finite),
        sequence=draw(st.none() | st.integers(0, 0xFFFF)),
        user_slot=draw(st.none() | st.integers(0, 254)),
        flags=tuple(draw(st.lists(st.sampled_from(Flag), unique=True))),
        meal=draw(st.none() | st.sampled_from(Meal)),
    )


ranges = st.tuples(st.integers(1, 1000), st.integers(0, 1000)).map(lambda span: (span[0], span[0] + span[1]))

links = st.binary(min_size=32, max_size=32)
receipts = st.builds(
    Receipt,
    epoch=numbers,
    through=numbers,
    beyond=st.lists(st.tuples(numbers, numbers), max_size=3).map(tuple),
    store=numbers,
    given_up=st.lists(ranges, max_size=3).map(tuple),
    key=st.binary(max_size=40),
    signature=st.binary(max_size=70),
    way=st.lists(st.binary(max_size=34), max_size=3).map(tuple),
)

messages: st.SearchStrategy[Message] = st.one_of(
    st.builds(
        ReadingsMessage,
        epoch=numbers,
        first=st.integers(1, 2**62),
        sent_at=instants,
        readings=st.lists(readings(), min_size=1, max_size=4).map(tuple),
        given_up=st.lists(ranges, max_size=3).map(tuple),
        chain_before=links,
        chain_after=links,
    ),
    receipts,
    st.builds(
        AlarmMessage,
        alarm=st.uuids().map(str),
        kind=st.sampled_from(AlarmKind),
        device=texts,
        raised_at=instants,
        attempt=st.integers(1, 1000),
        cancelled=st.booleans(),
        test=st.booleans(),
    ),
    st.builds(
        AlarmStateMessage,
        alarm=st.uuids().map(str),
        state=st.sampled_from(AlarmState),
        at=instants,
        by=st.none() | texts,
        minutes=st.none() | st.integers(0, 600),
    ),
    st.builds(MeasureAgainMessage, ask=numbers, metric=st.sampled_from(Metric), why=texts, until=instants),
    st.builds(
        StatusMessage,
        asked=st.lists(st.builds(Asked, ask=numbers, became=st.sampled_from(Became), at=instants), max_size=3).map(
            tuple
        ),
        online=st.booleans(),
        at=instants,
        reason=st.none() | texts,
        version=texts,
        epoch=numbers,
        backlog_rows=numbers,
        backlog_bytes=numbers,
        oldest_backlog_at=st.none() | instants,
        readings_taken=numbers,
        devices=st.lists(
            st.builds(
                DeviceStatus,
                device=texts,
                heard_at=st.none() | instants,
                rssi_dbm=st.none() | st.integers(-127, 20),
                battery_percent=st.none() | finite,
                trouble=st.none() | texts,
            ),
            max_size=3,
        ).map(tuple),
    ),
)


def readings_json(**changes: Any) -> dict[str, Any]:
    """A readings message as JSON; a field of `changes` goes into the one reading where it is one of its fields."""
    reading: dict[str, Any] = {
        "device": "ble:C0:FF:EE:00:00:01",
        "metric": "glucose",
        "value": 105.0,
        "unit": "mg/dL",
        "measured_at": "2026-11-22T07:30:00Z",
        "received_at": "2026-11-22T07:31:00Z",
    }
    message: dict[str, Any] = {"epoch": 7, "first": 1, "sent_at": "2026-11-22T07:31:00Z", "readings": [reading]}
    of_reading = {field.name for field in msgspec.structs.fields(Reading)}
    for name, value in changes.items():
        (reading if name in of_reading else message)[name] = value
    return message


def decode_readings(message: object) -> ReadingsMessage:
    return decode(ReadingsMessage, json.dumps(message).encode())


@given(messages)
def test_message_goes_there_and_back(message: Message) -> None:
    assert decode(type(message), encode(message)) == message  # type: ignore[type-var]  # one of the five kinds


@given(st.sampled_from(KINDS), st.binary(max_size=60))
def test_any_bytes_are_a_message_or_a_decode_error(kind: type[Receipt], data: bytes) -> None:
    try:
        decode(kind, data)
    except DecodeError:
        return


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=5,
)


@given(st.sampled_from([*readings_json(), "measured_at", "value", "unit", "flags", "device_time"]), json_values)
def test_any_value_in_any_field_is_taken_or_a_decode_error(field: str, value: object) -> None:
    try:
        decode_readings(readings_json(**{field: value}))
    except DecodeError:
        return


def test_plain_message_is_read() -> None:
    message = decode_readings(readings_json())
    assert message.readings[0].value == 105.0
    assert message.readings[0].measured_at == AT


def test_unknown_fields_of_a_newer_gateway_are_ignored() -> None:
    changed = readings_json()
    changed["colour"] = "red"
    changed["readings"][0]["mood"] = 5
    assert decode_readings(changed) == decode_readings(readings_json())


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b"null", b"7", b"\xff\xfe", b'{"epoch":', b"not json"])
def test_what_is_no_json_object_is_refused(data: bytes) -> None:
    with pytest.raises(DecodeError, match="not a ReadingsMessage"):
        decode(ReadingsMessage, data)


@pytest.mark.parametrize("field", ["epoch", "first", "sent_at", "readings"])
def test_missing_field_is_named(field: str) -> None:
    message = readings_json()
    del message[field]
    with pytest.raises(DecodeError, match=f"missing required field `{field}`"):
        decode_readings(message)


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"value": "105"}, "readings[0].value"),
        ({"value": None}, "readings[0].value"),
        ({"metric": "mood"}, "readings[0].metric"),
        ({"unit": "furlong"}, "readings[0].unit"),
        ({"measured_at": "yesterday"}, "readings[0].measured_at"),
        ({"flags": ["happy"]}, "readings[0].flags"),
        ({"sequence": 1.5}, "readings[0].sequence"),
        ({"first": "1"}, "first"),
        ({"epoch": -1.5}, "epoch"),
        ({"readings": {}}, "readings"),
        ({"readings": [None]}, "readings[0]"),
    ],
)
def test_wrong_type_is_refused_with_its_place(changes: dict[str, Any], place: str) -> None:
    with pytest.raises(DecodeError) as raised:
        decode_readings(readings_json(**changes))
    assert f"$.{place}" in str(raised.value)


@pytest.mark.parametrize("field", ["measured_at", "received_at"])
def test_naive_time_is_refused(field: str) -> None:
    with pytest.raises(DecodeError, match=rf"readings\[0\]\.{field} has no zone"):
        decode_readings(readings_json(**{field: "2026-11-22T07:30:00"}))


def test_naive_time_of_an_alarm_is_refused() -> None:
    alarm = AlarmMessage(alarm="a", kind=AlarmKind.PERSONAL_TRIGGER, device="button", raised_at=AT.replace(tzinfo=None))
    with pytest.raises(DecodeError, match="raised_at has no zone"):
        decode(AlarmMessage, encode(alarm))


@pytest.mark.parametrize(
    "raised_at", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59Z", "9999-12-31T23:59:59-14:00"]
)
def test_alarm_of_a_year_that_not_every_zone_can_show_is_refused(raised_at: str) -> None:
    alarm = json.loads(encode(AlarmMessage(alarm="a", kind=AlarmKind.PERSONAL_TRIGGER, device="b", raised_at=AT)))
    with pytest.raises(DecodeError, match="raised_at lies in the year"):
        decode(AlarmMessage, json.dumps(alarm | {"raised_at": raised_at}).encode())


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"at": "9999-12-31T23:59:59-14:00"}, "at"),
        ({"oldest_backlog_at": "0001-01-01T00:00:00Z"}, "oldest_backlog_at"),
        (
            {"devices": [{"device": "d"}, {"device": "e", "heard_at": "9999-01-01T00:00:00Z"}]},
            r"devices\[1\]\.heard_at",
        ),
    ],
)
def test_status_of_a_year_that_not_every_zone_can_show_is_refused(changes: dict[str, Any], field: str) -> None:
    status = json.loads(encode(StatusMessage(online=True, at=AT)))
    with pytest.raises(DecodeError, match=f"{field} lies in the year"):
        decode(StatusMessage, json.dumps(status | changes).encode())


@pytest.mark.parametrize("kind", KINDS)
def test_message_nested_too_deeply_is_refused(kind: type[Receipt]) -> None:
    depth = 200_000
    with pytest.raises(DecodeError, match="nested too deeply"):
        decode(kind, b'{"x":' + b"[" * depth + b"]" * depth + b"}")


def test_meter_time_with_a_zone_is_refused() -> None:
    with pytest.raises(DecodeError, match="a meter's clock has none"):
        decode_readings(readings_json(device_time="2026-11-22T07:30:00Z"))
    assert decode_readings(readings_json(device_time="2026-11-22T07:30:00")).readings[0].device_time is not None


def test_other_zones_are_the_same_instant() -> None:
    message = decode_readings(readings_json(measured_at="2026-11-22T15:30:00+08:00"))
    assert message.readings[0].measured_at == AT


@pytest.mark.parametrize("count", [0, MAX_READINGS + 1])
def test_too_few_and_too_many_readings_are_refused(count: int) -> None:
    with pytest.raises(DecodeError, match=f"{count} readings in a message, expected 1 to {MAX_READINGS}"):
        decode_readings(readings_json(readings=readings_json()["readings"] * count))


def test_the_most_readings_are_taken() -> None:
    assert len(decode_readings(readings_json(readings=readings_json()["readings"] * MAX_READINGS)).readings) == 1000


@pytest.mark.parametrize("changes", [{"first": 0}, {"first": -1}, {"first": 2**62 + 1}, {"epoch": -1}])
def test_numbers_out_of_range_are_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(DecodeError, match="out of range"):
        decode_readings(readings_json(**changes))


def test_too_long_message_is_refused_unread() -> None:
    with pytest.raises(DecodeError) as raised:
        decode(Receipt, b" " * (MAX_MESSAGE_BYTES + 1))
    assert raised.value.offset == MAX_MESSAGE_BYTES


def test_messages_of_one_kind_are_not_another() -> None:
    with pytest.raises(DecodeError, match="not a Receipt"):
        decode(Receipt, encode(StatusMessage(online=True, at=AT)))


def test_defaults_do_not_travel() -> None:
    assert json.loads(encode(StatusMessage(online=True, at=AT))) == {"online": True, "at": "2026-11-22T07:30:00Z"}
