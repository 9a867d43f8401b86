"""What somebody sends cannot write a line of its own into a log."""

import json

import pytest
import structlog

from cloud.logs import set_up_logs

HOSTILE = 'nurse\n{"event": "login", "staff_id": 1}\r\n\x1b[2J\x00\u2028"'


def test_one_event_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    set_up_logs("web")
    structlog.get_logger().info("login_refused", login=HOSTILE, **{HOSTILE: 1})
    (line,) = capsys.readouterr().err.strip().split("\n")
    assert "\x1b" not in line
    assert "\r" not in line
    assert json.loads(line)["login"] == HOSTILE
    assert json.loads(line)["event"] == "login_refused"


def test_a_terminal_gets_no_commands(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    set_up_logs("web")
    structlog.get_logger().info("login_refused", login=HOSTILE, topic="\x1b]0;planted\x07")
    said = capsys.readouterr().err
    assert len(said.strip().split("\n")) == 1
    assert "\x1b[2J" not in said
    assert "\x1b]0" not in said
