"""Roll-ups, and what of them may be shown."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud.errors import NotFound
from cloud.web.quality.small import LEAST
from cloud.web.regions.model import Counts, Figures, Place
from cloud.web.regions.tree import Tree

CITY, EAST, WEST = 1, 2, 3
"""Two districts of a city; their streets are 21, 22 ... and 31, 32 ..."""


def create_tree(east: list[int], west: list[int], city: int = 0) -> Tree:
    """With so many elders in each street."""
    places = [
        Place(CITY, "320100", "city", "city", None),
        Place(EAST, "320101", "east", "district", CITY),
        Place(WEST, "320102", "west", "district", CITY),
    ]
    counts = {CITY: Counts(elders=city)}
    for district, elders in ((EAST, east), (WEST, west)):
        for number, count in enumerate(elders, start=1):
            region_id = 10 * district + number
            places.append(Place(region_id, str(region_id), str(region_id), "street", district))
            counts[region_id] = Counts(elders=count)
    return Tree(places, counts)


def elders(figures: Figures) -> list[int | None]:
    return [line.shown.elders for line in figures.lines]


def test_figures_are_summed_up_the_tree() -> None:
    figures = create_tree([10, 20], [30, 40], city=7).figures(CITY)
    assert figures.whole.elders == 107
    assert elders(figures) == [30, 70, 7]
    assert [line.itself for line in figures.lines] == [False, False, True]


def test_a_small_number_is_hidden_with_the_next_one() -> None:
    figures = create_tree([3, 20, 9], [30]).figures(EAST)
    assert figures.whole.elders == 32
    assert elders(figures) == [None, 20, None]


def test_a_hidden_district_shows_nothing_below_it() -> None:
    tree = create_tree([2, 1], [30, 40])
    assert elders(tree.figures(CITY)) == [None, None]
    for district in (EAST, WEST):  # the west would tell the east by the city's sum
        figures = tree.figures(district)
        assert figures.whole.elders is None
        assert elders(figures) == [None, None]


def test_nobody_lives_here_is_no_secret() -> None:
    assert elders(create_tree([0, 20], [30]).figures(EAST)) == [0, 20]


def test_a_share_of_few_is_not_said() -> None:
    place = Place(CITY, "1", "1", "city", None)
    few = Tree([place], {CITY: Counts(elders=50, due=LEAST - 1, kept=1)}).figures(CITY)
    assert (few.whole.due, few.whole.kept_share) == (None, None)
    enough = Tree([place], {CITY: Counts(elders=50, due=8, kept=6)}).figures(CITY)
    assert (enough.whole.due, enough.whole.kept_share) == (8, 0.75)


def test_only_what_is_seen_can_be_asked_for() -> None:
    with pytest.raises(NotFound):
        create_tree([10], [10]).figures(99)


COUNTS = st.lists(st.integers(0, 12), min_size=1, max_size=4)


@given(COUNTS, COUNTS)
def test_no_page_tells_a_small_number(east: list[int], west: list[int]) -> None:
    """All that is shown on all pages, taken together, determines no small number."""
    tree, counts = create_tree(east, west), east + west
    streets = np.eye(len(counts))
    of = {EAST: streets[: len(east)], WEST: streets[len(east) :], CITY: streets}
    known = [np.zeros(len(counts))]
    for region, rows in of.items():
        figures = tree.figures(region)
        below = [of[EAST].sum(axis=0), of[WEST].sum(axis=0)] if region == CITY else list(rows)
        said = [(figures.whole, rows.sum(axis=0)), *zip((line.shown for line in figures.lines), below, strict=True)]
        known += [row for shown, row in said if shown.elders is not None]
    rank = np.linalg.matrix_rank(np.array(known))
    for row, count in zip(streets, counts, strict=True):
        assert not 0 < count < LEAST or np.linalg.matrix_rank(np.array([*known, row])) > rank


def test_the_way_leads_from_the_widest() -> None:
    figures = create_tree([10], [10]).figures(21)
    assert [place.region_id for place in figures.way] == [CITY, EAST, 21]
    assert figures.lines == ()
