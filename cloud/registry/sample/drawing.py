"""People, homes and what happened, drawn from a seed. Pure: the day is passed in."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random

from cloud.registry.elders.abilities.scales import PARTS, Result, Scale, judge
from cloud.registry.sample import words

COMMUNITY_SIZE = 400
"""Elders of a community, about."""
COMMUNITIES_A_STREET = 10
STREETS_A_DISTRICT = 5
_COUPLES = 0.22
_ASSESSED = 0.6
_SCALE = Scale.GBT42195


@dataclass(frozen=True)
class Person:
    name: str
    born_on: date
    sex: str
    conditions: list[str]
    risks: list[str]
    language: str
    contacts: list[tuple[str, str, str]]
    lives_with: list[str]
    diet: list[str]
    food_note: str
    payers: list[str]
    assessed: tuple[date, Mapping[str, int], Result] | None


@dataclass(frozen=True)
class House:
    address: str
    door_note: str
    storey: int
    lift: bool
    people: list[Person] = field(default_factory=list)


def households(chance: Random, elders: int, today: date) -> Iterator[House]:
    """Homes of one or two, until there are so many elders."""
    left = elders
    while left:
        people = 2 if left > 1 and chance.random() < _COUPLES / (2 - _COUPLES) else 1
        left -= people
        tall = chance.random() < 0.4
        storey = chance.randint(1, 24 if tall else 6)
        lane, house = chance.choice(words.LANES), chance.randint(1, 199)
        address = f"{lane} {house} 号 {chance.randint(1, 12)} 幢 {storey}{chance.randint(1, 4):02} 室"
        home = House(address, chance.choice(words.DOOR_NOTES), storey, tall)
        alone = people == 1 and chance.random() < 0.35
        with_whom = (
            ["alone"] if alone else ["spouse"] if people == 2 else [chance.choice(("children", "carer", "spouse"))]
        )
        for sex in ("female", "male") if people == 2 else (_sex(chance),):
            home.people.append(_person(chance, sex, with_whom, today))
        yield home


def _person(chance: Random, sex: str, lives_with: list[str], today: date) -> Person:
    age = min(60 + int(chance.expovariate(1 / 11)), 104)
    born_on = today - timedelta(days=round(age * 365.25) + chance.randint(0, 364))
    conditions = [
        name for name, (share, a_year) in words.CONDITIONS.items() if chance.random() < share + a_year * (age - 60)
    ]
    risks = []
    if age > 78 or "骨质疏松" in conditions:
        risks.append("跌倒")
    if "2型糖尿病" in conditions and chance.random() < 0.4:
        risks.append("低血糖")
    if "痴呆" in conditions:
        risks.append("走失")
    contacts = [
        (person_name(chance, chance.choice(("female", "male"))), chance.choice(words.RELATIONS), _phone(chance))
        for _ in range(chance.choice((1, 1, 2, 2, 3)))
    ]
    diet = [
        code
        for code, likely in (
            ("little_salt", "高血压" in conditions),
            ("little_sugar", "2型糖尿病" in conditions),
            ("soft", age > 82),
        )
        if likely and chance.random() < 0.6
    ]
    return Person(
        name=person_name(chance, sex),
        born_on=born_on,
        sex=sex,
        conditions=conditions,
        risks=risks,
        language=chance.choices(("zh", "wuu", "yue"), (80, 17, 3))[0],
        contacts=contacts,
        lives_with=lives_with,
        diet=diet,
        food_note=chance.choice(words.FOODS),
        payers=[chance.choice(("employee_insurance", "employee_insurance", "resident_insurance", "self"))],
        assessed=_assessed(chance, age, "痴呆" in conditions, today) if chance.random() < _ASSESSED else None,
    )


def person_name(chance: Random, sex: str) -> str:
    surname = words.SURNAMES[min(int(chance.expovariate(1 / 12)), len(words.SURNAMES) - 1)]
    given = words.WOMEN if sex == "female" else words.MEN
    return surname + "".join(chance.choices(given, k=chance.choice((1, 2, 2, 2))))


def _phone(chance: Random) -> str:
    return f"025-5550-{chance.randint(0, 9999):04}"  # of a range that nobody has


def _sex(chance: Random) -> str:
    return "female" if chance.random() < 0.58 else "male"


def _assessed(chance: Random, age: int, dementia: bool, today: date) -> tuple[date, Mapping[str, int], Result]:
    """What is lost grows with age, and falls on a few items more than on others."""
    loss = max(0.0, (age - 68) / 45 + (0.25 if dementia else 0.0) + chance.gauss(0, 0.08))
    answers = {}
    for part in PARTS[_SCALE]:
        for item in part.items:
            steps = sum(chance.random() < loss for _ in item.points[1:])
            answers[item.code] = item.points[steps]
    return today - timedelta(days=chance.randint(1, 700)), answers, judge(_SCALE, answers)
