"""SFLOAT, the 16-bit decimal number of IEEE 11073-20601: a 4-bit signed exponent of ten, a 12-bit signed mantissa.

| raw    | meaning                                  |
|--------|------------------------------------------|
| 0x07FF | NaN: the instrument has no result        |
| 0x0800 | NRes: not at this resolution             |
| 0x07FE | +INFINITY: above what it can measure     |
| 0x0802 | -INFINITY: below what it can measure     |
| 0x0801 | reserved                                 |
"""

import math
from decimal import Decimal

NAN = 0x07FF
NRES = 0x0800
PLUS_INFINITY = 0x07FE
MINUS_INFINITY = 0x0802
RESERVED = 0x0801

_MANTISSA_LIMIT = 2045  # beyond it lie the specials, which some receivers recognise at any exponent
_EXPONENTS = range(-8, 8)


def decode_sfloat(raw: int) -> float:
    """The number that `raw` (16 bits, unsigned) stands for.

    NaN, NRes and the reserved value all become `nan`: none of them is a number. Raises ValueError outside 16 bits.
    """
    if not 0 <= raw <= 0xFFFF:
        raise ValueError(f"SFLOAT {raw:#x} is not of 16 bits")
    if raw in (NAN, NRES, RESERVED):
        return math.nan
    if raw == PLUS_INFINITY:
        return math.inf
    if raw == MINUS_INFINITY:
        return -math.inf
    exponent = (raw >> 12) - (16 if raw & 0x8000 else 0)
    mantissa = (raw & 0x0FFF) - (4096 if raw & 0x0800 else 0)
    # Dividing by an exact power of ten gives the float nearest to the decimal number; multiplying by 1e-5 does not.
    return float(mantissa * 10**exponent) if exponent >= 0 else mantissa / 10**-exponent


def encode_sfloat(value: float, exponent: int | None = None) -> int:
    """`value` as 16 bits.

    With `exponent` (-8 to 7) the mantissa is rounded to it: this is how an instrument states its resolution.
    Without, the exponent nearest to 0 that holds six significant digits of `value` exactly is taken, or else the
    finest in which the value fits. Raises ValueError for a value that does not fit.
    """
    if math.isnan(value):
        return NAN
    if math.isinf(value):
        return PLUS_INFINITY if value > 0 else MINUS_INFINITY
    decimal = Decimal(f"{value:.6g}")  # drops the noise of binary fractions: 105 * 1e-5 is 0.00105
    if exponent is None:
        exponent = _best_exponent(decimal)
    if exponent not in _EXPONENTS:
        raise ValueError(f"SFLOAT exponent {exponent} is not between -8 and 7")
    mantissa = _mantissa(decimal, exponent)
    if abs(mantissa) > _MANTISSA_LIMIT:
        raise ValueError(f"{value} does not fit an SFLOAT of exponent {exponent}")
    return (exponent & 0xF) << 12 | mantissa & 0xFFF


def _mantissa(decimal: Decimal, exponent: int) -> int:
    return int(decimal.scaleb(-exponent).to_integral_value())


def _best_exponent(decimal: Decimal) -> int:
    fitting = [e for e in _EXPONENTS if abs(_mantissa(decimal, e)) <= _MANTISSA_LIMIT]
    if not fitting:
        raise ValueError(f"{decimal} is too large for an SFLOAT")
    exact = [e for e in fitting if Decimal(_mantissa(decimal, e)).scaleb(e) == decimal]
    return min(exact, key=abs) if exact else fitting[0]
