"""Rows as COPY takes them: the bytes that PostgreSQL itself writes."""

import struct
from datetime import UTC, datetime

import msgspec
import numpy as np
import pytest

from cloud.db.arrays import Bigints, Instants, Integers, Texts
from cloud.readings.columns import columns_of
from cloud.readings.rows import HEADER, TRAILER, Rows, encode_rows
from cloud.registry.whose import Whose, Why
from protocols.reading import Flag, Meal, Metric, Reading, Unit

Numbers = type[Integers] | type[Bigints] | type[Instants]
AT = datetime(2026, 3, 1, 12, 0, 0, 250_000, tzinfo=UTC)
READING = Reading(device="cuff", metric=Metric.PULSE, value=61.5, unit=Unit.PER_MINUTE, measured_at=AT, received_at=AT)


def create_rows(*filed: tuple[Reading, Whose]) -> Rows:
    """Of device 7, gateway gw-1 and epoch 3, numbers from 9."""
    count = len(filed)
    return Rows(
        columns=columns_of([reading for reading, _ in filed]),
        device_ids=np.full(count, 7),
        record_keys=np.full(count, 1 << 62),
        epochs=np.full(count, 3),
        numbers=np.arange(9, 9 + count),
        owners=[owner for _, owner in filed],
        owner_of=np.arange(count),
        gateways=["gw-1"],
        gateway_of=np.zeros(count, np.intp),
    )


def rows_of(*filed: tuple[Reading, Whose]) -> list[bytes]:
    body = encode_rows(create_rows(*filed), np.arange(len(filed)), AT)
    assert body.startswith(HEADER)
    assert body.endswith(TRAILER)
    return split(body.removeprefix(HEADER).removesuffix(TRAILER))


def split(body: bytes) -> list[bytes]:
    """Rows that stand one after the other."""
    found, at = [], 0
    while at < len(body):
        begin = at
        (count,) = struct.unpack_from(">h", body, at)
        at += 2
        for _ in range(count):
            (length,) = struct.unpack_from(">i", body, at)
            at += 4 + max(length, 0)
        found.append(body[begin:at])
    return found


def fields(row: bytes) -> list[bytes | None]:
    (count,) = struct.unpack_from(">h", row)
    at, found = 2, []
    for _ in range(count):
        (length,) = struct.unpack_from(">i", row, at)
        at += 4
        found.append(None if length < 0 else row[at : at + length])
        at += max(length, 0)
    assert at == len(row)
    return found


def test_a_row_is_its_columns_in_order() -> None:
    (row,) = rows_of((READING, Whose(None, None, Why.NOBODY)))
    since_2000 = struct.pack(">q", int((AT - datetime(2000, 1, 1, tzinfo=UTC)).total_seconds() * 1_000_000))
    assert fields(row) == [
        struct.pack(">i", 7), struct.pack(">q", 1 << 62), since_2000, struct.pack(">d", 61.5), since_2000,
        struct.pack(">q", 3), struct.pack(">q", 9), since_2000, None, None, None, None,
        b"pulse", None, None, b"nobody", struct.pack(">iii", 0, 0, 25), None, b"gw-1",
    ]  # fmt: skip


def test_a_full_row_has_flags_meal_and_the_meters_own_words() -> None:
    full = Reading(
        device="m", metric=Metric.GLUCOSE, value=99.0, unit=Unit.MG_DL, measured_at=AT, received_at=AT,
        device_time=datetime(1999, 12, 31, 23, 59, 59), clock_offset_s=-1.5, sequence=12, user_slot=0,
        flags=(Flag.CLOCK_RESET, Flag.BODY_MOVED), meal=Meal.FASTING,
    )  # fmt: skip
    plain, row = rows_of((READING, Whose(None, None, Why.NOBODY)), (full, Whose(4, 0.5, Why.SAID)))
    assert fields(plain)[8:12] == [None] * 4
    found = fields(row)
    assert found[8:12] == [
        struct.pack(">q", -1_000_000), struct.pack(">d", -1.5), struct.pack(">i", 12), struct.pack(">i", 0),
    ]  # fmt: skip
    assert found[12:16] == [b"glucose", struct.pack(">i", 4), struct.pack(">f", 0.5), b"said"]
    assert found[16] is not None
    assert found[16].endswith(b"\0\0\0\x0bclock_reset\0\0\0\x0abody_moved")
    assert found[17] == b"fasting"


def test_rows_come_in_the_order_that_was_asked_for() -> None:
    owner = Whose(None, None, Why.NOBODY)
    made = create_rows((READING, owner), (msgspec.structs.replace(READING, value=1.0), owner))
    body = encode_rows(made, np.array([1, 0]), AT)
    first, second = split(body.removeprefix(HEADER).removesuffix(TRAILER))
    assert (fields(first)[3], fields(second)[3]) == (struct.pack(">d", 1.0), struct.pack(">d", 61.5))


@pytest.mark.parametrize("kind", [Integers, Bigints, Instants])
def test_an_array_of_numbers_has_a_head_and_sized_elements(
    kind: type[Integers] | type[Bigints] | type[Instants],
) -> None:
    size = 4 if kind is Integers else 8
    data = kind.of([1, -2])
    assert data[:20] == struct.pack(">iiiii", 1, 0, kind.element_oid, 2, 1)
    assert data[20:] == b"".join(size.to_bytes(4, "big") + n.to_bytes(size, "big", signed=True) for n in (1, -2))
    assert kind.of([]) == struct.pack(">iii", 0, 0, kind.element_oid)


def test_an_array_of_texts_is_utf_8() -> None:
    assert Texts.of(["脉搏".encode()])[20:] == b"\0\0\0\x06" + "脉搏".encode()
