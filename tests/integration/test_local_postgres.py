"""The embedded PostgreSQL in a folder whose name a shell would take apart."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from cloud.local.postgres import EmbeddedPostgres, PostgresFailed

pytestmark = pytest.mark.integration


@pytest.fixture
def spaced_folder() -> Iterator[Path]:
    # Not pytest's tmp_path: as root the server runs as another user, who may not enter it.
    folder = Path(tempfile.mkdtemp(prefix="doorstep test (老人) "))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


def test_a_folder_with_spaces_is_served(spaced_folder: Path) -> None:
    with EmbeddedPostgres(spaced_folder / "postgres") as server, psycopg.connect(server.dsn) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


@pytest.fixture
def small_disk() -> Iterator[Path]:
    if os.geteuid() != 0:
        pytest.skip("skipped: only root can mount the small disk of this test")
    folder = Path(tempfile.mkdtemp(prefix="doorstep-test-"))
    words = ["mount", "-t", "tmpfs", "-o", "size=20m,mode=0755", "tmpfs", str(folder)]
    if (done := subprocess.run(words, capture_output=True, text=True, check=False)).returncode != 0:
        pytest.skip(f"skipped: a small disk cannot be mounted here: {done.stderr.strip()}")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)
    folder.rmdir()


def test_a_disk_without_room_is_said_in_a_sentence(small_disk: Path) -> None:
    with pytest.raises(PostgresFailed, match=r"does not start: its disk has \d+ MB left; make room, 64 MB at least"):
        EmbeddedPostgres(small_disk / "postgres")
