import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud.registry.elders.abilities.scales import (
    PARTS,
    AnswersRefused,
    Ground,
    Scale,
    judge,
    most_points,
    worst_level,
)


def most(scale: Scale) -> dict[str, int]:
    return {item.code: item.points[0] for part in PARTS[scale] for item in part.items}


def lose(scale: Scale, points: int) -> dict[str, int]:
    """Answers that are so many points short."""
    answers = most(scale)
    for part in PARTS[scale]:
        for item in part.items:
            for less in item.points[1:]:
                if (step := answers[item.code] - less) <= points:
                    answers[item.code], points = less, points - step
    assert points == 0
    return answers


def test_the_scales_are_whole() -> None:
    """GB/T 42195-2022: 26 items, 90 points, of which 32, 15, 28 and 15 in its four parts; Barthel: ten items, 100."""
    assert len(most(Scale.GBT42195)) == 26
    assert [part.most for part in PARTS[Scale.GBT42195]] == [32, 15, 28, 15]
    assert most_points(Scale.GBT42195) == 90
    assert len(most(Scale.BARTHEL)) == 10
    assert most_points(Scale.BARTHEL) == 100


@pytest.mark.parametrize(
    ("points", "level"), [(90, 0), (89, 1), (66, 1), (65, 2), (46, 2), (45, 3), (30, 3), (29, 4), (0, 4)]
)
def test_levels_of_gbt42195(points: int, level: int) -> None:
    result = judge(Scale.GBT42195, lose(Scale.GBT42195, 90 - points))
    assert (result.points, result.level) == (points, level)


@pytest.mark.parametrize(("points", "level"), [(100, 0), (95, 1), (65, 1), (60, 2), (45, 2), (40, 3), (0, 3)])
def test_levels_of_barthel(points: int, level: int) -> None:
    assert judge(Scale.BARTHEL, lose(Scale.BARTHEL, 100 - points)).level == level


def test_grounds_move_the_level() -> None:
    answers = most(Scale.GBT42195)
    assert judge(Scale.GBT42195, answers, [Ground.DEMENTIA, Ground.ACCIDENTS]).level == 1  # once, however many
    assert judge(Scale.GBT42195, answers, [Ground.COMA]).level == 4
    assert judge(Scale.GBT42195, lose(Scale.GBT42195, 90), [Ground.DEMENTIA]).level == 4
    with pytest.raises(AnswersRefused, match="points alone"):
        judge(Scale.BARTHEL, most(Scale.BARTHEL), [Ground.DEMENTIA])


@pytest.mark.parametrize("wrong", [{"eating": 7}, {"eating": -1}, {"flying": 1}])
def test_an_answer_that_cannot_be_is_named(wrong: dict[str, int]) -> None:
    with pytest.raises(AnswersRefused, match=next(iter(wrong))):
        judge(Scale.BARTHEL, most(Scale.BARTHEL) | wrong)


def test_every_item_is_asked() -> None:
    answers = most(Scale.BARTHEL)
    del answers["stairs"]
    with pytest.raises(AnswersRefused, match="stairs"):
        judge(Scale.BARTHEL, answers)


@given(st.data(), st.sampled_from(list(Scale)))
def test_more_points_are_never_a_worse_level(data: st.DataObject, scale: Scale) -> None:
    answers = {item.code: data.draw(st.sampled_from(item.points)) for part in PARTS[scale] for item in part.items}
    result = judge(scale, answers)
    better = judge(scale, most(scale))
    assert better.level == 0 <= result.level <= worst_level(scale)
    assert result.points == sum(answers.values()) == sum(result.parts.values())
