import hashlib
import struct
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import msgspec
import pytest
from hypothesis import given

from protocols.reading import Flag, Meal, Metric, Reading, Unit
from protocols.telemetry.chain import canonical, digest_of, first_link, next_link
from protocols.telemetry.messages import ReadingsMessage, decode, encode
from tests.protocols.telemetry.test_messages import readings

AT = datetime(2026, 3, 1, 8, 0, 0, 250_000, tzinfo=UTC)


def create_reading(**changes: Any) -> Reading:
    fields: dict[str, Any] = {
        "device": "ble:C0:FF:EE:00:01:02",
        "metric": Metric.SYSTOLIC,
        "value": 120.0,
        "unit": Unit.MM_HG,
        "measured_at": AT,
        "received_at": AT + timedelta(seconds=2),
    }
    return Reading(**{**fields, **changes})


def test_canonical_form_written_by_hand() -> None:
    full = create_reading(
        device="血压计",
        device_time=datetime(1970, 1, 1, 0, 1),
        clock_offset_s=-1.5,
        sequence=7,
        user_slot=0,
        flags=(Flag.IRREGULAR_PULSE, Flag.BODY_MOVED),
        meal=Meal.FASTING,
    )
    assert canonical(full).decode() == (
        "9:血压计,8:systolic,16:405e000000000000,16:1772352000250000,16:1772352002250000,8:60000000,"
        "16:bff8000000000000,1:7,1:0,7:fasting,15:irregular_pulse,10:body_moved,"
    )
    assert canonical(create_reading()).endswith(b",0:,0:,0:,0:,0:,")


def test_links_computed_by_hand() -> None:
    digest = hashlib.sha256(canonical(create_reading())).digest()
    start = hashlib.sha256(b"doorstep chain 1 9000000000000000001").digest()
    assert first_link(9_000_000_000_000_000_001) == start
    assert digest_of(create_reading()) == digest
    assert next_link(start, digest) == hashlib.sha256(start + digest).digest()


def test_the_zone_in_which_an_instant_is_written_changes_nothing() -> None:
    shanghai = timezone(timedelta(hours=8))
    assert canonical(create_reading(measured_at=AT.astimezone(shanghai))) == canonical(create_reading())


@pytest.mark.parametrize(
    "changes",
    [
        {"device": "ble:C0:FF:EE:00:01:03"},
        {"metric": Metric.DIASTOLIC},
        {"value": struct.unpack(">d", bytes.fromhex("405e000000000001"))[0]},
        {"measured_at": AT + timedelta(microseconds=1)},
        {"received_at": AT},
        {"device_time": datetime(2026, 3, 1)},
        {"clock_offset_s": 0.0},
        {"sequence": 0},
        {"user_slot": 0},
        {"flags": (Flag.BODY_MOVED,)},
        {"meal": Meal.CASUAL},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_every_field_counts(changes: dict[str, Any]) -> None:
    assert digest_of(create_reading(**changes)) != digest_of(create_reading())


@given(readings())
def test_what_crossed_the_wire_has_the_same_digest(reading: Reading) -> None:
    message = ReadingsMessage(epoch=1, first=1, sent_at=AT, readings=(reading,))
    (arrived,) = decode(ReadingsMessage, encode(message)).readings
    assert digest_of(arrived) == digest_of(reading)


@given(readings(), readings())
def test_two_readings_of_one_form_are_one_reading(one: Reading, other: Reading) -> None:
    # canonical() leaves out the unit, which follows from the metric
    same = msgspec.structs.replace(one, unit=other.unit) == msgspec.structs.replace(other, unit=other.unit)
    assert (canonical(one) == canonical(other)) <= same
