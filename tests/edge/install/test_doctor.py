"""The doctor on machines with one thing wrong: what it finds, and that it says what to do."""

import asyncio
import os
import socket
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding

from edge.config import load
from edge.identity.folder import Identity, IdentityFolder
from edge.install.doctor import broker, certificate, clock, disk, ports, radio, region, service, walk
from edge.install.doctor.finding import Finding, Machine
from protocols.enrolment.messages import Settings
from tests.edge.conftest import CONFIG
from tests.edge.install.authority import sign

NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """A machine with nothing in it."""
    (tmp_path / "root").mkdir()
    return Machine(root=tmp_path / "root", user="no-such-user")


@pytest.fixture(autouse=True)
def nobody_on_the_bus(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """bluetoothd is not running."""
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", f"unix:path={tmp_path}/no-bus")


def put(machine: Machine, path: str, text: str) -> None:
    file = machine.root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text + "\n", encoding="utf-8")


def need(found: Finding | None, *words: str) -> None:
    assert found is not None
    assert not found.well, found
    assert found.do, "it says what to do"
    for word in words:
        assert word in f"{found.says} | {found.do}", found


async def test_no_adapter(machine: Machine) -> None:
    need(await radio.look(machine), "there is no Bluetooth adapter", "plug one in", "dtoverlay=disable-bt")


async def test_bluetoothd_is_not_running(machine: Machine) -> None:
    put(machine, "sys/class/bluetooth/hci0/uevent", "")
    need(await radio.look(machine), "bluetoothd does not answer", "systemctl enable --now bluetooth")


@pytest.mark.parametrize(("switch", "words"), [("soft", "sudo rfkill unblock bluetooth"), ("hard", "turn the switch")])
async def test_rfkill(machine: Machine, switch: str, words: str) -> None:
    put(machine, "sys/class/rfkill/rfkill0/type", "wlan")
    put(machine, "sys/class/rfkill/rfkill0/soft", "0")
    put(machine, "sys/class/rfkill/rfkill1/type", "bluetooth")
    put(machine, f"sys/class/rfkill/rfkill1/{switch}", "1")
    need(await radio.look(machine), words)


def test_wifi_without_its_country(machine: Machine) -> None:
    assert region.wireless(machine) is None, "it has no Wi-Fi"
    put(machine, "sys/class/net/wlan0/wireless/x", "")
    put(machine, "sys/module/cfg80211/parameters/ieee80211_regdom", "00")
    need(region.wireless(machine), "set to no country", "do_wifi_country")
    put(machine, "sys/module/cfg80211/parameters/ieee80211_regdom", "CN")
    found = region.wireless(machine)
    assert found is not None
    assert found.well
    put(machine, "sys/class/rfkill/rfkill0/type", "wlan")
    put(machine, "sys/class/rfkill/rfkill0/soft", "1")
    need(region.wireless(machine), "blocked by rfkill", "do_wifi_country")


def test_wrong_time() -> None:
    need(clock.judge(NOW - timedelta(days=300), NOW), "slow", "timedatectl set-ntp true")
    need(clock.judge(NOW + timedelta(minutes=2), NOW), "fast")
    assert clock.judge(NOW + timedelta(seconds=5), NOW).well


def test_enrolment_does_not_answer() -> None:
    need(clock.look(f"https://localhost:{_free_port()}", lambda: NOW), "does not answer", "renewed")


def test_full_disk(machine: Machine, tmp_path: Path) -> None:
    assert disk.look(machine, tmp_path / "to" / "be" / "made").well
    need(disk.look(Machine(least_free_bytes=1 << 62), tmp_path), "MB are free", "journalctl --vacuum-size")


@pytest.fixture
def folder(tmp_path: Path) -> IdentityFolder:
    """Of a gateway that was enrolled at NOW."""
    key = generate_private_key(SECP256R1())
    authority, made = sign(key.public_key(), "gw-test", NOW)
    settings = Settings(
        gateway="gw-test", home="home-1", time_zone="Asia/Shanghai", broker="", server="", receipt_key=""
    )
    (tmp_path / "identity").mkdir(mode=0o700)
    folder = IdentityFolder(tmp_path / "identity")
    folder.keep(key, made.public_bytes(Encoding.PEM).decode(), authority, settings)
    return folder


