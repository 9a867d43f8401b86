"""How a stored value is shown: its name, its unit as people write it, its decimals."""

from dataclasses import dataclass

from cloud.web.language import N_, Language
from protocols.reading import GLUCOSE_MG_DL_PER_MMOL_L

MG_DL = "mg/dL"
MMOL_L = "mmol/L"

_NAMES = {
    "glucose": (N_("Glucose"), N_("Glucose")),
    "systolic": (N_("Sys"), N_("Systolic pressure")),
    "diastolic": (N_("Dia"), N_("Diastolic pressure")),
    "mean_arterial_pressure": (N_("Mean pressure"), N_("Mean arterial pressure")),
    "pulse": (N_("Pulse"), N_("Pulse")),
    "body_temperature": (N_("Temperature"), N_("Body temperature")),
    "body_weight": (N_("Weight"), N_("Body weight")),
    "ketone": (N_("Ketone"), N_("Ketone")),
    "motion": (N_("Movement"), N_("Movement in the bathroom")),
    "humidity": (N_("Humidity"), N_("Humidity in the bathroom")),
}
_UNITS = {
    "systolic": "mmHg",
    "diastolic": "mmHg",
    "mean_arterial_pressure": "mmHg",
    "pulse": "/min",
    "body_temperature": "°C",
    "body_weight": "kg",
    "ketone": MMOL_L,
    "humidity": "%",
}
_ONE_DECIMAL = frozenset({"body_temperature", "body_weight", "ketone"})


@dataclass(frozen=True)
class Measures:
    """The centre's choice of units; stored values are always canonical."""

    glucose_unit: str = MMOL_L

    def unit(self, metric: str) -> str:
        return self.glucose_unit if metric == "glucose" else _UNITS.get(metric, "")

    def scaled(self, metric: str, value: float) -> float:
        """A canonical value in the unit that is shown."""
        if metric == "glucose" and self.glucose_unit == MMOL_L:
            return value / GLUCOSE_MG_DL_PER_MMOL_L
        return value

    def canonical(self, metric: str, scaled: float) -> float:
        """What `scaled` shows as this."""
        return scaled / self.scaled(metric, 1.0)

    def number(self, metric: str, value: float) -> str:
        """The value without its unit: whole, or one decimal where the unit is that large."""
        return f"{self.scaled(metric, value):.{self.decimals(metric)}f}"

    def decimals(self, metric: str) -> int:
        return 1 if metric in _ONE_DECIMAL or (metric == "glucose" and self.glucose_unit == MMOL_L) else 0

    def shown(self, metric: str, scaled: float) -> str:
        """A value that `scaled` gave, with its unit."""
        return f"{scaled:.{self.decimals(metric)}f} {self.unit(metric)}".strip()

    def text(self, metric: str, value: float) -> str:
        return f"{self.number(metric, value)} {self.unit(metric)}".strip()


def short_name(language: Language, metric: str) -> str:
    return language.gettext(_NAMES[metric][0]) if metric in _NAMES else metric.replace("_", " ")


def long_name(language: Language, metric: str) -> str:
    return language.gettext(_NAMES[metric][1]) if metric in _NAMES else metric.replace("_", " ")
