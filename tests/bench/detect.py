"""Alerts of the detector beside what people labelled, beside simpler ways, and beside what is put into real series.

The data sets lie in the folder that DOORSTEP_DATA (or --data) names: tihm*/ and uci*/. Without it a small excerpt of
TIHM in this repository is used. `--docs FOLDER` writes detection-figures.md and its pictures there.
"""

import argparse
import json
import os
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

from msgspec.structs import asdict

from cloud.detection.columns import HOUR_US, us_of
from cloud.detection.limits import Limits, load_limits
from cloud.detection.replay.alerts_file import AlertRow
from cloud.detection.together.daily import day_of
from cloud.detection.together.model import Example, Facts
from cloud.detection.together.training import TooFew, compare
from protocols.reading import Metric
from tests.bench._detect import injections, latency, peers, running, street
from tests.bench._detect.page import write_page
from tests.bench._detect.people import EXCERPT, LABELS, Person, tihm, uci
from tests.bench._detect.scoring import Tally, figures, tally
from tests.bench._machine import machine

LIMITS = Path(__file__).parents[2] / "configs" / "limits.toml"
_LEVEL_1, _LEVEL_2 = 70.0, 54.0
_NEAR_US = 2 * HOUR_US


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="./dev bench detect", description=__doc__)
    parser.add_argument(
        "--data", type=Path, default=os.environ.get("DOORSTEP_DATA"), help="the folder of the data sets"
    )
    parser.add_argument("--limits", type=Path, default=LIMITS, help="a limits file")
    parser.add_argument("--json", type=Path, help="write the figures here")
    parser.add_argument("--docs", type=Path, help="write detection-figures.md and its pictures into this folder")
    parser.add_argument("--street", type=int, metavar="HOMES", help="live ninety days of so many simulated homes, too")
    parser.add_argument("--latency", action="store_true", help="time the real worker on a database of its own, too")
    options = parser.parse_args(arguments)
    limits = load_limits(options.limits)
    found = measure(options.data, limits)
    if options.street:
        found["street"] = street.measure(options.street, limits)
    if options.latency:
        found["latency"] = latency.measure(limits)
    print(json.dumps(found, indent=1))
    if options.json:
        options.json.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    if options.docs:
        write_page(found, options.docs)
    return 0


def measure(data: Path | None, limits: Limits) -> dict[str, Any]:
    """All figures; data sets that are not there are not named."""
    folder = None if data is None else next(iter(sorted(Path(data).glob("tihm*"))), None)
    people = tihm(folder or EXCERPT)
    told = [running.alerts_of(one, limits) for one in people]
    found: dict[str, Any] = {
        "machine": machine(),
        "people": {"tihm": [one.name for one in people], "excerpt": folder is None, "uci": 0},
        "tihm": labelled(people, told),
        "failures": failures(people, told),
    }
    found["peers"] = beside(people, found["tihm"])
    sugar = None if data is None else next(iter(sorted(Path(data).glob("uci*"))), None)
    if sugar is not None:
        logs, _ = uci(sugar)
        found["people"]["uci"] = len(logs)
        found["uci"] = fingersticks(logs, limits)
    found["models"] = models(people, told, limits)
    found["injections"] = injections.measure(people, limits)
    found["readings_per_s"] = round(running.readings_per_s(people, limits))
    return found


def labelled(people: Sequence[Person], told: Sequence[Sequence[AlertRow]]) -> dict[str, Any]:
    return {
        cause: figures(
            [
                tally(running.raised(rows, cause), one.labelled[cause], one.weeks)
                for one, rows in zip(people, told, strict=True)
            ]
        )
        for cause in LABELS.values()
    }


def failures(people: Sequence[Person], told: Sequence[Sequence[AlertRow]]) -> dict[str, list[dict[str, str | int]]]:
    """By cause and person: labelled days that nothing told, and flagged days without a label."""
    found: dict[str, list[dict[str, str | int]]] = {cause: [] for cause in LABELS.values()}
    for cause, rows in found.items():
        for one, alerts in zip(people, told, strict=True):
            flagged = {each.day for each in running.raised(alerts, cause)}
            missed, unlabelled = one.labelled[cause] - flagged, flagged - one.labelled[cause]
            if missed or unlabelled:
                rows.append(
                    {
                        "person": one.name,
                        "labelled": len(one.labelled[cause]),
                        "missed": len(missed),
                        "unlabelled": len(unlabelled),
                    }
                )
    return found


