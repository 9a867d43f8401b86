"""What is old enough is forgotten, kind by kind; the audit stays verifiable, and what is young stays."""

from datetime import timedelta
from pathlib import Path

import psycopg
import pytest

from cloud.config import Retention
from cloud.identity.audit import store as audit_store
from cloud.identity.audit.chain import Head, verify
from cloud.privacy.keeping.job import keep
from tests.cloud.web.community import NOW, Community, create_community

pytestmark = pytest.mark.integration

DAY = timedelta(days=1)
DAYS = Retention(
    alarms_days=100, audit_days=200, dead_letters_days=10, sessions_days=20, notices_days=30, texts_days=40
)


def fill(made: Community, days: int) -> None:
    """One of each kind, so many days ago."""
    at, desk = NOW - days * DAY, made.staff["desk"]
    alarm = made.create_alarm("gw-home-1", "closed", closed_at=at, heard_at=at)
    made.run("UPDATE alarm SET close_reason = 'test', closed_at = %s WHERE alarm_id = %s", at, alarm)
    made.run("INSERT INTO alarm_event (alarm_id, state, at) VALUES (%s, 'closed', %s)", alarm, at)
    made.run("INSERT INTO alarm_card_view (alarm_id, staff_id, at) VALUES (%s, %s, %s)", alarm, desk, at)
    made.run("INSERT INTO scaip_forward (reference, alarm_id, what) VALUES (%s, %s, 'raised')", f"R{days}", alarm)
    made.run(
        "INSERT INTO visit (elder_id, alarm_id, kind, priority, state, nurse_id, asked_at, promised_by) "
        "VALUES (%s, %s, 'alarm', 'now', 'filed', %s, %s, %s)",
        made.elders["home-1"], alarm, made.staff["nurse"], at, at,
    )  # fmt: skip
    made.run(
        "INSERT INTO escalation (subject_id, about, rule, began_at, ended_at) VALUES (%s, 'alarm', 'r', %s, %s)",
        alarm, at, at,
    )  # fmt: skip
    made.run(
        "INSERT INTO escalation_step (subject_id, round, step, said, due_at, done_at, told) "
        "VALUES (%s, 0, 0, 's', %s, %s, 1)",
        alarm, at, at,
    )  # fmt: skip
    text = made.one(
        "INSERT INTO sms (recipient, body, state, asked_at) VALUES ('+8613800000001', 'b', 'sent', %s) "
        "RETURNING sms_id",
        at,
    )
    made.run(
        "INSERT INTO notice (notice_id, subject_id, round, step, way, staff_id, sms_id, asked_at) "
        "VALUES (gen_random_uuid(), %s, 0, 0, 'sms', %s, %s, %s)",
        alarm, desk, text, at,
    )  # fmt: skip
    made.run(
        "INSERT INTO dead_letter (topic, payload, digest, reason, last_at) VALUES ('t', 'p', %s, 'r', %s)",
        str(days).encode(), at,
    )  # fmt: skip
    made.run("INSERT INTO session (token_hash, staff_id, ends_at) VALUES (%s, %s, %s)", str(days).encode(), desk, at)
    made.run("INSERT INTO audit (at, staff_id, what) VALUES (%s, %s, 'saw_record')", at, desk)


def left(made: Community) -> dict[str, int]:
    tables = ("alarm", "alarm_event", "scaip_forward", "escalation", "notice", "sms", "dead_letter", "session", "audit")
    return {table: made.one(f"SELECT count(*) FROM {table}") for table in tables}


def run(made: Community, folder: Path) -> dict[str, int]:
    with psycopg.connect(made.dsn, autocommit=True) as connection:
        return dict(keep(connection, DAYS, folder, NOW, NOW))


def test_each_kind_goes_when_it_is_old(database: str, tmp_path: Path) -> None:
    made = create_community(database)
    for days in (300, 250, 35, 5):
        fill(made, days)
    assert set(left(made).values()) == {4}
    gone = run(made, tmp_path)
    assert gone.keys() == {"alarms", "audit", "dead_letters", "sessions", "notices", "texts"}
    assert left(made) == {
        "alarm": 2, "alarm_event": 2, "scaip_forward": 2, "escalation": 2, "notice": 1, "sms": 2, "dead_letter": 1,
        "session": 1, "audit": 2,
    }  # fmt: skip
    assert made.one("SELECT count(*) FROM visit") == 4  # what a nurse did is the record's, without the call
    assert run(made, tmp_path) == {}

    with psycopg.connect(made.dsn) as connection:
        begins = audit_store.begins(connection)
        assert begins is not None
        start = Head(*begins[:2])
        found = verify(audit_store.lines(connection), None, start)
        assert (found.fault, found.head.number, start.number) == ("", 4, 2)
        assert verify(audit_store.lines(connection), Head(1, b"x"), start).fault == ""  # before what is left
        assert "another than" in verify(audit_store.lines(connection), Head(2, b"x"), start).fault
        assert "lines are missing" in verify(audit_store.lines(connection)).fault
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        made.run("DELETE FROM audit")
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match="half a year"):
        made.run("INSERT INTO audit_start (audit_id, digest, until) VALUES (4, sha256(''), now())")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        made.run("UPDATE audit_start SET until = now()")
    made.run("INSERT INTO audit (at, staff_id, what) VALUES (%s, 1, 'saw_record')", NOW)
    with psycopg.connect(made.dsn) as connection:
        assert verify(audit_store.lines(connection), found.head, start).head.number == 5


def test_nought_is_for_ever_and_one_process_does_it(database: str, tmp_path: Path) -> None:
    made = create_community(database)
    fill(made, 4000)
    nothing = Retention(alarms_days=0, audit_days=0, dead_letters_days=0, sessions_days=0, notices_days=0, texts_days=0)
    with (
        psycopg.connect(made.dsn, autocommit=True) as one,
        psycopg.connect(made.dsn, autocommit=True) as other,
    ):
        assert list(keep(one, nothing, tmp_path, NOW, NOW)) == []
        turns = keep(one, DAYS, tmp_path, NOW, NOW)
        next(turns)
        assert list(keep(other, DAYS, tmp_path, NOW, NOW)) == []
        turns.close()
    assert list(tmp_path.iterdir()) == []  # nobody was erased: there is no ledger yet
