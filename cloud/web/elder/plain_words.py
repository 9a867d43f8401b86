"""An elder's own readings in plain words: "138 over 82, as usual for you". Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from cloud.detection.model import DOUBTFUL_FLAGS
from cloud.web.evidence.model import Band, Measured
from cloud.web.language import N_, Language
from cloud.web.values import Measures

_NAMES = {
    "systolic": N_("Blood pressure"),
    "pulse": N_("Pulse"),
    "glucose": N_("Blood sugar"),
    "body_temperature": N_("Temperature"),
    "body_weight": N_("Weight"),
}
SAID = (*_NAMES, "diastolic")
"""The metrics that are spoken of."""


@dataclass(frozen=True)
class Saying:
    name: str
    value: str
    """With its unit, or "138 over 82"."""
    how: str
    """Beside what is usual for them; empty where that is not known."""
    measured_at: datetime


def sayings(
    language: Language, measures: Measures, latest: Sequence[Measured], bands: Mapping[str, Band]
) -> list[Saying]:
    """Of the last reading of each metric, in one order."""
    last = {row.metric: row for row in latest}
    found = []
    for metric, name in _NAMES.items():
        row = last.get(metric)
        if row is None:
            continue
        value = measures.text(metric, row.value)
        lower = last.get("diastolic")
        if metric == "systolic" and lower is not None and lower.measured_at == row.measured_at:
            value = language.gettext(
                "%(upper)s over %(lower)s",
                upper=measures.number(metric, row.value),
                lower=measures.number("diastolic", lower.value),
            )
        found.append(Saying(language.gettext(name), value, _how(language, row, bands.get(metric)), row.measured_at))
    return found


def _how(language: Language, row: Measured, band: Band | None) -> str:
    if any(flag in DOUBTFUL_FLAGS for flag in row.flags):
        return language.gettext("This measurement may not be right.")
    if band is None:
        return ""
    if row.value > band.high:
        return language.gettext("Higher than usual for you.")
    if row.value < band.low:
        return language.gettext("Lower than usual for you.")
    return language.gettext("As usual for you.")
