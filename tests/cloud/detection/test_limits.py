"""The shipped limits, and how a broken file is refused."""

from pathlib import Path

import pytest

from cloud.detection.limits import Limits, load_limits
from cloud.detection.model import Cause, Priority
from protocols.configuration import ConfigurationError
from protocols.reading import Metric
from tests.cloud.detection.conftest import LIMITS

EXPLAINED = LIMITS.parents[1] / "docs" / "detection.md"


def test_every_rule_has_a_source_and_is_explained(limits: Limits) -> None:
    text = EXPLAINED.read_text(encoding="utf-8")
    assert {rule.id for rule in limits.rule if f"| `{rule.id}` |" not in text} == set()
    assert all(rule.source for rule in limits.rule)


def test_secondary_figures_are_marked(limits: Limits) -> None:
    unconfirmed = {rule.id for rule in limits.rule if not rule.confirmed}
    assert unconfirmed == {
        "high_pressure",
        "raised_pressure",
        "low_pressure",
        "fast_pulse",
        "raised_pulse",
        "raised_pulse_confirmed",
        "slow_pulse",
        "lowered_pulse",
    }
    assert not limits.own_normal.confirmed
    assert not limits.is_signed


def test_floors_are_urgent(limits: Limits) -> None:
    floors = [rule for rule in limits.rule if rule.floor]
    assert {rule.id for rule in floors} == {"hypoglycaemia_level_2", "severe_pressure_repeated"}
    assert all(rule.priority is Priority.NOW and rule.quiet_days == 0 for rule in floors)


def test_a_metric_knows_its_figures(limits: Limits) -> None:
    figures = {(rule.id, condition.limit) for rule, condition in limits.conditions_of(Metric.SYSTOLIC)}
    assert ("severe_pressure", 180.0) in figures
    assert ("low_pressure", 90.0) in figures


def test_a_limit_may_be_written_in_mmol(tmp_path: Path) -> None:
    file = tmp_path / "limits.toml"
    file.write_text(
        LIMITS.read_text(encoding="utf-8").replace(
            'value = 54, unit = "mg/dL", clear = 80', 'value = 3.0, unit = "mmol/L", clear = 4.4'
        ),
        encoding="utf-8",
    )
    rule = load_limits(file).rules_of(Cause.HYPOGLYCAEMIA)[0]
    assert rule.any[0].limit == pytest.approx(54.05, abs=0.01)


@pytest.mark.parametrize(
    ("right", "wrong", "sentence"),
    [
        ('priority = "now"', 'priority = "soon"', "rule[0].priority: Invalid enum value 'soon'"),
        ("value = 54,", 'value = "low",', "rule[0].any[0].value: Expected `float | null`"),
        ("value = 54, ", "", "rule[0].any[0]: expected value = NUMBER"),
        ('unit = "mg/dL", clear = 80', 'unit = "kg", clear = 80', "rule[0].any[0]: glucose is not measured in kg"),
        ("clear = 80", "clear = 50", "rule[0].any[0]: clear must lie on the healthy side of value"),
        ('kind = "once"', 'kind = "often"', "rule[0].persistence.kind: Invalid value 'often'"),
        ("count = 2, within_hours = 48", "count = 1, within_hours = 48", "rule[1].persistence: count: expected 2"),
        ("floor = true", "flor = true", "rule[0]: Object contains unknown field `flor`"),
        ("floor = true", "floor = true\nquiet_days = 3", "rule[0]: quiet_days: only a rule"),
        ('id = "hypoglycaemia_consecutive"', 'id = "hypoglycaemia_level_2"', "stands twice"),
        ("widest = 1.5", "widest = 9.0", "own_normal: widest: expected 1.0 to 2.0"),
        ("[clearing]", "[clearing", "not TOML"),
    ],
)
def test_a_bad_file_is_refused_with_file_key_and_form(tmp_path: Path, right: str, wrong: str, sentence: str) -> None:
    text = LIMITS.read_text(encoding="utf-8")
    assert right in text
    file = tmp_path / "limits.toml"
    file.write_text(text.replace(right, wrong, 1), encoding="utf-8")
    with pytest.raises(ConfigurationError) as refused:
        load_limits(file)
    assert str(refused.value).startswith(f"{file}: ")
    assert sentence in str(refused.value)
    assert "\n" not in str(refused.value).rstrip()


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be read: No such file"):
        load_limits(tmp_path / "nowhere.toml")
