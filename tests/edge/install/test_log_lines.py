"""The log for a person."""

import json
from pathlib import Path

import pytest

from edge.errors import Permanent
from edge.install.log_lines import need_service, read, shown
from edge.install.service import install

LINE = json.dumps(
    {"gateway": "gw-1", "event": "gateway_started", "level": "info", "timestamp": "2026-11-22T08:00:01.5Z"}
)
TROUBLE = json.dumps({"event": "radio", "level": "warning", "timestamp": "2026-11-22T08:00:02Z", "problem": "deaf"})


def test_newest_lines_of_a_file_are_readable(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text(f"old\n{LINE}\n{TROUBLE}\nTraceback\n", encoding="utf-8")
    lines = list(read(log, lines=3, follow=False))
    assert [shown(line, as_json=False, warnings=False) for line in lines] == [
        "2026-11-22 08:00:01 info    gateway_started gateway=gw-1",
        "2026-11-22 08:00:02 warning radio problem=deaf",
        "Traceback",
    ]
    assert [shown(line, as_json=False, warnings=True) is None for line in lines] == [True, False, False]
    assert all(json.loads(shown(line, as_json=True, warnings=False) or "") for line in lines)


def test_a_file_that_is_not_there_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(Permanent, match="no file of log lines"):
        list(read(tmp_path / "none", lines=3, follow=False))


def test_the_journal_is_that_of_the_service_alone(tmp_path: Path) -> None:
    need_service(tmp_path / "edge.toml", tmp_path)
    install(tmp_path / "edge.toml", tmp_path / "data", tmp_path)
    need_service(tmp_path / "edge.toml", tmp_path)
    with pytest.raises(Permanent, match=r"runs with .*edge\.toml, not with .*; name its log with --file"):
        need_service(tmp_path / "other.toml", tmp_path)
