"""docs/detection-figures.md and its pictures, from what `./dev bench detect` measured."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from tests.bench._detect.drawing import Bar, bars, steps

_HEAD = """# Detection: figures

Written by `./dev bench detect --docs docs`. 95 % intervals in brackets come from drawing people anew; few people make
them wide.

A labelled patient-day is told when an alert of its kind is raised on that day; precision counts the flagged days that
were labelled. A label says that a monitoring team found something worth a look, not that the person was ill: a day
without a label is no proof that there was nothing.
"""
_SPLIT = """## Who was tuned on

- The figures of the pressure and pulse rules are round numbers, chosen with all 16 people of the TIHM part before our
  eyes. For them the table below is no test; other people of the same set are.
- The forests, ours and the one compared with, are fitted without the person who is judged.
- The glucose rules are a guideline's figures. No fingerstick log was tuned on.
- Nothing was tuned on what is put into real series.
"""
_NAMES = {
    "ours": "Doorstep",
    "plain_limits": "plain limits",
    "z_beyond_2": "z beyond 2",
    "ewma": "EWMA",
    "isolation_forest": "isolation forest alone",
}
_MEASURES = ("recall", "precision", "per_week", "delay_min")


def write_page(found: Mapping[str, Any], docs: Path) -> None:
    pictures = docs / "pictures"
    pictures.mkdir(parents=True, exist_ok=True)
    for name, picture in _pictures(found):
        (pictures / name).write_text(picture, encoding="utf-8")
    (docs / "detection-figures.md").write_text("\n".join(_parts(found)), encoding="utf-8")


def _parts(found: Mapping[str, Any]) -> Iterator[str]:
    machine = found["machine"]
    people = found["people"]
    yield _HEAD
    yield (
        f"Measured {machine['date']} on {machine['processor']} ({machine['cores']} cores, {machine['system']}, Python "
        f"{machine['python']}) with {len(people['tihm'])} people of TIHM"
        + (" (the excerpt in this repository)" if people["excerpt"] else "")
        + f" and {people['uci']} fingerstick logs.\n"
    )
    yield _SPLIT
    yield "## Labelled days\n"
    yield "Plain limits: 160/100, pulse over 100 or under 50, a day's events beyond two deviations.\n"
    yield from _labelled(found)
    if "uci" in found:
        yield from _fingersticks(found["uci"])
    yield from _failures(found["failures"])
    yield from _models(found["models"])
    yield from _injections(found["injections"])
    yield from _street(found.get("street"))
    yield from _latency(found.get("latency"))
    yield f"## Speed\n\n{found['readings_per_s']:,} readings a second of one core through all layers, without events.\n"


def _labelled(found: Mapping[str, Any]) -> Iterator[str]:
    for cause, ours in found["tihm"].items():
        yield f"### {_title(cause)}\n"
        yield "| | recall | precision | alerts a patient-week | minutes to the alert |\n|---|---|---|---|---|"
        for name, figures in _ways(found, cause, ours):
            yield f"| {name} | " + " | ".join(_cell(figures[measure]) for measure in _MEASURES) + " |"
        yield f"\n![Recall and precision, {cause}](pictures/detection-{cause}.svg)\n"


def _fingersticks(sugar: Mapping[str, Any]) -> Iterator[str]:
    yield "## Fingersticks (AIM-94, research use: not in this repository)\n"
    yield "| | recall | precision | alerts a patient-week |\n|---|---|---|---|"
    names = {"level_2": "values under 54 mg/dL within an alert", "symptoms": "felt lows that a reading under 70 allows"}
    for key, name in names.items():
        yield f"| {name} | " + " | ".join(_cell(sugar[key][measure]) for measure in _MEASURES[:3]) + " |"
    yield "\nPrecision of the first line: alerts that rest on a value under 70; of the second: alerts within two"
    yield "hours of a felt low.\n"


def _failures(failures: Mapping[str, Any]) -> Iterator[str]:
    yield "## Where it fails\n\nBy person of TIHM: labelled days that nothing told, and flagged days without a label.\n"
    yield "| | person | labelled | missed | flagged without a label |\n|---|---|---|---|---|"
    for cause, rows in failures.items():
        for row in rows:
            yield f"| {cause} | {row['person']} | {row['labelled']} | {row['missed']} | {row['unlabelled']} |"
    yield ""


def _models(figures: Mapping[str, Any]) -> Iterator[str]:
    yield "## A model over it all\n"
    yield "`doorstep-cloud model` learns which alerts a community's nurses call right. Here the labels stand for"
    yield "nurses, and each person's alerts are ranked by what was learned of others. 1 is a perfect order.\n"
    if "why_not" in figures:
        yield f"Not trained: {figures['why_not']}.\n"
        return
    verdict = "it counts" if figures["better"] else "it is not better, and would not be used"
    yield (
        f"{figures['alerts']} alerts: layers alone {figures['layers']:.3f}, with the model {figures['model']:.3f} "
        f"(gain {figures['gain']:+.3f}, {figures['gain_low']:+.3f} to {figures['gain_high']:+.3f}): {verdict}.\n"
    )


def _street(figures: Mapping[str, Any] | None) -> Iterator[str]:
    if figures is None:
        return
    shown = ", ".join(f"{count} {priority}" for priority, count in figures["shown_by_priority"].items())
    yield "## A simulated street\n"
    yield f"{figures['homes']} homes over {figures['days']} days, readings alone; nurses come and end the episodes.\n"
    yield "| | |\n|---|---|"
    yield f"| episodes found, a patient-week | {figures['found_per_week']} |"
    yield f"| alerts that nurses were sent, a patient-week | {figures['shown_per_week']} ({shown}) |"
    waiting = f"{figures['still_waiting']}, for {figures['longest_wait_days']} days at most"
    yield f"| alerts still waiting at the end | {waiting} |"
    yield f"| floors put in, and missed | {figures['floors']}, {figures['floors_missed']} |"
    yield f"| seconds of one core for judging them | {figures['judging_s']:g} |\n"
    yield "By the weightiest rule, a patient-week:\n"
    yield "| rule | found | sent |\n|---|---|---|"
    for rule, found in figures["found_by_rule"].items():
        yield f"| `{rule}` | {found:.3f} | {figures['shown_by_rule'].get(rule, 0.0):.3f} |"
    yield ""


def _latency(figures: Mapping[str, Any] | None) -> Iterator[str]:
    if figures is None:
        return
    yield "## From commit to alert\n"
    yield (
        f"One worker, {figures['readings_a_second']} readings a second"
        + (f", {told} events a second and a round of every elder" if (told := figures.get("events_a_second")) else "")
        + f": median {figures['median_s']} s, 99th "
        f"percentile {figures['p99_s']} s over {figures['told']} of {figures['alerts']} alerts.\n"
    )


def _injections(kinds: Mapping[str, Any]) -> Iterator[str]:
    yield "## Put into real series\n"
    yield "Told means an alert of a fitting cause that the untouched series does not have on that day. Of swapped"
    yield "meters any alert about the other's values counts: the nurse is sent, but is not told of the swap.\n"
    yield "| what | size | people | told | median time to the alert |\n|---|---|---|---|---|"
    for kind, sizes in kinds.items():
        for size, figures in sizes.items():
            delay = _long(figures.get("delay_min"))
            yield f"| {_title(kind)} | {size} | {figures['people']} | {_cell(figures['sensitivity'])} | {delay} |"
    yield "\n![Share told by size, readings](pictures/detection-injections-readings.svg)\n"
    yield "![Share told by size, events](pictures/detection-injections-events.svg)\n"


def _pictures(found: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for cause, ours in found["tihm"].items():
        rows = [
            Bar(f"{name}: {measure}", figures[measure], place)
            for measure in ("recall", "precision")
            for place, (name, figures) in enumerate(_ways(found, cause, ours))
        ]
        yield f"detection-{cause}.svg", bars(f"{_title(cause)}: labelled patient-days", rows)
    order = ("smallest", "small", "large", "largest")
    for name, kinds in (
        ("readings", ("slow_rise", "step", "missed_week")),
        ("events", ("bathroom_night", "endless_shower", "endless_shower_flow", "endless_shower_steam")),
    ):
        lines = [
            (_title(kind), [figures["sensitivity"]["value"] or 0.0 for figures in found["injections"][kind].values()])
            for kind in kinds
        ]
        yield f"detection-injections-{name}.svg", steps("Share told by size (sizes: the table)", order, lines)


def _ways(found: Mapping[str, Any], cause: str, ours: Mapping[str, Any]) -> list[tuple[str, Mapping[str, Any]]]:
    return [(_NAMES["ours"], ours), *((_NAMES.get(name, name), of[cause]) for name, of in found["peers"].items())]


def _cell(figure: Mapping[str, float | None]) -> str:
    value, low, high = figure["value"], figure["low"], figure["high"]
    if value is None or low is None or high is None:
        return "-"
    digits = 0 if value >= 10 else 2
    return f"{value:.{digits}f} ({low:.{digits}f} to {high:.{digits}f})"


def _long(minutes: float | None) -> str:
    if minutes is None:
        return "-"
    return f"{minutes / 1440:.1f} days" if minutes >= 2880 else f"{minutes / 60:.1f} h"


def _title(name: str) -> str:
    return name.replace("_", " ").capitalize()
