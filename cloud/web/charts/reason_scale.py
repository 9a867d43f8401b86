"""One reason of an alert as a picture: the value on a line, beside what is usual and the limit that it crossed."""

from dataclasses import dataclass

from cloud.web.charts.scale import Line

WIDTH, HEIGHT = 300.0, 62.0
_EDGE = 26.0
_AXIS = 26.0
_SPARE = 0.12
_SIGN = 6.4  # about the width of a sign of the small type; a Han glyph is twice as wide
_HAN = 0x2E80


@dataclass(frozen=True)
class Word:
    x: float
    y: float
    text: str


@dataclass(frozen=True)
class ReasonScale:
    words: str
    """The same said: what a reader who sees no picture is told."""
    value: Word
    value_x: float
    beyond: str
    """HI or LO where the meter could not say more; else empty."""
    band: tuple[float, float] | None
    """Left and width of what is usual."""
    usual: Word | None
    limit_x: float | None
    limit: Word | None
    axis: float = _AXIS
    width: float = WIDTH
    height: float = HEIGHT


def reason_scale(
    value: tuple[float, str],
    usual: tuple[float, float, str] | None,
    limit: tuple[float, str] | None,
    *,
    words: str,
    beyond: str = "",
) -> ReasonScale | None:
    """Numbers with the words that stand at them; None where there is nothing to compare the value with."""
    numbers = [value[0], *(usual[:2] if usual else ()), *((limit[0],) if limit else ())]
    low, high = min(numbers), max(numbers)
    if len(numbers) == 1 or low == high:
        return None
    spare = (high - low) * _SPARE
    across = Line(low - spare, high + spare, _EDGE, WIDTH - _EDGE)
    band = said = None
    if usual is not None:
        left, right = across.at(usual[0]), across.at(usual[1])
        band, said = (left, right - left), _word((left + right) / 2, _AXIS + 18, usual[2])
    return ReasonScale(
        words=words,
        value=_word(across.at(value[0]), _AXIS - 13, value[1]),
        value_x=across.at(value[0]),
        beyond=beyond,
        band=band,
        usual=said,
        limit_x=None if limit is None else across.at(limit[0]),
        limit=None if limit is None else _word(across.at(limit[0]), _AXIS + 33, limit[1]),
    )


def _word(x: float, y: float, text: str) -> Word:
    """Centred at `x`, and never beyond the paper."""
    half = sum(2 * _SIGN if ord(sign) > _HAN else _SIGN for sign in text) / 2
    return Word(min(max(x, half), WIDTH - half), y, text)
