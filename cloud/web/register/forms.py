"""What somebody wrote into the form of an entry -> a change, or a sentence for each field that is not right. Pure.

Programs send the same fields as JSON; contacts are lines of `name / relation / number`, in the order of calling.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from cloud.registry.elders.model import Change, Diet, Dwelling, Entry, LivesWith, Payer, Religion, Told
from cloud.registry.model import Sex
from cloud.web.language import N_

MOST_CONTACTS = 12
_LANGUAGE = re.compile(r"[a-z][a-z0-9_-]{0,39}")
_PHONE = re.compile(r"\+?[0-9][0-9 -]{4,24}")
_LINE, _TEXT = 200, 2000

Fields = Mapping[str, Sequence[str]]


@dataclass
class Written:
    """The change, as far as it can be read; it counts where nothing is wrong."""

    fields: Fields
    wrong: dict[str, str] = field(default_factory=dict)
    """By field: a sentence, a key of the catalogue."""

    def text(self, name: str, longest: int = _TEXT) -> str:
        value = " ".join(self.fields.get(name, ())).replace("\0", "").replace("\r\n", "\n").strip()
        if len(value) > longest:
            self.wrong[name] = N_("This is longer than can be kept.")
        return value[:longest]

    def line(self, name: str, *, needed: bool = False) -> str:
        value = " ".join(self.text(name, _LINE).split())
        if needed and not value:
            self.wrong[name] = N_("This must not be empty.")
        return value

    def one(self, name: str, known: Collection[str]) -> str | None:
        value = self.line(name)
        if value and value not in known:
            self.wrong[name] = N_("Choose one of those on the page.")
        return value or None

    def several(self, name: str, known: Collection[str]) -> tuple[str, ...]:
        values = {value for value in self.fields.get(name, ()) if value}
        if values - set(known):
            self.wrong[name] = N_("Choose one of those on the page.")
        return tuple(value for value in known if value in values)

    def day(self, name: str, latest: date) -> date | None:
        value = self.line(name)
        if not value:
            return None
        try:
            found = date.fromisoformat(value)
        except ValueError:
            self.wrong[name] = N_("This is no day such as 1941-03-27.")
            return None
        if not date(1880, 1, 1) <= found <= latest:
            self.wrong[name] = N_("This day cannot be right.")
        return found

    def number(self, name: str, least: int, most: int) -> int | None:
        value = self.line(name)
        if not value:
            return None
        if not re.fullmatch(r"-?[0-9]{1,4}", value) or not least <= int(value) <= most:
            self.wrong[name] = N_("This is no number that can be right.")
            return None
        return int(value)


def read_change(fields: Fields, today: date) -> tuple[Change, list[Told], dict[str, str]]:
    """The change, the contacts, and by field what is wrong with it; both count only where nothing is."""
    written = Written(fields)
    language = written.line("language") or None
    if language is not None and not _LANGUAGE.fullmatch(language):
        written.wrong["language"] = N_("Choose one of those on the page.")
    lives_with = written.several("lives_with", [one.value for one in LivesWith])
    if LivesWith.ALONE.value in lives_with and len(lives_with) > 1:
        written.wrong["lives_with"] = N_("Nobody lives alone and with others.")
    lift = written.one("lift", ("yes", "no"))
    change = Change(
        name=written.line("name", needed=True),
        born_on=written.day("born_on", today),
        sex=written.one("sex", [one.value for one in Sex]),
        language=language,
        address=written.line("address", needed=True),
        door_note=written.text("door_note"),
        dwelling=written.one("dwelling", [one.value for one in Dwelling]),
        storey=written.number("storey", -3, 150),
        lift=None if lift is None else lift == "yes",
        lives_with=lives_with,
        household=written.text("household"),
        religion=written.one("religion", [one.value for one in Religion]),
        diet=written.several("diet", [one.value for one in Diet]),
        food_note=written.text("food_note"),
        payers=written.several("payers", [one.value for one in Payer]),
        payer_note=written.text("payer_note"),
    )
    contacts = _contacts(written)
    return change, contacts, written.wrong


def _contacts(written: Written) -> list[Told]:
    found = []
    for line in written.text("contacts").splitlines():
        if not line.strip():
            continue
        parts = [part.strip() for part in re.split(r"[/／]", line)]
        if len(parts) != 3 or not all(parts) or max(map(len, parts)) > _LINE:
            written.wrong["contacts"] = N_("Write each as name / relation / number, one a line.")
        elif not _PHONE.fullmatch(parts[2]):
            written.wrong["contacts"] = N_("One of these is no telephone number: digits, spaces and hyphens only.")
        else:
            found.append(Told(*parts))
    if len(found) > MOST_CONTACTS:
        written.wrong["contacts"] = N_("These are more than can be called in turn; keep the nearest.")
    return found


def fields_of(entry: Entry, contacts: Sequence[Told]) -> dict[str, list[str]]:
    """The form as it opens: what `read_change` reads back to the same entry."""
    lift = {None: "", True: "yes", False: "no"}[entry.lift]
    return {
        "name": [entry.name],
        "born_on": [entry.born_on.isoformat() if entry.born_on else ""],
        "sex": [entry.sex or ""],
        "language": [entry.language or ""],
        "address": [entry.address],
        "door_note": [entry.door_note],
        "dwelling": [entry.dwelling or ""],
        "storey": ["" if entry.storey is None else str(entry.storey)],
        "lift": [lift],
        "lives_with": list(entry.lives_with),
        "household": [entry.household],
        "religion": [entry.religion or ""],
        "diet": list(entry.diet),
        "food_note": [entry.food_note],
        "payers": list(entry.payers),
        "payer_note": [entry.payer_note],
        "contacts": ["\n".join(f"{one.name} / {one.relation} / {one.phone}" for one in contacts)],
        "version": [str(entry.version)],
    }


def today_in(now: datetime) -> date:
    """The latest day that a form may name anywhere: where it is tomorrow already, that is a day too."""
    return date.fromordinal(now.date().toordinal() + 1)
