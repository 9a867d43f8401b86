"""Nothing of an erased elder is left, no back-up brings them back, and the proofs of all else hold."""

import json
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from typer.testing import CliRunner

from cloud.cli import app
from cloud.db.backup import back_up
from cloud.privacy.holdings import HOLDINGS
from cloud.readings.chain.model import FaultKind, Why
from cloud.readings.chain.verify import verify
from cloud.registry.store import id_of
from protocols.telemetry.topics import READINGS, topic
from tests.cloud.web.community import LINK, NOW, Community, create_community, create_day
from tests.integration.both.servers import tables

pytestmark = pytest.mark.integration

GONE = ("王秀英", "1941-03-08", "颐和路 12", "钥匙在门卫处", "换了药盒")
"""Of the elder of home-1 and of nobody else."""

COMMUNITY = """
[[region]]
code = "320106"
name = "鼓楼区"
level = "district"
[[home]]
code = "home-1"
region = "320106"
address = "颐和路 12 号"
[[elder]]
code = "elder-1"
home = "home-1"
name = "王秀英"
[[gateway]]
name = "gw-home-1"
home = "home-1"
[[gateway.device]]
name = "cuff"
kind = "sphygmomanometer"
wearer = "elder-1"
"""


@pytest.fixture
def made(database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Community:
    """A morning with something of everything, also of what only some elders have."""
    found = fill(database)
    (tmp_path / "cloud.toml").write_text(f'data = "{tmp_path}"\n', encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DOORSTEP_DSN", database)
    return found


def fill(dsn: str) -> Community:
    made = create_community(dsn)
    day = create_day(made)
    old, desk, visit = made.elders["home-1"], made.staff["desk"], day["severe"]
    own_alarm = made.create_alarm("gw-home-1", "closed", closed_at=NOW)
    made.run("UPDATE alarm SET elder_id = %s, close_reason = 'real' WHERE alarm_id = %s", old, own_alarm)
    made.run("INSERT INTO alarm_event (alarm_id, state, at, note) VALUES (%s, 'closed', %s, '王秀英')", own_alarm, NOW)
    made.run("INSERT INTO alarm_card_view VALUES (%s, %s, %s, %s)", own_alarm, old, desk, NOW)
    made.run("INSERT INTO visit_event (visit_id, state, at, note) VALUES (%s, 'accepted', %s, '王秀英')", visit, NOW)
    made.run(
        "INSERT INTO audit (at, staff_id, elder_id, what, subject) VALUES (%s, %s, %s, 'saw_record', 'elder:1')",
        NOW, desk, old,
    )  # fmt: skip
    made.run("INSERT INTO reading_daily_kept SELECT %s, 'motion', %s, 1, 1, 1, 1", old, NOW)
    made.run("UPDATE device SET label = '王秀英的血压计' WHERE gateway_id = 'gw-home-1'")
    made.run(
        "INSERT INTO consent (elder_id, purpose, given_by, how, witness, staff_id, given_at) "
        "VALUES (%s, 'care', 'elder', 'spoken', '王强', %s, %s)",
        old, desk, NOW,
    )  # fmt: skip
    made.run(
        "INSERT INTO relative (elder_id, name, relation, link_hash, link_code, invited_by, invited_at, link_ends_at) "
        "VALUES (%s, '王小明', '孙子', 'h', 'c', %s, %s, %s)",
        old, desk, NOW, NOW,
    )  # fmt: skip
    made.run("INSERT INTO privacy_request (elder_id, what, asked_at) VALUES (%s, 'export', %s)", old, NOW)
    made.run(
        "INSERT INTO dead_letter (topic, payload, digest, reason) "
        "VALUES ('doorstep/v1/gw-home-1/readings', '王秀英', 'd', 'r')"
    )
    made.run(
        "INSERT INTO outbox_stream (gateway_id, epoch, stored) SELECT gateway_id, epoch, "
        "int8multirange(int8range(1, max(outbox_number) + 1)) FROM reading GROUP BY gateway_id, epoch"
    )
    return made


def run(*words: str) -> str:
    done = CliRunner().invoke(app, [*words, "--config", "cloud.toml"])
    assert done.exit_code == 0, done.output
    return done.stdout


def everything(dsn: str) -> Iterator[tuple[str, str]]:
    """Each table with all that it says."""
    with psycopg.connect(dsn) as connection:
        for table in tables(connection):
            query = sql.SQL("SELECT coalesce(string_agg(t::text, '|'), '') FROM {} t").format(sql.Identifier(table))
            row = connection.execute(query).fetchone()
            assert row is not None
            yield table, row[0]


def left_in(dsn: str) -> list[tuple[str, str]]:
    return [(table, name) for table, text in everything(dsn) for name in GONE if name in text]


def test_a_table_that_refers_to_an_elder_cannot_be_forgotten(database: str) -> None:
    """Follows references from `elder` outwards, and finds columns that name an elder without one."""
    with psycopg.connect(database) as connection:
        refers = connection.execute(
            "SELECT conrelid::regclass::text, confrelid::regclass::text FROM pg_constraint WHERE contype = 'f'"
        ).fetchall()
        found = {
            table
            for (table,) in connection.execute(
                "SELECT table_name FROM information_schema.columns JOIN information_schema.tables "
                "USING (table_schema, table_name) WHERE table_schema = 'public' AND table_type = 'BASE TABLE' "
                "AND (column_name LIKE '%elder_id' OR column_name IN ('elder', 'relative_id'))"
            )
        }
    while more := {table for table, other in refers if other in found} - found:
        found |= more
    assert found <= {holding.table for holding in HOLDINGS}, "say in cloud/privacy/holdings.py what becomes of these"


def test_nothing_of_an_erased_elder_is_left(made: Community, tmp_path: Path) -> None:
    before = dict(everything(made.dsn))
    assert all(any(name in text for text in before.values()) for name in GONE)
    would = json.loads(run("elder", "erase", "elder-1", "--json"))
    assert dict(everything(made.dsn)) == before
    did = json.loads(run("elder", "erase", "elder-1", "--yes", "--json"))
    assert would["rows"] == did["rows"]
    assert {"elder", "reading", "visit", "alert", "contact", "wearer", "home"} <= did["rows"].keys()
    assert left_in(made.dsn) == []
    number = made.elders["home-1"]
    assert made.run("SELECT staff_id, subject FROM audit WHERE elder_id = %s", number) == [
        (made.staff["desk"], "elder:1")
    ]
    assert made.one("SELECT count(*) FROM alarm WHERE close_reason = 'real' AND elder_id IS NULL") == 1
    others = [number for home, number in made.elders.items() if home != "home-1"]
    assert made.one("SELECT count(*) FROM elder WHERE elder_id = ANY(%s)", others) == len(others)
    assert made.one("SELECT count(*) FROM reading WHERE elder_id = %s", made.elders["home-3"]) > 100
    assert made.one("SELECT count(*) FROM reading WHERE gateway_id = 'gw-home-1'") == 0

    # nor does a community file that still names them bring them back
    (tmp_path / "community.toml").write_text(COMMUNITY, encoding="utf-8")
    assert "0 elders" in run("seed", str(tmp_path / "community.toml"))
    assert left_in(made.dsn) == []


def test_names_stand_apart_from_measurements(made: Community) -> None:
    """The tables that may hold names, addresses or numbers of people; in all others there are numbers and codes."""
    may = {"region", "home", "elder", "contact", "staff", "relative", "consent", "device", "alarm_event", "visit_event"}
    may |= {"visit_report", "dead_letter", "sms", "sms_key"}
    names = {
        name
        for (name,) in made.run("SELECT name FROM elder UNION SELECT name FROM contact UNION SELECT name FROM staff")
    }
    names |= {"颐和路", "北京西路", "13800000001"}
    assert len(names) > 6
    found = {table for table, text in everything(made.dsn) for name in names if name in text}
    assert found <= may, found - may
    columns = made.run(
        "SELECT column_name FROM information_schema.columns WHERE table_schema = 'public' AND table_name = 'reading' "
        "AND data_type IN ('text', 'jsonb') ORDER BY 1"
    )
    assert [name for (name,) in columns] == [
        "gateway_id",
        "meal",
        "metric",
        "wearer_why",
    ]  # words of ours, no free text
    for gateway in ("gw-王秀英", "gw home", "gw/1"):
        with pytest.raises(ValueError, match="not of the form"):
            topic(gateway, READINGS)


def test_the_proof_tells_an_erasure_from_tampering(made: Community) -> None:
    rows = made.one("SELECT count(*) FROM reading WHERE gateway_id = 'gw-home-1'")
    run("elder", "erase", "elder-1", "--yes")
    with psycopg.connect(made.dsn) as connection:
        (found,) = [one for one in verify(connection, "home-1") if one.epoch >= 0]
        assert (found.whole, found.why) == (True, {Why.ERASED: rows})
    made.run("DELETE FROM chain_reading WHERE gateway_id = 'gw-home-1' AND number = 5")
    with psycopg.connect(made.dsn) as connection:
        (found,) = verify(connection, "home-1")
        assert [(fault.kind, fault.first) for fault in found.faults] == [(FaultKind.MISSING, 5)]


def test_a_restored_back_up_does_not_bring_them_back(made: Community, bare_database: str, tmp_path: Path) -> None:
    file = tmp_path / "centre.doorstep"
    back_up(made.dsn, file)
    run("elder", "erase", "elder-1", "--yes")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DOORSTEP_DSN", bare_database)
        patch.setenv("DOORSTEP_DATA", str(tmp_path / "new"))
        assert "1 people who were erased" in run("restore", str(file), "--erasures", str(tmp_path / "erasures"))
    with psycopg.connect(bare_database) as connection, pytest.raises(Exception, match="there is no elder"):
        id_of(connection, "elder", "elder-1")
    assert left_in(bare_database) == []


def test_a_copy_holds_all_of_it_and_no_secret(made: Community, tmp_path: Path) -> None:
    """And the open call that it tells of keeps them from being erased."""
    folder = tmp_path / "copy"
    said = json.loads(run("elder", "export", "elder-1", "--out", str(folder), "--json"))
    assert said["requests_answered"] == 1
    document = json.loads((folder / "all.json").read_text(encoding="utf-8"))
    known = set(dict(everything(made.dsn)))
    assert document["tables"].keys() == {holding.table for holding in HOLDINGS if holding.given} & known
    assert {table: len(rows) for table, rows in document["tables"].items()} == said["rows"]
    own = made.one("SELECT count(*) FROM reading WHERE elder_id = %s", made.elders["home-1"])
    assert said["rows"]["reading"] == own
    assert len((folder / "reading.csv").read_text(encoding="utf-8").splitlines()) == own + 1
    text, page = (folder / "all.json").read_text(encoding="utf-8"), (folder / "index.html").read_text(encoding="utf-8")
    for name in (*GONE, "王强", "王小明"):
        assert name in text, name
        assert name in page, name
    assert "link_hash" not in text
    assert "link_code" not in text
    assert "李德福" not in text  # of another home
    assert (folder / "all.json").stat().st_mode & 0o077 == 0
    again = CliRunner().invoke(app, ["elder", "export", "elder-1", "--out", str(folder), "--config", "cloud.toml"])
    assert again.exit_code == 1
    assert "not empty" in again.output
    assert LINK not in text
    made.run("UPDATE alarm SET state = 'at_centre' WHERE elder_id = %s", made.elders["home-1"])
    refused = CliRunner().invoke(app, ["elder", "erase", "elder-1", "--yes", "--config", "cloud.toml"])
    assert refused.exit_code == 1
    assert "close it first" in refused.output
    assert not Path("erasures/erasures.jsonl").exists()
