"""Replays over files: what was told stays told, order and copies and units mean nothing, and dirt is counted."""

import csv
import random
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from cloud.detection.replay.command import run
from cloud.replay_commands import replay_app
from tests.cloud.detection.conftest import LIMITS

BEGIN = datetime(2026, 3, 1, tzinfo=timezone(timedelta(hours=8)))
HEAD = "elder_id,metric,measured_at,value,unit,context,flags"
EVENTS_HEAD = "elder_id,kind,location,at,value"
_SAME = settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@dataclass(frozen=True)
class Files:
    """A folder for one replay after another."""

    folder: Path

    def alerts(self, rows: list[str], *, until: datetime | None = None) -> list[dict[str, str]]:
        """The alerts of these readings."""
        readings, events, out = (self.folder / name for name in ("r.csv", "e.csv", "a.csv"))
        readings.write_text("\n".join([HEAD, *rows]) + "\n", encoding="utf-8")
        events.write_text(EVENTS_HEAD + "\n", encoding="utf-8")
        run(readings, events, out, until=None if until is None else until.isoformat(), limits_path=LIMITS)
        with out.open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files(tmp_path)


def create_rows(seed: int, days: int = 45) -> list[str]:
    """Two people: pressure, pulse and glucose morning and evening, with bad weeks, repeats and flags."""
    chance = random.Random(seed)
    rows = []
    for elder in ("p1", "p2"):
        usual, sugar = chance.gauss(138, 8), chance.gauss(130, 12)
        bad = {day + step for day in chance.sample(range(days), 4) for step in range(chance.randint(1, 5))}
        for day in range(days):
            for hour in (7, 20):
                at = BEGIN + timedelta(days=day, hours=hour, minutes=chance.randint(0, 90))
                up = chance.choice((0, 28, 44)) if day in bad else 0
                for taken in [at, at + timedelta(minutes=5)] if up == 44 else [at]:
                    systolic = round(chance.gauss(usual + up, 7))
                    flags = chance.choice(["", "", "", "body_moved"])
                    rows.append(f"{elder},systolic,{taken.isoformat()},{systolic},mm[Hg],,{flags}")
                    rows.append(f"{elder},diastolic,{taken.isoformat()},{round(systolic * 0.56)},mm[Hg],,{flags}")
                rows.append(f"{elder},pulse,{at.isoformat()},{round(chance.gauss(72 + up, 6))},/min,,")
                value = round(chance.gauss(sugar, 14) + (chance.choice((-75, 150)) if day in bad else 0))
                context = "fasting" if hour == 7 else "after_meal"
                rows.append(f"{elder},glucose,{at.isoformat()},{value},mg/dL,{context},")
    return rows


@_SAME
@given(seed=st.integers(0, 3), share=st.floats(0, 1))
def test_what_was_told_by_a_moment_does_not_hang_on_what_came_after(files: Files, seed: int, share: float) -> None:
    rows = create_rows(seed)
    until = BEGIN + timedelta(days=46 * share)
    earlier = [row for row in files.alerts(rows) if datetime.fromisoformat(row["raised_at"]) <= until]
    assert files.alerts(rows, until=until) == earlier
    left = [row for row in rows if datetime.fromisoformat(row.split(",")[2]) <= until]
    cut = files.alerts(left)
    assert cut == earlier[: len(cut)]
    assert all(datetime.fromisoformat(row["evidence_to"]) <= datetime.fromisoformat(row["raised_at"]) for row in cut)


@_SAME
@given(seed=st.integers(0, 3), mixing=st.integers(0, 99))
def test_order_copies_and_units_change_nothing(files: Files, seed: int, mixing: int) -> None:
    rows, chance = create_rows(seed), random.Random(mixing)
    mixed = rows + [row for row in rows if chance.random() < 0.3]
    mixed = [_in_mmol(row) if chance.random() < 0.5 else row for row in mixed]
    chance.shuffle(mixed)
    expected = files.alerts(rows)
    assert len(expected) > 5
    assert files.alerts(mixed) == expected


def _in_mmol(row: str) -> str:
    elder, metric, at, value, unit, *rest = row.split(",")
    if unit != "mg/dL":
        return row
    return ",".join([elder, metric, at, f"{float(value) / 18.0156:.2f}", "mmol/L", *rest])


def test_each_alert_says_what_it_rests_on(files: Files) -> None:
    at = BEGIN + timedelta(hours=9, minutes=30)
    (alert,) = files.alerts([f"p1,glucose,{at.isoformat()},48,mg/dL,,"])
    assert list(alert) == [
        "elder_id", "raised_at", "cause", "priority", "score", "floor", "evidence_from", "evidence_to", "explanation"
    ]  # fmt: skip
    assert (alert["elder_id"], alert["cause"], alert["priority"], alert["floor"]) == (
        "p1",
        "hypoglycaemia",
        "now",
        "true",
    )
    assert alert["raised_at"] == alert["evidence_to"] == at.isoformat()
    assert alert["score"] == "1.0000"
    assert alert["explanation"].startswith("hypoglycaemia level 2: glucose 48 mg/dL at 2026-03-01 09:30, under the")


