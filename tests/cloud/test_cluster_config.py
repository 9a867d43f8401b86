"""The clustered deployment's files agree with the centre's own."""

import re
from pathlib import Path

import pytest

from cloud.config import load
from cloud.mqtt import broker_address

CLUSTER = Path(__file__).parents[2] / "configs" / "cluster"


def test_the_centre_reads_its_configuration(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("DOORSTEP_DSN", "DOORSTEP_BROKER", "DOORSTEP_DATA"):
        monkeypatch.delenv(variable, raising=False)
    config = load(CLUSTER / "cloud.toml")
    assert config.web.secure_cookies
    broker_address(config.broker.url)


def test_the_brokers_limits_are_those_of_mosquitto() -> None:
    emqx = (CLUSTER / "emqx.conf").read_text(encoding="utf-8")
    mosquitto = (CLUSTER.parent / "mosquitto.conf").read_text(encoding="utf-8")
    for theirs, ours in (("max_inflight", "max_inflight_messages"), ("max_mqueue_len", "max_queued_messages")):
        assert _number(rf"{theirs} = (\d+)", emqx) == _number(rf"^{ours} (\d+)", mosquitto)


def test_the_compose_file_starts_every_stage() -> None:
    compose = (CLUSTER / "compose.yml").read_text(encoding="utf-8")
    for stage in ("migrate", "ingest", "detect", "visits", "alarms", "escalation", "web"):
        assert f"doorstep-cloud {stage} --config" in compose
    for name in re.findall(r"\./([a-z.]+):", compose):
        assert (CLUSTER / name).is_file() or (CLUSTER.parent / name).is_file(), name


def _number(pattern: str, text: str) -> int:
    found = re.search(pattern, text, re.MULTILINE)
    assert found is not None, pattern
    return int(found[1])
