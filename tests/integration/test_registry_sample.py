"""A sample community as rows: whole, once in a database, and seen by its own staff."""

import json
from pathlib import Path

import psycopg
import pytest
from typer.testing import CliRunner

from cloud.cli import app

pytestmark = pytest.mark.integration


def test_a_city_is_filled_once(database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "cloud.toml").write_text(f'data = "{tmp_path}"\n')
    monkeypatch.setenv("DOORSTEP_DSN", database)
    words = ["seed-community", "--elders", "900", "--seed", "3", "--json", "--config", str(tmp_path / "cloud.toml")]
    first = CliRunner().invoke(app, words)
    assert first.exit_code == 0, first.output
    said = json.loads(first.stdout)
    assert (said["elders"], said["communities"]) == (900, 3)
    with psycopg.connect(database, autocommit=True) as connection:

        def one(query: str) -> object:
            row = connection.execute(query.encode()).fetchone()
            return row and row[0]

        assert one("SELECT count(*) FROM elder") == 900
        assert one("SELECT count(*) FROM staff") == said["staff"]
        assert one("SELECT count(*) FROM visit") == said["visits"]
        assert one("SELECT count(*) FROM region WHERE level = 'community'") == 3
        assert one("SELECT bool_and(path <@ (SELECT path FROM region WHERE code = '990100')) FROM region") is True
        # the next one of each gets a number of its own
        connection.execute("INSERT INTO elder (code, home_id, name) SELECT 'next', max(home_id), 'x' FROM home")
    again = CliRunner().invoke(app, words)
    assert again.exit_code != 0
    assert "already" in again.output
