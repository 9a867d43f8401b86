"""Health is "devices are heard", and the command line says so in sentences."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from prometheus_client import CollectorRegistry, Counter
from typer.testing import CliRunner

from edge.cli import app
from edge.config import load
from edge.errors import Permanent
from edge.figures import DeviceFigures
from edge.health import HealthReport, HealthServer, unheard
from edge.outbox import Outbox
from protocols.telemetry.messages import DeviceStatus
from tests.edge.conftest import CONFIG, ReadingMaker

REPORT = HealthReport(
    well=True,
    problems=(),
    gateway="gw-test",
    version="0",
    epoch=1,
    readings_taken=2,
    backlog_rows=0,
    backlog_bytes=0,
    oldest_backlog_at=None,
    broker_connected=True,
    alarm_line_connected=True,
    devices=(DeviceStatus(device="ble:x", heard_at=datetime(2026, 3, 1, tzinfo=UTC), battery_percent=80),),
)


def test_silence_of_a_watched_device_is_a_sentence(config_file: Path) -> None:
    config_file.write_text(CONFIG + "heard_within_s = 60\n")
    device = load(config_file).devices[0]
    entry = DeviceFigures(device)
    assert unheard((entry,), 0, 59) == []
    assert unheard((entry,), 0, 61) == [f"{device.name} was not heard for 61 s, expected every 60 s"]
    assert unheard((replace(entry, heard_s=50),), 0, 61) == []


def test_health_and_metrics_are_served() -> None:
    registry = CollectorRegistry()
    Counter("doorstep_presses", "x", registry=registry).inc()
    reports = [REPORT]
    server = HealthServer(("127.0.0.1", 0), lambda: reports[-1], registry)
    base = f"http://127.0.0.1:{server.port}"
    assert httpx.get(f"{base}/health").json()["gateway"] == "gw-test"
    assert "doorstep_presses_total 1.0" in httpx.get(f"{base}/metrics").text
    reports.append(HealthReport(**{f: getattr(REPORT, f) for f in REPORT.__struct_fields__} | {"well": False}))
    assert httpx.get(f"{base}/health").status_code == 503
    assert httpx.get(f"{base}/etc/passwd").status_code == 404
    with pytest.raises(Permanent, match=r"health\.port"):
        HealthServer(("127.0.0.1", server.port), lambda: REPORT, registry)
    server.stop()


def test_status_before_any_run_is_a_sentence(config_file: Path) -> None:
    result = CliRunner().invoke(app, ["status", "--config", str(config_file)])
    assert result.exit_code == 1
    assert "no gateway has run with this data folder yet" in result.output


def test_status_reads_the_outbox_and_the_running_gateway(config_file: Path, create_reading: ReadingMaker) -> None:
    server = HealthServer(("127.0.0.1", 0), lambda: REPORT, CollectorRegistry())
    config_file.write_text(CONFIG.replace("[[device]]", f"[health]\nport = {server.port}\n\n[[device]]"))
    box = Outbox(load(config_file).outbox_path)
    box.put([create_reading(1), create_reading(2)])
    result = CliRunner().invoke(app, ["status", "--config", str(config_file), "--json"])
    assert result.exit_code == 0
    found = json.loads(result.stdout.splitlines()[-1])
    assert (found["running"], found["backlog"]["rows"], found["readings_taken"]) == (True, 2, 2)
    assert found["devices"][0]["device"] == "ble:x"
    table = CliRunner().invoke(app, ["status", "--config", str(config_file)])
    assert "gw-test: well, 2 readings wait for their receipt" in table.output
    server.stop()
    gone = CliRunner().invoke(app, ["status", "--config", str(config_file)])
    assert gone.exit_code == 1
    assert "doorstep-edge run" in gone.output
    box.close()


@pytest.mark.parametrize("command", ["run", "status"])
def test_refused_configuration_is_a_sentence_and_code_2(config_file: Path, command: str) -> None:
    config_file.write_text("gateway = 5\n")
    result = CliRunner().invoke(app, [command, "--config", str(config_file)])
    assert result.exit_code == 2
    assert "edge.toml: gateway: Expected `str`" in result.output
    assert "Traceback" not in result.output


def test_wrong_clock_is_a_sentence_and_code_2(config_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOORSTEP_CLOCK", "noon")
    result = CliRunner().invoke(app, ["status", "--config", str(config_file)])
    assert result.exit_code == 2
    assert "DOORSTEP_CLOCK" in result.output
