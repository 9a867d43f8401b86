"""`doorstep-sim modem` as a process."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import serial
from typer.testing import CliRunner

from firmware_sim.cli import main

PATIENCE_S = 20.0
PHONE = "+8613900000009"


def test_two_modems_and_a_phone(tmp_path: Path) -> None:
    home, centre, inbox = tmp_path / "home", tmp_path / "centre", tmp_path / "inbox.jsonl"
    command = [sys.executable, "-c", "from firmware_sim.cli import main; main()", "modem", "--inbox", str(inbox)]
    command += ["--link", str(home), "--link", str(centre), "--number", "+8613800000001"]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + PATIENCE_S
        while not (home.exists() and centre.exists()):
            assert time.monotonic() < deadline
            time.sleep(0.02)
        with serial.Serial(str(home), timeout=5) as first, serial.Serial(str(centre), timeout=5) as second:
            for port in (first, second):
                port.write(b"ATE0\rAT+CMGF=1\rAT+CNMI=2,1\r")
                port.read_until(b"OK\r\n\r\nOK\r\n\r\nOK\r\n")
            for number in ("+8613800000002", PHONE):
                first.write(f'AT+CMGS="{number}"\r'.encode())
                assert first.read_until(b"> ").endswith(b"> ")
                first.write(b"hello\x1a")
                assert b"+CMGS: " in first.read_until(b"OK\r\n")
            assert b'+CMTI: "SM",1' in second.read_until(b"1\r\n")
        while not inbox.exists():
            assert time.monotonic() < deadline
            time.sleep(0.02)
        line = json.loads(inbox.read_text(encoding="utf-8"))
        assert (line["to"], line["from"], line["text"]) == (PHONE, "+8613800000001", "hello")
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE_S) == 0
        assert not home.is_symlink()
    finally:
        process.kill()
        process.wait()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--fault", "on_fire"], "is not a fault of a modem"),
        (["--number", "+861", "--number", "+862"], "give a --link for each"),
    ],
)
def test_wrong_arguments_are_refused(tmp_path: Path, arguments: list[str], sentence: str) -> None:
    result = CliRunner().invoke(main, ["modem", "--link", str(tmp_path / "m"), *arguments])
    assert result.exit_code == 2
    assert sentence in result.output
