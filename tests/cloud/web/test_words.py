"""Reasons in words, in both languages."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cloud.detection.limits import load_limits
from cloud.detection.model import OWN_NORMAL
from cloud.web.language import Language
from cloud.web.values import Measures
from cloud.web.words import RULES, Sayer
from tests.cloud.web.community import SEVERE

LIMITS = Path(__file__).parents[3] / "configs" / "limits.toml"


def test_severe_pressure(sayer: Sayer) -> None:
    why = sayer.why(SEVERE)
    assert why.sentence == "Sys 184 mmHg, twice since 07:40; usual 138 to 152; limit 180"
    assert why.rule == "Severe pressure, repeated"
    assert why.confirmed
    assert "American Family Physician" in why.source


def test_severe_pressure_in_chinese(sayer: Sayer, chinese: Language) -> None:
    why = replace(sayer, language=chinese).why(SEVERE)
    assert why.sentence == "收缩压 184 mmHg，自 07:40 起两次；平时 138 至 152；界限 180"


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        (
            {"rule": "hypoglycaemia_level_2", "metric": "glucose", "value": 50.0, "comparison": "below", "limit": 54.0},
            "Glucose 2.8 mmol/L, at 07:40; under the limit of 3.0",
        ),
        (
            {"rule": "glucose_too_high_to_read", "metric": "glucose", "value": 600.0, "bound": "lower"},
            "Glucose too high for the meter (HI), at 07:40",
        ),
        (
            {"rule": "high_pressure", "metric": "systolic", "value": 141.2, "days": 7, "count": 26, "limit": 135.0},
            "Sys 141 mmHg, mean of 7 days; limit 135",
        ),
        (
            {"rule": "glucose_above_300_two_days", "metric": "glucose", "value": 310.0, "days": 2, "limit": 300.0},
            "Glucose 17.2 mmol/L, on 2 days in a row; limit 16.7",
        ),
        (
            {"rule": "own_normal", "metric": "pulse", "value": 95.0, "count": 3, "limit": 80.0, "usual_low": 62.0,
             "usual_high": 80.0},
            "Pulse 95 /min, 3 times since 07:40; usual 62 to 80",
        ),
        (
            {"rule": "routine_restless", "metric": "motion", "value": 31.0, "count": 402, "limit": 27.5},
            "31 changes of room an hour, since 07:40; limit 28",
        ),
        ({"rule": "of_tomorrow", "metric": "pulse", "value": 95.0}, "Pulse 95 /min, at 07:40"),
        ({"rule": "of_tomorrow"}, "at 07:40"),
        (
            {"rule": "low_pressure", "metric": "systolic", "value": 89.0, "comparison": "below", "limit": 90.0,
             "at": "2026-11-21T03:01:00Z"},
            "Sys 89 mmHg, yesterday 11:01; under the limit of 90",
        ),
    ],
)  # fmt: skip
def test_each_form(sayer: Sayer, reason: dict[str, Any], said: str) -> None:
    assert sayer.why({"at": "2026-11-21T23:40:00Z"} | reason).sentence == said


@pytest.mark.parametrize(
    "reason",
    [{}, {"metric": 5, "value": "184", "count": "x", "at": "yesterday", "usual_low": None}, {"at": "2026-11-21T23:40"}],
)
def test_data_that_no_rule_wrote_breaks_no_page(sayer: Sayer, reason: dict[str, Any]) -> None:
    assert isinstance(sayer.why(reason).sentence, str)
    assert not sayer.why(reason).confirmed


def test_milligrams_where_the_centre_uses_them(sayer: Sayer) -> None:
    said = replace(sayer, measures=Measures("mg/dL")).why({"metric": "glucose", "value": 50.0, "limit": 54.0}).sentence
    assert said == "Glucose 50 mg/dL; limit 54"


def test_notes_say_what_weakens_the_reason(sayer: Sayer) -> None:
    note = sayer.why({"metric": "systolic", "value": 184, "doubtful": 1, "wider": 1.15}).note
    assert note == "1 of these readings is doubtful; the band was made 15 % wider after false alerts"


def test_every_rule_of_the_limits_file_has_words() -> None:
    rules = {rule.id for rule in load_limits(LIMITS).rule} | {OWN_NORMAL}
    assert rules - set(RULES) == set()