def test_certificates(folder: IdentityFolder, tmp_path: Path) -> None:
    found, identity = certificate.look(folder, lambda: NOW)
    assert (found.well, found.says) == (True, "gw-test, 90 days left")
    assert isinstance(identity, Identity)
    need(certificate.judge(identity, lambda: NOW + timedelta(days=91)), "it ended on", "doorstep-cloud claim")
    need(certificate.judge(identity, lambda: NOW + timedelta(days=75)), "ends in 15 days", "renewed")
    need(certificate.judge(identity, lambda: NOW - timedelta(days=9)), "clock is wrong")
    need(certificate.look(IdentityFolder(tmp_path / "none"), lambda: NOW)[0], "there is no identity")
    folder.chain.chmod(0o644)
    need(certificate.look(folder, lambda: NOW)[0], "can be read by others")


def test_configuration_of_another_home_or_zone(folder: IdentityFolder, config_file: Path) -> None:
    identity = folder.read()
    assert region.home(load(config_file), identity).well
    config_file.write_text(CONFIG.replace("Asia/Shanghai", "Europe/Berlin"), encoding="utf-8")
    need(region.home(load(config_file), identity), "Europe/Berlin", "meters' clocks", 'time_zone = "Asia/Shanghai"')
    config_file.write_text(CONFIG.replace("gw-test", "gw-other"), encoding="utf-8")
    need(region.home(load(config_file), identity), "enrolled as gw-test")


def test_serial_port_without_permission(machine: Machine, tmp_path: Path) -> None:
    need(ports.port(machine, "meter", str(tmp_path / "none")), "is not there", "plug it in")
    cable = tmp_path / "ttyUSB0"
    cable.touch()
    os.chown(cable, 0, 20)
    cable.chmod(0o660)
    found = ports.port(Machine(user="nobody"), "meter", str(cable))
    need(found, "does not open to nobody", "usermod -a -G dialout nobody")
    status = cable.stat()
    assert ports.opens(status, 65534, frozenset({20}))
    assert ports.opens(status, 0, frozenset())
    assert not ports.opens(status, 65534, frozenset({65534}))


def test_broker_port_is_refused(config_file: Path) -> None:
    config_file.write_text(_with_broker(f"mqtt://127.0.0.1:{_free_port()}"), encoding="utf-8")
    need(broker.look(load(config_file)), "takes no connection", "let TCP port")


def test_broker_port_is_blocked(config_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A wall that drops what comes: TEST-NET-1 is nobody's."""
    monkeypatch.setattr(broker, "_WITHIN_S", 0.2)
    config_file.write_text(_with_broker("mqtt://192.0.2.1:8883"), encoding="utf-8")
    need(broker.look(load(config_file)), "let TCP port 8883 out")


def test_brokers_name_is_not_known(config_file: Path) -> None:
    config_file.write_text(_with_broker("mqtt://no-such-centre.invalid:8883"), encoding="utf-8")
    need(broker.look(load(config_file)), "no-such-centre.invalid", "network")


def test_broker_refuses(config_file: Path, rude_port: int) -> None:
    config_file.write_text(_with_broker(f"mqtt://127.0.0.1:{rude_port}"), encoding="utf-8")
    need(broker.look(load(config_file)), "refuses this gateway", "doorstep-cloud claim")


def test_gateway_does_not_run(machine: Machine, config_file: Path) -> None:
    config_file.write_text(
        CONFIG.replace("[[device]]", f"[health]\nport = {_free_port()}\n[[device]]"), encoding="utf-8"
    )
    (found,) = service.look(machine, load(config_file))
    need(found, "no service of this machine", "doorstep-edge service install")
    put(machine, "etc/systemd/system/doorstep-edge.service", "")
    (found,) = service.look(machine, load(config_file))
    need(found, "does not run", "systemctl restart")
    config_file.write_text(CONFIG, encoding="utf-8")
    need(service.look(machine, load(config_file))[0], "health.port is 0")


async def test_configuration_that_does_not_load_is_one_of_the_findings(machine: Machine, tmp_path: Path) -> None:
    found = await walk.examine(tmp_path / "none.toml", machine)
    assert [one.part for one in found if not one.well] == ["radio", "configuration"]


def test_all_of_a_machine_is_looked_at(machine: Machine, config_file: Path) -> None:
    config_file.write_text(_with_broker(f"mqtt://127.0.0.1:{_free_port()}"), encoding="utf-8")
    found = asyncio.run(walk.examine(config_file, machine))
    assert {one.part for one in found} == {"configuration", "radio", "disk", "broker", "gateway"}


def _with_broker(url: str) -> str:
    return CONFIG.replace("[[device]]", f'[broker]\nurl = "{url}"\n[[device]]')


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
