import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.gatt.sfloat import (
    MINUS_INFINITY,
    NAN,
    NRES,
    PLUS_INFINITY,
    RESERVED,
    decode_sfloat,
    encode_sfloat,
)

# HL7/phd input/pagecontent/MderFLOATsandSFLOATs.md, table of SFLOAT encodings.
HL7_VALUES = [(0x0002, 2.0), (0xF014, 2.0), (0xE0C8, 2.0), (0x1002, 20.0), (0x2002, 200.0), (0x00C8, 200.0)]
HL7_VALUES += [(0x04D2, 1234.0), (0x0B2E, -1234.0)]


@pytest.mark.parametrize(("raw", "value"), HL7_VALUES)
def test_values_of_the_health_device_guide(raw: int, value: float) -> None:
    assert decode_sfloat(raw) == value


@pytest.mark.parametrize("raw", [NAN, NRES, RESERVED])
def test_what_is_no_number_is_nan(raw: int) -> None:
    assert math.isnan(decode_sfloat(raw))


def test_specials_have_the_values_of_the_standard() -> None:
    assert (NAN, NRES, PLUS_INFINITY, MINUS_INFINITY, RESERVED) == (0x07FF, 0x0800, 0x07FE, 0x0802, 0x0801)
    assert decode_sfloat(PLUS_INFINITY) == math.inf
    assert decode_sfloat(MINUS_INFINITY) == -math.inf
    assert encode_sfloat(math.nan) == NAN
    assert encode_sfloat(math.inf) == PLUS_INFINITY
    assert encode_sfloat(-math.inf) == MINUS_INFINITY


def test_an_exponent_makes_a_special_mantissa_a_number() -> None:
    assert decode_sfloat(0xF7FF) == 204.7


@given(st.integers(0, 0xFFFF))
def test_every_raw_value_survives_the_way_back(raw: int) -> None:
    value = decode_sfloat(raw)
    if math.isnan(value):
        return
    mantissa = raw & 0x0FFF
    if math.isfinite(value) and min(mantissa, 4096 - mantissa) > 2045:
        return  # a mantissa that some receivers take for a special is never sent by us
    assert decode_sfloat(encode_sfloat(value)) == value


@pytest.mark.parametrize(
    ("value", "raw"),
    [(120.0, 0x0078), (36.6, 0xF16E), (105 * 1e-5, 0xB069), (5.8e-3, 0xC03A), (0.0, 0x0000), (-1.0, 0x0FFF)],
)
def test_encoding_keeps_the_exponent_near_zero(value: float, raw: int) -> None:
    assert encode_sfloat(value) == raw


def test_given_exponent_states_the_resolution() -> None:
    assert encode_sfloat(2.0, exponent=-1) == 0xF014
    assert encode_sfloat(2.04, exponent=-1) == 0xF014  # rounded to it


def test_more_digits_than_fit_are_rounded_to_the_finest_that_does() -> None:
    assert decode_sfloat(encode_sfloat(123.456)) == 123.5
    assert decode_sfloat(encode_sfloat(12.3456)) == 12.35


@pytest.mark.parametrize(("value", "exponent"), [(2046.0, 0), (1e12, None), (1.0, -9), (1.0, 8), (-300.0, -1)])
def test_what_does_not_fit_is_refused(value: float, exponent: int | None) -> None:
    with pytest.raises(ValueError, match=r"SFLOAT"):
        encode_sfloat(value, exponent)


@pytest.mark.parametrize("raw", [-1, 0x10000])
def test_raw_value_outside_16_bits_is_refused(raw: int) -> None:
    with pytest.raises(ValueError, match="16 bits"):
        decode_sfloat(raw)
