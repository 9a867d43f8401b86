"""`doorstep-cloud import` against a real database: all or nothing."""

from pathlib import Path

import psycopg
import pytest
from typer.testing import CliRunner

from cloud.cli import app
from cloud.registry.model import Level, Region
from cloud.registry.store import upsert_region

pytestmark = pytest.mark.integration

GOOD = """\
what,code,community,address,home,name,role
home,home-7,community-1,3 Ferry Road,,,
elder,elder-7,,,home-7,Mrs Li,
staff,chen,community-1,,,Chen Min,nurse
"""


@pytest.fixture
def registry(database: str) -> str:
    with psycopg.connect(database) as connection:
        upsert_region(connection, Region(code="community-1", name="Ferry Road", level=Level.COMMUNITY))
    return database


def run(dsn: str, folder: Path, text: str, *options: str) -> tuple[int, str]:
    (folder / "file.csv").write_text(text, encoding="utf-8")
    (folder / "cloud.toml").write_text("", encoding="utf-8")
    command = ["import", str(folder / "file.csv"), "--config", str(folder / "cloud.toml"), *options]
    result = CliRunner().invoke(app, command, env={"DOORSTEP_DSN": dsn})
    return result.exit_code, result.output


def counts(dsn: str) -> tuple[int, ...]:
    with psycopg.connect(dsn) as connection:
        row = connection.execute(
            "SELECT (SELECT count(*) FROM home), (SELECT count(*) FROM gateway), (SELECT count(*) FROM elder), "
            "(SELECT count(*) FROM staff)"
        ).fetchone()
    assert row is not None
    return tuple(row)


def test_a_file_is_taken_whole_and_once(registry: str, tmp_path: Path) -> None:
    code, said = run(registry, tmp_path, GOOD, "--dry-run")
    assert (code, counts(registry)) == (0, (0, 0, 0, 0))
    assert "nothing was changed" in said
    code, said = run(registry, tmp_path, GOOD)
    assert (code, counts(registry)) == (0, (1, 1, 1, 1))
    assert "chen  " in said
    code, said = run(registry, tmp_path, GOOD)
    assert (code, counts(registry)) == (2, (1, 1, 1, 1))
    assert "line 2, column code: home 'home-7' is there already" in said


def test_one_fault_keeps_everything_out(registry: str, tmp_path: Path) -> None:
    text = GOOD + "elder,elder-8,,,home-9,Mr Wu,\nhome,home-8,nowhere,4 Ferry Road,,,\n"
    code, said = run(registry, tmp_path, text)
    assert (code, counts(registry)) == (2, (0, 0, 0, 0))
    assert "line 5, column home: there is no home 'home-9' here, nor in this file" in said
    assert "line 6, column community: there is no community 'nowhere' here" in said
    assert "2 faults; nothing was changed" in said


NUMBERS = """\
what,code,community,address,home,name,storey,identity_number
home,home-7,community-1,3 Ferry Road,,,,
elder,elder-7,,,home-7,Mrs Li,6,11010519491231002X
"""


def test_identity_numbers_are_kept_sealed_and_once(registry: str, tmp_path: Path) -> None:
    options = ("--data", str(tmp_path / "data"))
    twice = NUMBERS + "elder,elder-8,,,home-7,Mr Li,,11010519491231002x\n"
    code, said = run(registry, tmp_path, twice, *options)
    assert (code, counts(registry)) == (2, (0, 0, 0, 0))
    assert "line 4, column identity_number: another elder" in said
    assert "110105" not in said
    code, _ = run(registry, tmp_path, NUMBERS, *options)
    assert code == 0
    with psycopg.connect(registry) as connection:
        row = connection.execute(
            "SELECT number_sealed, storey FROM elder_identity JOIN register_entry USING (elder_id)"
        )
        [(sealed, storey)] = row.fetchall()
    assert (b"110105" in bytes(sealed), storey) == (False, 6)
