import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.errors import Truncated
from protocols.gatt.glucose_context import (
    MEAL_CODE,
    GlucoseContext,
    MedicationUnit,
    decode_glucose_context,
    encode_glucose_context,
)
from protocols.reading import Meal
from tests.protocols.gatt.conftest import sent_numbers

octets = st.integers(0, 0xFF)
nibbles = st.integers(0, 15)
contexts = st.builds(
    GlucoseContext,
    sequence=st.integers(0, 0xFFFF),
    extended_flags=st.none() | octets,
    carbohydrate=st.none() | st.tuples(octets, sent_numbers),
    meal_code=st.none() | octets,
    tester_and_health=st.none() | st.tuples(nibbles, nibbles),
    exercise=st.none() | st.tuples(st.integers(0, 0xFFFF), octets),
    medication=st.none() | st.tuples(octets, sent_numbers),
    medication_unit=st.sampled_from(MedicationUnit),
    hba1c_percent=st.none() | sent_numbers,
)


@given(contexts)
def test_context_goes_there_and_back(context: GlucoseContext) -> None:
    assert decode_glucose_context(encode_glucose_context(context)) == context


@given(contexts, st.data())
def test_any_cut_is_truncated(context: GlucoseContext, data: st.DataObject) -> None:
    packet = encode_glucose_context(context)
    with pytest.raises(Truncated):
        decode_glucose_context(packet[: data.draw(st.integers(0, len(packet) - 1))])


@given(contexts, st.binary(max_size=8))
def test_later_fields_are_ignored(context: GlucoseContext, later: bytes) -> None:
    assert decode_glucose_context(encode_glucose_context(context) + later) == context


@pytest.mark.parametrize(
    ("code", "meal"),
    [(1, Meal.BEFORE_MEAL), (2, Meal.AFTER_MEAL), (3, Meal.FASTING), (4, Meal.CASUAL), (5, Meal.BEDTIME), (6, None)],
)
def test_meal_codes(code: int, meal: Meal | None) -> None:
    context = decode_glucose_context(bytes((0x02, 0x2A, 0x00, code)))
    assert context == GlucoseContext(42, meal_code=code)
    assert context.meal is meal


def test_every_meal_has_a_code() -> None:
    assert set(MEAL_CODE) == set(Meal)


def test_all_fields_in_the_order_of_the_specification() -> None:
    """Extended flags; dinner of 60 g; fasting; self, under stress; 30 min at 40 %; rapid insulin 10 mL; HbA1c 6.5 %."""
    packet = bytes.fromhex("ff 0100 00 03 3cd0 03 41 0807 28 01 0ad0 41f0")
    context = decode_glucose_context(packet)
    assert context == GlucoseContext(
        sequence=1,
        extended_flags=0,
        carbohydrate=(3, 0.06),
        meal_code=3,
        tester_and_health=(1, 4),
        exercise=(1800, 40),
        medication=(1, 0.01),
        medication_unit=MedicationUnit.LITRE,
        hba1c_percent=6.5,
    )
