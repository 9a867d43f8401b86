"""A report as its page shows it. Pure."""

from dataclasses import dataclass
from datetime import datetime

from cloud.registry.proofs.model import StoredReport
from cloud.web.language import N_
from protocols.enrolment.reports import Check

WHAT = {
    "clock": N_("The gateway's clock"),
    "receipts": N_("The way to the centre's database and back"),
    "meter": N_("Measured and read"),
    "sensor": N_("Heard"),
    "button": N_("Pressed, and the centre had it"),
    "feedback": N_("Lamp and voice tell what became of a call"),
    "sms": N_("The second way, by text"),
    "signal": N_("Strength of its radio"),
    "battery": N_("Battery"),
    "power": N_("Power of the gateway"),
    "health": N_("What the gateway says of itself"),
}
KINDS = {
    "glucometer": N_("Glucose meter"),
    "sphygmomanometer": N_("Blood pressure meter"),
    "emergency_button": N_("Emergency button"),
    "pull_cord": N_("Pull cord"),
    "fall_sensor": N_("Fall detector"),
    "shower_sensor": N_("Shower sensor"),
    "water_sensor": N_("Water sensor"),
    "motion_sensor": N_("Motion sensor"),
    "contact_sensor": N_("Door contact"),
    "temperature_sensor": N_("Temperature sensor"),
}


@dataclass(frozen=True)
class Part:
    """A device of the home, or the gateway, with what was tried of it."""

    name: str
    """Of the device; empty: the gateway."""
    kind: str
    where: str
    checks: tuple[Check, ...]


@dataclass(frozen=True)
class Proof:
    ended_at: datetime
    passed: bool
    is_signed: bool
    version: str
    parts: tuple[Part, ...]


def proof_of(stored: StoredReport, places: dict[str, tuple[str, str]]) -> Proof:
    """`places`: kind and place of devices, by name."""
    report = stored.report()
    names = dict.fromkeys(check.device for check in report.checks)
    parts = [
        Part(name, *places.get(name, ("", "")), tuple(check for check in report.checks if check.device == name))
        for name in sorted(names, key=bool)
    ]
    return Proof(report.ended_at, report.passed, stored.is_signed(), report.version, tuple(parts))
