"""What an elder can do: scales, items, points, levels. Pure.

GB/T 42195-2022 (老年人能力评估规范): 26 items in four parts, 90 points in all; a level from 0 (nothing is lost) to 4
(all is lost) follows from the points, and grounds move it. The Barthel index: ten items, 100 points.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum


class Scale(StrEnum):
    GBT42195 = "gbt42195"
    BARTHEL = "barthel"


class Ground(StrEnum):
    """What moves the level of GB/T 42195 beside the points."""

    COMA = "coma"
    """The level is 4 whatever the points."""
    DEMENTIA = "dementia"
    """Diagnosed (F00 to F03); one level more."""
    MENTAL_ILLNESS = "mental_illness"
    """Diagnosed by a psychiatrist (F04 to F99); one level more."""
    ACCIDENTS = "accidents"
    """A fall, a choking, getting lost, self-harm ... twice or more within 30 days; one level more."""


@dataclass(frozen=True)
class Item:
    code: str
    points: tuple[int, ...]
    """Those that can be given, the most first."""


@dataclass(frozen=True)
class Part:
    code: str
    items: tuple[Item, ...]

    @property
    def most(self) -> int:
        return sum(item.points[0] for item in self.items)


@dataclass(frozen=True)
class Result:
    points: int
    level: int
    """0 (nothing is lost) to 4 (all is lost); of the Barthel index 0 to 3."""
    parts: Mapping[str, int]


class AnswersRefused(ValueError):
    """The message says which item, and what it may have."""


def _downward(most: int, step: int = 1) -> tuple[int, ...]:
    return tuple(range(most, -1, -step))


def _items(most: int, *codes: str) -> tuple[Item, ...]:
    return tuple(Item(code, _downward(most)) for code in codes)


PARTS: Mapping[Scale, tuple[Part, ...]] = {
    Scale.GBT42195: (
        Part(
            "self_care",
            _items(4, "eating", "grooming", "bathing", "upper_dressing", "lower_dressing", "urine", "stool", "toilet"),
        ),
        Part("movement", (*_items(4, "bed_mobility", "chair_transfer", "walking"), *_items(3, "stairs"))),
        Part(
            "mind",
            (
                *_items(4, "time", "place", "persons", "memory", "understanding", "expression"),
                *_items(1, "aggression", "low_mood"),
                *_items(2, "consciousness"),
            ),
        ),
        Part(
            "senses_and_society",
            (*_items(2, "sight", "hearing"), *_items(4, "affairs"), *_items(3, "transport"), *_items(4, "company")),
        ),
    ),
    Scale.BARTHEL: (
        Part(
            "daily_life",
            (
                Item("eating", _downward(10, 5)),
                Item("bathing", _downward(5, 5)),
                Item("grooming", _downward(5, 5)),
                Item("dressing", _downward(10, 5)),
                Item("stool", _downward(10, 5)),
                Item("urine", _downward(10, 5)),
                Item("toilet", _downward(10, 5)),
                Item("chair_transfer", _downward(15, 5)),
                Item("walking", _downward(15, 5)),
                Item("stairs", _downward(10, 5)),
            ),
        ),
    ),
}
_LEAST: Mapping[Scale, tuple[int, ...]] = {Scale.GBT42195: (90, 66, 46, 30, 0), Scale.BARTHEL: (100, 61, 41, 0)}
"""The fewest points of each level, from level 0 on."""
WORST = 4


def most_points(scale: Scale) -> int:
    return sum(part.most for part in PARTS[scale])


def worst_level(scale: Scale) -> int:
    return len(_LEAST[scale]) - 1


def judge(scale: Scale, answers: Mapping[str, int], grounds: Collection[Ground] = ()) -> Result:
    """Raises AnswersRefused where an item is missing, unknown or has points that it cannot have, and where the scale
    knows no grounds."""
    items = {item.code: item for part in PARTS[scale] for item in part.items}
    for code in answers:
        if code not in items:
            raise AnswersRefused(f"{code}: is no item of this scale")
    for code, item in items.items():
        if answers.get(code) not in item.points:
            expected = ", ".join(map(str, item.points))
            raise AnswersRefused(f"{code}: expected one of {expected}")
    if grounds and scale is not Scale.GBT42195:
        raise AnswersRefused("grounds: this scale goes by its points alone")
    parts = {part.code: sum(answers[item.code] for item in part.items) for part in PARTS[scale]}
    points = sum(parts.values())
    level = next(level for level, least in enumerate(_LEAST[scale]) if points >= least)
    if Ground.COMA in grounds:
        level = WORST
    elif grounds:
        level = min(level + 1, WORST)
    return Result(points, level, parts)
