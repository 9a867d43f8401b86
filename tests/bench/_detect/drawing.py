"""Two pictures as SVG: shares with their intervals beside each other, and shares by size."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape

from tests.bench._detect.scoring import Figure

_WIDTH, _ROW, _LEFT, _RIGHT, _TOP = 640.0, 26.0, 210.0, 70.0, 44.0
_HEIGHT, _BOTTOM = 300.0, 250.0
_COLOURS = ("#0b6e4f", "#b5541c", "#3d5a99", "#7a3e8a", "#6b6b6b", "#a8871a")


@dataclass(frozen=True)
class Bar:
    name: str
    figure: Figure
    colour: int = 0


def bars(title: str, rows: Sequence[Bar]) -> str:
    """Shares of 0 to 1; the thin line is the interval. What has no value has no bar."""
    height = _TOP + _ROW * len(rows) + 30
    parts = [_head(title, height), *_shares_across(height - 24)]
    for place, row in enumerate(rows):
        y = _TOP + _ROW * place
        colour = _COLOURS[row.colour % len(_COLOURS)]
        parts.append(f'<text x="{_LEFT - 8}" y="{y + 15:.0f}" text-anchor="end">{escape(row.name)}</text>')
        value, low, high = row.figure["value"], row.figure["low"], row.figure["high"]
        if value is None or low is None or high is None:
            parts.append(f'<text x="{_LEFT + 6}" y="{y + 15:.0f}" fill="#6b6b6b">none raised</text>')
            continue
        parts.append(
            f'<rect x="{_LEFT}" y="{y + 3:.0f}" width="{_x(value) - _LEFT:.1f}" height="16" fill="{colour}"/>'
            f'<path d="M{_x(low):.1f} {y + 11:.0f}H{_x(high):.1f}" stroke="#222222" stroke-width="2"/>'
            f'<text x="{_WIDTH - _RIGHT + 10:.0f}" y="{y + 15:.0f}">{value:.2f}</text>'
        )
    return "\n".join([*parts, "</svg>"]) + "\n"


def steps(title: str, sizes: Sequence[str], lines: Sequence[tuple[str, Sequence[float]]]) -> str:
    """Shares of 0 to 1 by size, a line each; sizes lie evenly."""
    parts = [_head(title, _HEIGHT)]
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        y = _up(share)
        parts.append(
            f'<path d="M60 {y:.1f}H440" stroke="#dddddd"/>'
            f'<text x="52" y="{y + 4:.1f}" text-anchor="end">{share:g}</text>'
        )
    across = [60 + 380 * (place + 0.5) / len(sizes) for place in range(len(sizes))]
    for x, size in zip(across, sizes, strict=True):
        parts.append(f'<text x="{x:.1f}" y="{_BOTTOM + 20}" text-anchor="middle">{escape(size)}</text>')
    for place, (name, shares) in enumerate(lines):
        colour = _COLOURS[place % len(_COLOURS)]
        points = " ".join(f"{x:.1f},{_up(share):.1f}" for x, share in zip(across, shares, strict=True))
        parts.append(
            f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2"/>'
            f'<text x="456" y="{_TOP + 22 * place + 12:.0f}" fill="{colour}">{escape(name)}</text>'
        )
    return "\n".join([*parts, "</svg>"]) + "\n"


def _head(title: str, height: float) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH:.0f} {height:.0f}" role="img" '
        f'font-family="sans-serif" font-size="12"><title>{escape(title)}</title>'
        f'<rect width="{_WIDTH:.0f}" height="{height:.0f}" fill="#ffffff"/>'
        f'<text x="16" y="24" font-size="14">{escape(title)}</text>'
    )


def _shares_across(bottom: float) -> Iterator[str]:
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        x = _x(share)
        yield (
            f'<path d="M{x:.1f} {_TOP - 6}V{bottom:.0f}" stroke="#dddddd"/>'
            f'<text x="{x:.1f}" y="{bottom + 16:.0f}" text-anchor="middle">{share:g}</text>'
        )


def _x(share: float) -> float:
    return _LEFT + (_WIDTH - _LEFT - _RIGHT) * share


def _up(share: float) -> float:
    return _BOTTOM - (_BOTTOM - _TOP) * share
