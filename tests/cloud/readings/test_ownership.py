"""Whose the readings of a batch are: looked up only when in question, the same for all values of one record."""

from collections.abc import Collection
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud.readings.ownership import Act, Bands, Line, LookUp, owners_of
from cloud.registry.model import SharingRule
from cloud.registry.wearing import DeviceWearing, Wearer, whose_or_who
from cloud.registry.whose import Band, Whose, Why
from protocols.reading import CANONICAL_UNIT, Metric, Reading

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
BANDS: Bands = {1: {Metric.SYSTOLIC: Band(138, 152)}, 2: {Metric.SYSTOLIC: Band(108, 122)}}
SHARED = DeviceWearing(UTC, SharingRule.BY_PLAUSIBILITY, (Wearer(1), Wearer(2)))


def create_line(metric: Metric, value: float, *, device: int = 1, key: int = 7, slot: int | None = None) -> Line:
    reading = Reading(
        device="cuff",
        metric=metric,
        value=value,
        unit=CANONICAL_UNIT[metric],
        measured_at=NOW,
        received_at=NOW,
        user_slot=slot,
    )
    return Line(device, key, reading)


def refuse(_asked: Collection[object]) -> dict[object, object]:
    pytest.fail("nobody was in question")


def look_up(decided: dict[Act, Whose] | None = None) -> LookUp:
    return LookUp(lambda _acts: decided or {}, lambda _elders: BANDS)


def test_nothing_is_looked_up_where_nobody_is_in_question() -> None:
    lines = [create_line(Metric.SYSTOLIC, 145), create_line(Metric.SYSTOLIC, 145, device=2)]
    wearings = {1: DeviceWearing(UTC, None, (Wearer(1),)), 2: DeviceWearing(UTC)}
    found = owners_of(lines, wearings, LookUp(refuse, refuse))  # type: ignore[arg-type]  # they never answer
    assert found == [Whose(1, 1.0, Why.ONLY_WEARER), Whose(None, None, Why.NOBODY)]


def test_all_values_of_a_record_go_the_same_way_and_the_rooms_do_not() -> None:
    lines = [create_line(metric, value) for metric, value in ((Metric.PULSE, 70), (Metric.SYSTOLIC, 146))]
    lines.append(create_line(Metric.HUMIDITY, 60, key=8))
    pulse, systolic, humidity = owners_of(lines, {1: SHARED}, look_up())
    assert pulse == systolic
    assert pulse.elder_id == 1
    assert humidity == Whose(None, None, Why.SHARED_ROOM)


def test_what_was_decided_stands() -> None:
    said = Whose(2, 1.0, Why.SAID)
    lines = [create_line(Metric.SYSTOLIC, 146), create_line(Metric.SYSTOLIC, 146, key=8)]
    first, second = owners_of(lines, {1: SHARED}, look_up({(1, 7): said}))
    assert first == said
    assert second.elder_id == 1


wearers = st.lists(
    st.builds(
        Wearer,
        st.integers(1, 4),
        st.none() | st.integers(0, 2),
        st.sampled_from([None, NOW - timedelta(days=1), NOW + timedelta(days=1)]),
        st.just(None),
    ),
    max_size=4,
).map(tuple)


@given(wearers, st.none() | st.sampled_from(SharingRule), st.none() | st.integers(0, 3))
def test_the_ready_answer_is_the_one_that_would_be_found(
    people: tuple[Wearer, ...], rule: SharingRule | None, slot: int | None
) -> None:
    wearing = DeviceWearing(UTC, rule, people)
    if wearing.always is not None:
        assert wearing.always == whose_or_who(wearing, slot, NOW)
