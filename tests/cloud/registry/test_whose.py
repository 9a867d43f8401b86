"""Whose a measurement of a shared meter is: the three rules, and that nobody gets it at random."""

from hypothesis import given
from hypothesis import strategies as st

from cloud.registry.model import SharingRule
from cloud.registry.whose import FILED_FROM, Band, Candidate, Measurement, Whose, Why, whose
from protocols.reading import Metric

WU = Candidate(1, ((390, 480),), {Metric.SYSTOLIC: Band(138, 152), Metric.DIASTOLIC: Band(74, 86)})
LI = Candidate(2, ((1200, 1260),), {Metric.SYSTOLIC: Band(108, 122), Metric.DIASTOLIC: Band(64, 76)})
NEW = Candidate(3)
MORNING, NOON, EVENING = 400, 720, 1210


def create_measurement(systolic: float, diastolic: float | None = None, minute: int | None = NOON) -> Measurement:
    values = {Metric.SYSTOLIC: systolic}
    if diastolic is not None:
        values[Metric.DIASTOLIC] = diastolic
    return Measurement(values, minute)


def by_value(systolic: float, diastolic: float | None = None) -> Whose:
    return whose(create_measurement(systolic, diastolic), (WU, LI), SharingRule.BY_PLAUSIBILITY)


def by_time(minute: int | None, systolic: float, *candidates: Candidate) -> Whose:
    return whose(create_measurement(systolic, minute=minute), candidates or (WU, LI), SharingRule.BY_TIME)


def test_ask_files_nothing() -> None:
    found = whose(create_measurement(145, minute=MORNING), (WU, LI), SharingRule.ASK)
    assert found == Whose(None, 0.0, Why.ASK)


def test_a_value_usual_for_one_and_not_for_the_other_is_theirs() -> None:
    assert by_value(147, 81) == Whose(1, 0.988, Why.BY_PLAUSIBILITY)
    assert by_value(112, 69).elder_id == 2


def test_a_value_between_two_people_is_asked_about() -> None:
    found = by_value(130, 75)
    assert (found.elder_id, found.why) == (None, Why.LIKE_NOBODY)
    alike = Candidate(2, (), {Metric.SYSTOLIC: Band(136, 150)})
    found = whose(create_measurement(144), (WU, alike), SharingRule.BY_PLAUSIBILITY)
    assert (found.elder_id, found.why) == (None, Why.TOO_ALIKE)
    assert found.certainty is not None
    assert found.certainty < 0.6


def test_a_crisis_is_not_given_to_whoever_is_nearer() -> None:
    found = by_value(210, 120)
    assert (found.elder_id, found.why) == (None, Why.LIKE_NOBODY)


def test_a_newcomer_without_a_normal_makes_every_value_unsure() -> None:
    found = whose(create_measurement(145), (WU, NEW), SharingRule.BY_PLAUSIBILITY)
    assert found == Whose(None, 0.0, Why.NO_NORMAL_YET)


def test_a_value_that_was_doubted_is_no_mark() -> None:
    found = whose(Measurement({}, MORNING), (WU, LI), SharingRule.BY_PLAUSIBILITY)
    assert found == Whose(None, 0.0, Why.VALUE_DOUBTFUL)


def test_the_usual_time_of_one_is_theirs() -> None:
    assert by_time(MORNING, 147).elder_id == 1
    assert by_time(EVENING, 112).elder_id == 2
    found = by_time(MORNING, 147, Candidate(1, WU.usual), Candidate(2, LI.usual))
    assert (found.elder_id, found.why) == (1, Why.BY_TIME)
    assert by_time(NOON, 147) == Whose(None, 0.0, Why.OUTSIDE_USUAL_TIMES)


def test_a_meter_with_a_wrong_clock_says_no_time_of_day() -> None:
    assert by_time(None, 147) == Whose(None, 0.0, Why.CLOCK_DOUBTFUL)


def test_a_value_that_speaks_against_the_time_is_asked_about() -> None:
    assert by_time(MORNING, 114).elder_id is None
    assert by_time(MORNING, 210).elder_id is None


def test_one_person_and_their_guests() -> None:
    assert whose(create_measurement(145), (WU,), SharingRule.BY_PLAUSIBILITY).elder_id == 1
    assert whose(create_measurement(115), (WU,), SharingRule.BY_PLAUSIBILITY).elder_id is None


bands = st.builds(lambda low, width: Band(low, low + width), st.floats(40, 200), st.floats(0.5, 60))
candidates = st.lists(st.builds(lambda band: {Metric.SYSTOLIC: band}, bands), min_size=1, max_size=5).map(
    lambda all_bands: tuple(Candidate(place, ((0, 720),), one) for place, one in enumerate(all_bands))
)


@given(candidates, st.floats(20, 300), st.integers(0, 1439), st.sampled_from(SharingRule))
def test_what_is_filed_is_sure_and_does_not_hang_on_the_order(
    people: tuple[Candidate, ...], value: float, minute: int, rule: SharingRule
) -> None:
    measurement = create_measurement(value, minute=minute)
    found = whose(measurement, people, rule)
    assert found.certainty is not None
    assert 0 <= found.certainty <= 1
    assert (found.elder_id is not None) == (found.certainty >= FILED_FROM)
    assert whose(measurement, people[::-1], rule) == found
    if found.elder_id is not None:
        own = people[found.elder_id].bands[Metric.SYSTOLIC]
        assert all(own.distance(value) <= one.bands[Metric.SYSTOLIC].distance(value) for one in people)
