"""What we ship is told from what we only work with, and silence about weaknesses is never called clean."""

from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from pathlib import Path

import pytest

from tests.supply import audit
from tests.supply.__main__ import main
from tests.supply.advisories import look_up
from tests.supply.audit import CLEAN, NOT_KNOWN, WEAK, audit_by, read
from tests.supply.sbom import only
from tests.supply.shipped import ALL, SHIPPED, packages

WANTED = {"flask": "1.0", "httpx": "0.28.1"}
GOOD = {"name": "httpx", "version": "0.28.1", "vulns": []}
BAD = {"name": "flask", "version": "1.0", "vulns": [{"id": "PYSEC-2023-62", "fix_versions": ["2.2.5"]}]}
SKIPPED = {"name": "flask", "skip_reason": "Dependency not found on PyPI and could not be audited: flask (1.0)"}


def test_what_is_shipped_is_less_than_what_is_worked_with() -> None:
    shipped, everything = packages(SHIPPED), packages(ALL)
    assert shipped["psycopg"] == version("psycopg")
    assert "authlib" in shipped
    assert "joserfc" in shipped
    assert "pytest" not in shipped
    assert "oidc-provider-mock" not in shipped
    assert shipped.items() < everything.items()


def test_an_audit_without_answers_is_not_clean() -> None:
    assert read({}, WANTED).code == NOT_KNOWN
    half = read({"dependencies": [GOOD, SKIPPED]}, WANTED)
    assert half.code == NOT_KNOWN
    assert half.sentence == "not known: the advisories' service answered for 1 of 2 packages"
    assert read({"dependencies": []}, {}).code == NOT_KNOWN


def test_a_weakness_is_named_and_all_answers_are_clean() -> None:
    found = read({"dependencies": [GOOD, BAD]}, WANTED)
    assert found.code == WEAK
    assert found.weak == ("flask 1.0: PYSEC-2023-62, mended by 2.2.5",)
    assert read({"dependencies": [GOOD, BAD | {"vulns": []}]}, WANTED).code == CLEAN


def test_the_bill_holds_what_is_shipped_alone() -> None:
    document = {
        "metadata": {"component": {"bom-ref": "root", "name": "doorstep"}},
        "components": [{"bom-ref": "a", "name": "Flask"}, {"bom-ref": "b", "name": "pytest"}],
        "dependencies": [{"ref": "root", "dependsOn": ["a", "b"]}, {"ref": "a"}, {"ref": "b", "dependsOn": ["a"]}],
    }
    bill = only(document, {"flask"})
    assert [each["name"] for each in bill["components"]] == ["Flask"]
    assert bill["dependencies"] == [{"ref": "root", "dependsOn": ["a"]}, {"ref": "a", "dependsOn": []}]


ADVISORY = """
id: PYSEC-2023-62
affected:
- package: {name: Flask_Login, ecosystem: PyPI}
  ranges:
  - type: ECOSYSTEM
    events: [{introduced: "0"}, {fixed: 2.2.5}, {introduced: 2.3.0}, {fixed: 2.3.2}]
  versions: ["9.9"]
modified: "2023-06-05T01:12:52.229549Z"
"""
OTHER = (
    '{"id": "GHSA-1", "modified": "2026-01-02T00:00:00Z", "withdrawn": "2026-01-02T00:00:00Z", "affected": '
    '[{"package": {"name": "flask-login", "ecosystem": "PyPI"}, "versions": ["2.2.5"]}]}'
)


def test_a_folder_of_advisories_answers_in_place_of_a_service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "vulns" / "flask-login").mkdir(parents=True)
    (tmp_path / "vulns" / "flask-login" / "PYSEC-2023-62.yaml").write_text(ADVISORY, encoding="utf-8")
    (tmp_path / "GHSA-1.json").write_text(OTHER, encoding="utf-8")
    (tmp_path / "README.json").write_text("{}", encoding="utf-8")
    for asked, weak in (
        ("1.0", True),
        ("2.2.4", True),
        ("2.2.5", False),
        ("2.3.1", True),
        ("2.3.2", False),
        ("9.9", True),
    ):
        known = look_up(tmp_path, {"flask-login": asked, "httpx": "1"})
        assert bool(known.weak) is weak, asked
        assert known.advisories == 2
    assert look_up(tmp_path, {"flask-login": "1.0"}).weak == (
        "flask-login 1.0: PYSEC-2023-62, mended by 2.2.5, 2.3.2",
    )  # fmt: skip
    monkeypatch.setattr(audit, "packages", lambda _: {"flask-login": "2.3.2"})
    newest = datetime(2026, 1, 2, tzinfo=UTC)
    assert audit_by(tmp_path, newest + timedelta(days=20)).code == CLEAN
    old = audit_by(tmp_path, newest + timedelta(days=40))
    assert old.code == NOT_KNOWN
    assert "the newest of 2026-01-02 and so too old for today" in old.sentence
    (tmp_path / "empty").mkdir()
    assert audit_by(tmp_path / "empty", newest).code == NOT_KNOWN


def test_asking_for_help_writes_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["sbom", "--help"]) == 0
    assert main(["sbom", "--output"]) == 2
    assert main(["audit", "--advisories", "nowhere"]) == NOT_KNOWN
    assert not list(tmp_path.iterdir())
