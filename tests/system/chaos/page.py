"""Writes the figures of runs into docs/reliability.md: `python -m tests.system.chaos.page PAGE REPORT.json...`."""

import json
import sys
from pathlib import Path
from typing import Any

BEGIN = "<!-- figures: written by tests/system/chaos/page.py -->"
END = "<!-- end of figures -->"

_ROWS = (
    ("seed", "seed"),
    ("minutes asked for", "minutes"),
    ("seconds of breaking", "breaking_s"),
    ("settled after, s", "settled_after_s"),
    ("handed over", "handed_over"),
    ("stored exactly once", "stored"),
    ("lost", "lost"),
    ("doubled", "doubled"),
    ("alarms pressed", "alarms_pressed"),
    ("alarms shown and closed once", "alarms_shown_once"),
    ("alarms lost", "alarms_lost"),
    ("press to desk, s: median", "press_to_desk_median_s"),
    ("press to desk, s: longest", "press_to_desk_longest_s"),
    ("pressed again, the gateway being down", "pressed_again_while_the_gateway_was_down"),
    ("gateway starts refused on a full disk", "starts_refused_on_a_full_disk"),
)


def figures(reports: list[dict[str, Any]]) -> str:
    """Two tables in Markdown: what was counted, and how often each fault was done."""
    head = "| | " + " | ".join(f"run {number}" for number in range(1, len(reports) + 1)) + " |"
    rule = "|---|" + "---:|" * len(reports)
    counted = [f"| {name} | {' | '.join(_plain(report.get(key)) for report in reports)} |" for name, key in _ROWS]
    kinds = sorted({kind for report in reports for kind in report["faults"]})
    faults = [f"| {kind} | {' | '.join(str(report['faults'].get(kind, 0)) for report in reports)} |" for kind in kinds]
    total = f"| all | {' | '.join(str(sum(report['faults'].values())) for report in reports)} |"
    grown = sorted({name for report in reports for name, size in report["growth"].items() if size["after"]})
    sizes = [f"| {name} | {' | '.join(_growth(report, name) for report in reports)} |" for name in grown]
    tables = (
        [head, rule, *counted, ""],
        ["Faults carried out:", "", head, rule, *faults, total, ""],
        ["Memory (MB) and open files, before -> after:", "", head, rule, *sizes],
    )
    return "\n".join(line for table in tables for line in table)


def write(page: Path, reports: list[dict[str, Any]]) -> None:
    """Puts the figures between their marks. Raises ValueError where the page has no marks."""
    text = page.read_text(encoding="utf-8")
    begin, end = text.index(BEGIN), text.index(END)
    page.write_text(f"{text[:begin]}{BEGIN}\n\n{figures(reports)}\n\n{text[end:]}", encoding="utf-8")


def _plain(value: Any) -> str:
    return "" if value is None else f"{value:,g}" if isinstance(value, float) else f"{value:,}"


def _growth(report: dict[str, Any], name: str) -> str:
    size = report["growth"].get(name)
    if size is None or size["after"] is None:
        return ""
    before, after = size["before"], size["after"]
    return f"{before['rss_mb']:.0f} -> {after['rss_mb']:.0f}, {before['files']} -> {after['files']}"


if __name__ == "__main__":
    write(Path(sys.argv[1]), [json.loads(Path(name).read_text(encoding="utf-8")) for name in sys.argv[2:]])
