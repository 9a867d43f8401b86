"""What we ship is told from what we only work with, and silence about weaknesses is never called clean."""

from importlib.metadata import version

from tests.supply.audit import CLEAN, NOT_KNOWN, WEAK, read
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
