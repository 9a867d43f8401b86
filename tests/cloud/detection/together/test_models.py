"""Models: plain numbers that ask as their grower does, the same from the same data, and used only where better."""

from datetime import UTC
from pathlib import Path

import numpy as np
import pytest
from sklearn.ensemble import IsolationForest

from cloud.detection.columns import DAY_US, HOUR_US, METRIC_CODE, Readings, create_readings
from cloud.detection.limits import Limits
from cloud.detection.model import Cause, Priority
from cloud.detection.together import files
from cloud.detection.together.daily import WIDTH, day_of
from cloud.detection.together.forest import _SAMPLES, _SEED, _TREES, grown
from cloud.detection.together.model import Example, Facts, Model
from cloud.detection.together.training import TooFew, average_precision, train
from cloud.errors import CloudError, NotFound
from protocols.reading import Metric


def create_examples(*, telling: bool, people: int = 8, of_each: int = 6) -> list[Example]:
    """Where `telling`, right alerts have many reasons on an unusual day; the score says nothing."""
    random = np.random.default_rng(3)
    found = []
    for person in range(people):
        for number in range(of_each):
            right = number % 2 == 0
            day = random.normal(size=WIDTH) + (4.0 if telling and right else 0.0)
            reasons = 4 if telling and right else 1
            facts = Facts(Cause.PULSE, Priority.THIS_WEEK, float(random.random()), reasons, 2.0, day)
            found.append(Example(f"p{person}", facts, right))
    return found


@pytest.fixture(scope="module")
def model() -> Model:
    return train("1", create_examples(telling=True))


def test_the_kept_forest_says_what_its_grower_says() -> None:
    rows = np.random.default_rng(1).normal(size=(300, 5))
    asked = np.concatenate((rows[:20], rows[:5] * 6))
    trees = IsolationForest(n_estimators=_TREES, max_samples=_SAMPLES, random_state=_SEED).fit(rows)
    assert np.allclose(grown(rows).anomaly(asked), -trees.score_samples(asked), atol=1e-6)


def test_average_precision_by_hand_and_ties_say_nothing() -> None:
    assert average_precision(np.array([True, False, True]), np.array([3.0, 2.0, 1.0])) == pytest.approx((1 + 2 / 3) / 2)
    assert average_precision(np.array([False, True]), np.array([1.0, 1.0])) == 0.5


def test_what_tells_is_learned_and_the_same_data_give_the_same_version(tmp_path: Path, model: Model) -> None:
    assert model.figures.better
    assert model.figures.model > 0.95
    name = files.keep(tmp_path, model)
    assert name.startswith("0001-")
    assert files.keep(tmp_path, train("1", create_examples(telling=True))) == name
    asked = {one.right: one.facts for one in create_examples(telling=True)}
    right, wrong = model.right_of([asked[True], asked[False]])
    assert right > 0.8
    assert wrong < 0.2
    assert files.used(tmp_path, "1") is None
    files.use(tmp_path, "1", name)
    used = files.used(tmp_path, "1")
    assert used is not None
    assert used.name == name
    files.use(tmp_path, "1", None)
    assert files.used(tmp_path, "1") is None


def test_a_model_that_is_not_better_is_not_used(tmp_path: Path) -> None:
    model = train("1", create_examples(telling=False))
    assert not model.figures.better
    name = files.keep(tmp_path, model)
    with pytest.raises(CloudError, match="not better than the layers alone"):
        files.use(tmp_path, "1", name)
    assert files.used(tmp_path, "1") is None


def test_a_changed_file_and_a_strange_name_are_refused(tmp_path: Path, model: Model) -> None:
    name = files.keep(tmp_path, model)
    path = tmp_path / files.FOLDER / "1" / f"{name}.json"
    path.write_bytes(path.read_bytes().replace(b'"people":8', b'"people":9'))
    with pytest.raises(CloudError, match="is not what its name says"):
        files.use(tmp_path, "1", name)
    with pytest.raises(NotFound):
        files.use(tmp_path, "1", "../../etc")
    with pytest.raises(NotFound):
        files.kept(tmp_path, "../1")


def test_few_verdicts_teach_nothing() -> None:
    with pytest.raises(TooFew, match="a model needs 30"):
        train("1", create_examples(telling=True, people=2))


def create_readings_of(values: list[float]) -> Readings:
    at = [(100 + day) * DAY_US + 9 * HOUR_US for day in range(len(values))]
    return create_readings(
        metric=[METRIC_CODE[Metric.SYSTOLIC]] * len(at),
        value=values,
        at_us=at,
        arrived_us=at,
        flags=[0] * len(at),
        meal=[0] * len(at),
        zone=UTC,
    )


def test_a_day_is_told_beside_the_weeks_before_and_knows_nothing_later(limits: Limits) -> None:
    usual = [130.0] * 28
    at = (100 + 28) * DAY_US + 10 * HOUR_US
    day = day_of(create_readings_of([*usual, 150.8]), at, limits.own_normal)
    assert day[0] == pytest.approx(2.0)
    assert np.array_equal(day, day_of(create_readings_of([*usual, 150.8, 190.0]), at, limits.own_normal))
    assert not day_of(create_readings_of([]), at, limits.own_normal).any()
