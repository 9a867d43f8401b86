"""The embedded PostgreSQL in a folder whose name a shell would take apart."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from cloud.local.postgres import EmbeddedPostgres

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
