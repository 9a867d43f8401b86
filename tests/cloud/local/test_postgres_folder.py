"""Names of folders that a shell would take apart."""

from pathlib import Path

import pytest

from cloud.local.postgres import EmbeddedPostgres, PostgresFailed


@pytest.mark.parametrize("name", ['a"b', "a$(id)", "a`id`", "a\\b"])
def test_a_folder_that_a_shell_would_change_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(PostgresFailed, match="choose a folder without any of"):
        EmbeddedPostgres(tmp_path / name / "postgres")
    assert not (tmp_path / name).exists()
