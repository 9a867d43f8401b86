"""The icons of the installed app as PNG, drawn from the logo in SVG: `python -m tests.cloud.web.icons` writes them."""

import re
from pathlib import Path

import resvg_py

STATIC = Path(__file__).parents[3] / "cloud" / "web" / "static"
_GROUND = "#1f5f5b"
_UNITS = 32
ICONS = {
    # name: edge in points, and how much of the logo's own size lies around it; None: with its own round corners
    "icon-192.png": (192, None),
    "icon-512.png": (512, None),
    "icon-maskable-192.png": (192, 0.18),  # phones cut up to a fifth off each side
    "icon-maskable-512.png": (512, 0.18),
    "icon-apple-180.png": (180, 0.06),
}


def draw(name: str) -> bytes:
    """A PNG."""
    edge, margin = ICONS[name]
    svg = (STATIC / "logo.svg").read_text(encoding="utf-8")
    if margin is not None:
        space = _UNITS * margin
        size = _UNITS + 2 * space
        box = f'viewBox="{-space} {-space} {size} {size}"'
        ground = f'<rect x="{-space}" y="{-space}" width="{size}" height="{size}" fill="{_GROUND}"/>'
        svg = re.sub(r'viewBox="[^"]*">', f"{box}>{ground}", svg, count=1)
    return bytes(resvg_py.svg_to_bytes(svg_string=svg, width=edge, height=edge, skip_system_fonts=True))


def main() -> None:
    for name in ICONS:
        (STATIC / name).write_bytes(draw(name))


if __name__ == "__main__":
    main()