def models(people: Sequence[Person], told: Sequence[Sequence[AlertRow]], limits: Limits) -> dict[str, Any]:
    """How a model ranks the alerts of people who were left out, beside the layers alone; a label is the verdict."""
    examples = []
    for one, rows in zip(people, told, strict=True):
        for row in rows:
            labels = [label for label in LABELS.values() if running.raised([row], label)]
            if labels:
                hours = (row.evidence_to - row.evidence_from) / timedelta(hours=1)
                reasons = row.explanation.count(" | ") + 1
                day = day_of(one.history.readings, us_of(row.raised_at), limits.own_normal)
                facts = Facts(row.cause, row.priority, row.score, reasons, hours, day)
                examples.append(Example(one.name, facts, running.day_of(row) in one.labelled[labels[0]]))
    try:
        figures = compare(examples)
    except TooFew as few:
        return {"alerts": len(examples), "why_not": str(few)}
    return {"alerts": len(examples), **asdict(figures), "better": figures.better}


def beside(people: Sequence[Person], ours: dict[str, Any]) -> dict[str, Any]:
    """Simpler ways on the same people: the forest is given the alerts a week that we need."""
    found: dict[str, Any] = {name: {} for name in (*peers.PEERS, "isolation_forest")}
    for cause in LABELS.values():
        for name in peers.PEERS:
            found[name][cause] = figures(
                [tally(peers.peer(name, one, cause), one.labelled[cause], one.weeks) for one in people]
            )
        per_week = ours[cause]["per_week"]["value"] or found["plain_limits"][cause]["per_week"]["value"]
        flagged = peers.forest(people, cause, per_week)
        found["isolation_forest"][cause] = figures(
            [tally(rows, one.labelled[cause], one.weeks) for one, rows in zip(people, flagged, strict=True)]
        )
    return found


def fingersticks(people: Sequence[Person], limits: Limits) -> dict[str, Any]:
    """`level_2`: values under 54 mg/dL that an alert rests on; `symptoms`: felt lows that an alert comes before, or
    within two hours of, where a reading under 70 within those hours allows."""
    lows, felt = [], []
    for one in people:
        rows = [row for row in running.alerts_of(one, limits) if row.cause.value == "hypoglycaemia"]
        lows.append(_lows(one, rows))
        felt.append(_felt(one, rows))
    return {"level_2": figures(lows), "symptoms": figures(felt)}


def _lows(person: Person, rows: Sequence[AlertRow]) -> Tally:
    glucose = person.history.readings.of(Metric.GLUCOSE)
    low = glucose.at_us[glucose.value < _LEVEL_2].tolist()
    spans = [_span_us(row) for row in rows]
    hit = sum(any(begin <= at <= end for begin, end in spans) for at in low)
    right = sum(any(begin <= at <= end for at in glucose.at_us[glucose.value < _LEVEL_1]) for begin, end in spans)
    delays = tuple((row.raised_at - row.evidence_to).total_seconds() / 60 for row in rows)
    return Tally(len(low), hit, len(rows), right, len(rows), person.weeks, delays)


def _felt(person: Person, rows: Sequence[AlertRow]) -> Tally:
    glucose = person.history.readings.of(Metric.GLUCOSE)
    low = glucose.at_us[glucose.value < _LEVEL_1]
    can_be = [at for at in person.symptoms_us if ((low >= at - _NEAR_US) & (low <= at + _NEAR_US)).any()]
    raised = [round(row.raised_at.timestamp() * 1e6) for row in rows]
    spans = [_span_us(row) for row in rows]
    near = [
        any(abs(one - at) <= _NEAR_US for one in raised) or any(begin <= at <= end for begin, end in spans)
        for at in can_be
    ]
    right = sum(any(abs(one - at) <= _NEAR_US for at in person.symptoms_us) for one in raised)
    return Tally(len(can_be), sum(near), len(rows), right, len(rows), person.weeks)


def _span_us(row: AlertRow) -> tuple[int, int]:
    return round(row.evidence_from.timestamp() * 1e6), round(row.evidence_to.timestamp() * 1e6)
