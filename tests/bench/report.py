"""Writes docs/performance.md and its pictures from the figures that the other benches left as JSON.

`./dev bench report --read FILE --uplink FILE ...`, an option for each part: what is not named keeps its part.
"""

import argparse
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.bench._plot import Line, Plot, draw

DOCS = Path(__file__).parents[2] / "docs"
HEAD = """# Performance

Written by `./dev bench report` from what the other benches measured; figures are of the machine and day that stand with
them, and other machines give others. Ratios against something measured in the same run say more than seconds do.
"""
_MARK = "<!-- {part} -->"
PARTS = ("read", "ingest", "uplink", "gateway", "alarm", "verify", "codecs", "month", "load")


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="./dev bench report", description=__doc__)
    for part in PARTS:
        parser.add_argument(f"--{part}", type=Path, help=f"what `./dev bench {part} --json FILE` wrote")
    parser.add_argument("--docs", type=Path, default=DOCS, help="the folder that holds performance.md and pictures/")
    options = parser.parse_args(arguments)
    page = options.docs / "performance.md"
    parts = read_parts(page.read_text(encoding="utf-8")) if page.exists() else {}
    for part in PARTS:
        file = getattr(options, part)
        if file is not None:
            figures = json.loads(file.read_text(encoding="utf-8"))
            parts[part] = _read(figures, options.docs / "pictures") if part == "read" else _flat(part, figures)
    page.write_text(write_parts(parts), encoding="utf-8")
    print(f"{page.name}: {', '.join(parts)}")
    return 0


def read_parts(text: str) -> dict[str, str]:
    """The parts of a page that `write_parts` wrote."""
    found = {}
    for part in PARTS:
        mark = _MARK.format(part=part)
        if mark in text:
            found[part] = text.split(mark)[1].strip()
    return found


def write_parts(parts: Mapping[str, str]) -> str:
    """The whole page; each part between two marks, so that it can be found again."""
    written = [HEAD]
    for part in PARTS:
        if part in parts:
            mark = _MARK.format(part=part)
            written.append(f"{mark}\n\n{parts[part]}\n\n{mark}\n")
    return "\n".join(written)


_ROWS = (
    ("elder_data", "an elder's page, data (90 days)", 50),
    ("elder_all_metrics", "an elder's readings, all metrics (90 days)", 50),
    ("elder_year_data", "an elder's page, data (a year)", None),
    ("board_data", "the board of 100 homes, data", 20),
    ("elder_page", "an elder's page, whole answer", None),
    ("board_page", "the board, whole answer", None),
)


def _read(figures: Mapping[str, Any], pictures: Path) -> str:
    sizes = figures["sizes"]
    server = "TimescaleDB" if figures["timescale"] else "plain PostgreSQL"
    head = (
        "| " + " | ".join(["median / 95th percentile, ms", *(f"{size['rows']:,} rows" for size in sizes)]) + " | goal |"
    )
    lines = [head, "|---" * (len(sizes) + 2) + "|"]
    for key, name, goal in _ROWS:
        cells = [f"{size[key]['median']} / {size[key]['p95']}" for size in sizes]
        lines.append(f"| {name} | " + " | ".join(cells) + f" | {'' if goal is None else f'p95 {goal}'} |")
    pictures.mkdir(parents=True, exist_ok=True)
    name = "read.svg"
    plot = Plot(
        title="Reading back as the table grows",
        across="rows in the table",
        up="95th percentile, ms",
        lines=[
            Line(title, [(size["rows"], size[key]["p95"]) for size in sizes])
            for key, title in (
                ("elder_data", "an elder's page"),
                ("elder_all_metrics", "all metrics"),
                ("board_data", "the board"),
            )
        ],
    )
    (pictures / name).write_text(draw(plot), encoding="utf-8")
    return "\n".join(
        [
            "## Reading it back",
            "",
            f"`./dev bench read`, {server}. {_machine(figures.get('machine'))}",
            "",
            f"One elder of these has {sizes[-1]['elder_rows']:,} readings in {figures['days']} days, scattered over "
            "the whole table. *Data* is what the database is asked for a page; a *whole answer* comes from the web "
            "process, with session, drawing and compression.",
            "",
            *lines,
            "",
            f"![Reading back as the table grows](pictures/{name})",
        ]
    )


_TITLES = {
    "ingest": "From MQTT into the database",
    "uplink": "A backlog leaves a gateway",
    "gateway": "What a gateway costs its machine",
    "alarm": "From a press to the desk and back",
    "verify": "Proving that nothing is missing",
    "codecs": "Decoders",
    "month": "A community's days, from readings to the elders' word",
    "load": "Everybody looks at once",
}


def _flat(part: str, figures: Mapping[str, Any]) -> str:
    """A table of key and value; tables within become rows of their own."""
    own = {key: value for key, value in figures.items() if key != "machine"}
    lines = [f"## {_TITLES[part]}", "", f"`./dev bench {part}`. {_machine(figures.get('machine'))}".rstrip(), ""]
    lines += ["| figure | value |", "|---|---|", *(f"| `{key}` | {value} |" for key, value in _rows(own))]
    return "\n".join(lines)


def _rows(figures: Mapping[str, Any], before: str = "") -> list[tuple[str, str]]:
    found = []
    for key, value in figures.items():
        if isinstance(value, Mapping):
            found += _rows(value, f"{before}{key}.")
        elif isinstance(value, Sequence) and not isinstance(value, str):
            found.append((before + key, ", ".join(_number(one) for one in value)))
        else:
            found.append((before + key, _number(value)))
    return found


def _number(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:,.3g}" if abs(value) < 1000 else f"{value:,.0f}"
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)


def _machine(known: Mapping[str, Any] | None) -> str:
    if known is None:
        return ""
    return (
        f"{known['date']}: {known['cores']} cores of {known['processor']}, {known['memory_gb']} GB, {known['system']}, "
        f"Python {known['python']}, load {known['load']} when it began (above the cores: other work on the machine)."
    )