DIRT = f"""{HEAD}
p1,glucose,2026-03-01T08:00:00+08:00,0Hi,mg/dL,,
p1,glucose,2026-06-31T08:00:00+08:00,120,mg/dL,,
p1,glucose,1970-01-01T00:00:00+00:00,120,mg/dL,,
p1,glucose,2026-03-02T08:00:00+08:00,2044,mg/dL,,
p1,glucose,2026-03-02T08:00:00,120,mg/dL,,
p1,body_temperature,2026-03-02T08:00:00+08:00,74,Cel,,
p1,skin_temperature,2026-03-02T08:00:00+08:00,31,Cel,,
p1,systolic,2026-03-02T08:00:00+08:00,nan,mm[Hg],,
p1,systolic,2026-03-02T08:00:00+08:00,130,kg,,
p1,systolic,2026-03-02T08:00:00+08:00,130,stone,,
,systolic,2026-03-02T08:00:00+08:00,130,mm[Hg],,
p1,systolic
p1,pulse,2026-03-01T08:00:00+08:00,72,/min,,
p1,pulse,2026-03-01T08:00:00+08:00,72,/min,,
p1,pulse,2026-02-01T08:00:00+08:00,1e400,/min,,unheard_of
"""


def test_dirt_is_counted_and_shown(tmp_path: Path) -> None:
    readings, events, out = (tmp_path / name for name in ("r.csv", "e.csv", "a.csv"))
    readings.write_text(DIRT, encoding="utf-8")
    events.write_bytes(
        f"{EVENTS_HEAD}\np1,motion,hall,2026-03-01T08:00:00+08:00,\np1,smell,hall,2026-03-01T08:00:00+08:00,\n"
        "p1,humidity,bath,2026-03-01T08:00:00+08:00,\n\x1b[2Jp1,motion\n".encode()
        + b"\xff\x00,,,\n"
    )
    result = CliRunner().invoke(
        replay_app, ["--readings", str(readings), "--events", str(events), "--out", str(out), "--limits", str(LIMITS)]
    )
    assert result.exit_code == 0, result.output
    said = result.output
    for reason in (
        "1 time is no date and time of the calendar\n    line 3: ",
        "1 time is far off: a clock that was never set",
        "1 value is nothing that a glucose of a person can be",
        "1 value is nothing that a body_temperature of a person can be",
        "1 time has no offset from UTC",
        "1 metric is not one of glucose",
        "2 value is no number",
        "1 unit does not fit the metric",
        "1 unit is not known",
        "1 elder_id is empty",
        "1 has too few columns",
        "1 doubled",
        "1 glucose HI: taken as a bound",
        "1 kind is not one of motion",
        "1 value is missing",
    ):
        assert reason in said
    assert "\x1b" not in said
    with out.open(encoding="utf-8", newline="") as file:
        assert [row["cause"] for row in csv.DictReader(file)] == ["hyperglycaemia"]


@pytest.mark.parametrize(
    ("text", "options", "sentence"),
    [
        (None, [], "cannot be read: No such file or directory"),
        ("a,b\n1,2\n", [], "expected a first line with elder_id, metric, measured_at, value, unit"),
        (HEAD, ["--until", "tomorrow"], "--until: time is no date and time of the calendar; expected an instant"),
    ],
)
def test_what_is_no_such_file_is_said_in_a_sentence(
    text: str | None, options: list[str], sentence: str, tmp_path: Path
) -> None:
    readings, events = tmp_path / "r.csv", tmp_path / "e.csv"
    if text is not None:
        readings.write_text(text, encoding="utf-8")
    events.write_text(EVENTS_HEAD, encoding="utf-8")
    command = ["--readings", str(readings), "--events", str(events), "--out", str(tmp_path / "a.csv")]
    result = CliRunner().invoke(replay_app, [*command, "--limits", str(LIMITS), *options])
    assert result.exit_code == 1
    assert sentence in result.output


def test_a_profile_names_the_homes_zone(tmp_path: Path) -> None:
    readings, events, profiles, out = (tmp_path / name for name in ("r.csv", "e.csv", "p.csv", "a.csv"))
    readings.write_text(f"{HEAD}\np1,systolic,2026-03-01T14:00:00+00:00,164,mm[Hg],,\n", encoding="utf-8")
    events.write_text(EVENTS_HEAD, encoding="utf-8")
    profiles.write_text("elder_id,time_zone\np1,Asia/Shanghai\np2,Nowhere\n", encoding="utf-8")
    said = run(readings, events, out, profiles=profiles, until="2026-03-02T12:00:00Z", limits_path=LIMITS)
    assert "1 time_zone is no IANA name" in said
    with out.open(encoding="utf-8", newline="") as file:
        (alert,) = csv.DictReader(file)
    assert alert["raised_at"] == "2026-03-02T09:00:00+08:00"  # 22:10 there: the team had gone home
