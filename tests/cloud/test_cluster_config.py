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


KNOWN_TO_EMQX = {
    "mqtt": {
        "max_packet_size", "max_inflight", "max_mqueue_len", "max_awaiting_rel", "session_expiry_interval",
        "shared_subscription_strategy",
    },
    "listeners": {"enable", "bind", "enable_authn", "ssl_options"},
    "ssl_options": {"cacertfile", "certfile", "keyfile", "verify", "fail_if_no_peer_cert"},
    "authorization": {"no_match", "deny_action", "sources"},
    "cluster": {"name", "discovery_strategy", "static.seeds"},
}  # fmt: skip
"""Those of `mqtt` and of listeners stand in its schema of 5.8; the others are as its manual has them. EMQX ends at
a key that it does not know."""


def test_the_brokers_know_every_key() -> None:
    emqx = re.sub(r"#.*", "", (CLUSTER / "emqx.conf").read_text(encoding="utf-8"))
    for block, body in re.findall(r"^\s*([\w.]+) \{\n(.*?)^\s*\}", emqx, re.MULTILINE | re.DOTALL):
        name = block if block in KNOWN_TO_EMQX else block.split(".")[0]
        inner = re.sub(r"ssl_options \{.*", "ssl_options =", body, flags=re.DOTALL) if name == "listeners" else body
        keys = set(re.findall(r"^\s*([\w.]+) =", inner, re.MULTILINE))
        assert keys, block
        assert keys <= KNOWN_TO_EMQX[name], block
    assert set(re.findall(r"^(listeners\.\w+\.\w+\.\w+|mqtt\.\w+|node\.\w+) =", emqx, re.MULTILINE)) == {
        "node.cookie",
        "mqtt.peer_cert_as_username",
        *(f"listeners.{kind}.default.enable" for kind in ("tcp", "ssl", "ws", "wss")),
    }
    assert 1 <= _number(r"max_inflight = (\d+)", emqx) <= 65535


def _number(pattern: str, text: str) -> int:
    found = re.search(pattern, text, re.MULTILINE)
    assert found is not None, pattern
    return int(found[1])
