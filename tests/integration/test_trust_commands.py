"""`doorstep-cloud home new`, `claim` and `ca` as a person types them, against a real database."""

import json
from pathlib import Path
from typing import Any

import psycopg
import pytest
from typer.testing import CliRunner, Result

from cloud.cli import app
from cloud.registry.model import Level, Region
from cloud.registry.store import upsert_region
from protocols.enrolment.code import parse_code
from protocols.enrolment.link import parse_link

pytestmark = pytest.mark.integration


class Terminal:
    def __init__(self, dsn: str, folder: Path) -> None:
        self._dsn = dsn
        self.config = folder / "cloud.toml"
        self.trust('names = ["centre.example"]')

    def trust(self, keys: str) -> None:
        self.config.write_text(f'data = "{self.config.parent / "data"}"\n[trust]\n{keys}\n', encoding="utf-8")

    def run(self, *words: str) -> tuple[int, str]:
        result = self._invoke(*words)
        return result.exit_code, result.output

    def json(self, *words: str) -> dict[str, Any]:
        """What it prints for programs; log lines go elsewhere."""
        result = self._invoke(*words, "--json")
        assert result.exit_code == 0, result.output
        found: dict[str, Any] = json.loads(result.stdout)
        return found

    def _invoke(self, *words: str) -> Result:
        command = [*words, "--config", str(self.config)]
        return CliRunner().invoke(app, command, env={"DOORSTEP_DSN": self._dsn})


@pytest.fixture
def terminal(database: str, tmp_path: Path) -> Terminal:
    with psycopg.connect(database) as connection:
        upsert_region(connection, Region(code="community-1", name="Ferry Road", level=Level.COMMUNITY))
    return Terminal(database, tmp_path)


NEW = ("home", "new", "--community", "community-1", "--address", "3 Ferry Road")


def test_a_new_home_gets_a_gateway_and_a_code_to_scan_or_type(terminal: Terminal) -> None:
    told = terminal.json(*NEW, "--elder", "Mrs Li")
    assert (told["home"], told["gateway"]) == ("home-1", "gw-home-1")
    link = parse_link(told["link"])
    assert link.code == parse_code(told["code"])
    assert (link.server, link.fingerprint) == ("https://centre.example:8443", told["fingerprint"])
    code, said = terminal.run("claim", "gw-home-1")
    assert code == 0
    assert "█" in said
    assert "doorstep-edge enrol --server https://centre.example:8443 --code " in said
    assert terminal.json(*NEW)["home"] == "home-2"


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        ((*NEW[:3], "nowhere", *NEW[4:]), 1, "there is no region 'nowhere'"),
        ((*NEW, "--code", "Home 1"), 2, "--code: gateway name 'gw-Home 1' is not of the form"),
        ((*NEW, "--time-zone", "Mars/Base"), 2, "no IANA zone"),
        (("claim", "gw-home-9"), 1, "there is no gateway 'gw-home-9'"),
        (("ca", "revoke", "gw-home-9"), 1, "there is no gateway 'gw-home-9'"),
    ],
)
def test_a_refusal_is_a_sentence(terminal: Terminal, words: tuple[str, ...], code: int, sentence: str) -> None:
    ended, said = terminal.run(*words)
    assert (ended, sentence in said) == (code, True), said


def test_without_names_nothing_can_be_claimed(terminal: Terminal) -> None:
    terminal.trust("")
    code, said = terminal.run(*NEW)
    assert code == 2
    assert "trust.names is empty" in said


def test_revoking_ends_the_open_code_too(terminal: Terminal, database: str) -> None:
    terminal.json(*NEW)
    code, said = terminal.run("ca", "revoke", "gw-home-1", "--why", "stolen")
    assert (code, "0 certificates revoked" in said) == (0, True)
    with psycopg.connect(database) as connection:
        assert connection.execute("SELECT count(*) FROM claim").fetchone() == (0,)
    assert terminal.json("ca", "show")["certificates"] == []
