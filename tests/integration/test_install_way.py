"""The installer's whole way, typed into a terminal: from a code to a home that counts as live, with power cuts."""

import json
import re
import shutil
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pexpect
import pytest
import tomlkit

from edge.config import load
from protocols.enrolment.code import parse_code
from tests.edge.conftest import KEY
from tests.edge.install.power import Ended, Powered, files_below
from tests.integration.install_stage import (
    BUTTON,
    CUFF,
    GLUCOMETER,
    PASSKEY,
    SENSOR,
    Installation,
    installation,
)
from tests.integration.trust_centre import TrustCentre

pytestmark = pytest.mark.integration


@pytest.fixture
def powered() -> Iterator[Powered]:
    powered = Powered()
    yield powered
    powered.close()


def test_from_a_code_to_a_live_home(database: str, tmp_path: Path, powered: Powered) -> None:
    with installation(database, tmp_path) as home:
        began_s = time.monotonic()
        enrol(home)

        home.set_health_port()
        lose_power_pairing(home, powered)
        home.start_gateway()
        pair_glucometer(home)
        for address, answers in ((CUFF, ["1", "bedroom"]), (SENSOR, ["bathroom"]), (BUTTON, ["neck"])):
            pair(home, address, answers)
        home.start_gateway()  # by systemd, `pair` does it
        prove(home)
        lose_power_proving(home, powered)
        took_s = time.monotonic() - began_s
        code, said = home.run("doctor", "--json")
        assert code == 0, said
        parts = {finding["part"] for finding in json.loads(said)["findings"]}
        assert parts >= {"configuration", "radio", "disk", "clock", "region", "certificate", "broker", "gateway"}
        print(f"machine time {took_s:.1f} s")
        with home.centre.connection() as connection:
            live = connection.execute("SELECT gateway_id FROM proven_gateway").fetchall()
            worn = connection.execute(
                "SELECT device.name, label, elder.code FROM device LEFT JOIN wearer USING (device_id) "
                "LEFT JOIN elder USING (elder_id) ORDER BY device.name"
            ).fetchall()
            tests = connection.execute("SELECT DISTINCT test FROM alarm").fetchall()
        assert live == [("gw-home-1",)]
        assert worn == [
            (f"ble:{GLUCOMETER}", "kitchen", "elder-home-1"),
            (f"ble:{CUFF}", "bedroom", "elder-home-1"),
            (f"ble:{SENSOR}", "bathroom", None),
            (f"ble:{BUTTON}", "neck", None),
        ]
        assert tests == [(True,)], "who tries a button disturbs nobody"
        assert took_s < 180


def enrol(home: Installation) -> None:
    """A wrong code, power lost, and then the right way."""
    right = parse_code(home.centre.claim())
    wrong = right._replace(secret=right.secret[:-1] + ("0" if right.secret[-1] != "0" else "1"))
    server = ("--server", home.centre.server, "--data", home.data)
    code, said = home.run("enrol", *server, "--code", str(wrong))
    assert (code, "the code is wrong" in said) == (1, True), said
    terminal = home.type("enrol", *server)
    terminal.expect("Code")
    terminal.kill(9)
    terminal.close()
    terminal = home.type("enrol", *server)
    terminal.expect("Code")
    terminal.sendline(str(right))
    terminal.expect("this machine is gw-home-1 of home-1")
    terminal.expect(pexpect.EOF)
    terminal.close()


def pair_glucometer(home: Installation) -> None:
    """Chosen from what is heard; the first time power is lost after it has bonded."""
    for lost in (True, False):
        home.control.measure_glucose(99)  # what a person does to switch it on
        terminal = home.type("pair", "--seconds", "3")
        terminal.expect("Which one")
        while (found := re.search(rf"(\d+) [^\r\n]*glucometer[^\r\n]*{GLUCOMETER}", terminal.before or "")) is None:
            terminal.sendline("a")
            terminal.expect("Which one")
        terminal.sendline(found[1])
        terminal.expect("Passkey")
        terminal.sendline(f"{PASSKEY:06d}")
        terminal.expect("newest: glucose")
        terminal.expect("Where is it")
        if lost:
            terminal.kill(9)
            terminal.close()
            assert GLUCOMETER not in home.config.read_text(encoding="utf-8")
            continue
        terminal.sendline("kitchen")
        terminal.expect("1  elder-home-1")
        terminal.sendline("1")
        terminal.expect("is this home's now: glucometer kitchen")
        terminal.expect(pexpect.EOF)
        terminal.close()


def pair(home: Installation, address: str, answers: list[str]) -> None:
    """By address, as somebody does who knows it."""
    models = {BUTTON: "bthome-button", CUFF: "bluetooth-blood-pressure"}  # a button that nobody presses is silent
    known = ("--model", models[address]) if address in models else ()
    terminal = home.type("pair", "--seconds", "3", "--address", address, *known)
    if address == BUTTON:
        terminal.expect("Its key")
        terminal.sendline("not a key")
        terminal.expect("a key has 32 digits")
        terminal.sendline(KEY)
        terminal.expect("press a button once")
        home.control.press()
    elif address == CUFF:
        home.control.measure_pressure(systolic=120, diastolic=75, pulse=66)
        terminal.expect("Passkey")
        terminal.sendline("")
    elif address == SENSOR:
        terminal.expect("1  shower sensor")
        terminal.expect("What is it for")
        terminal.sendline("1")
    terminal.expect("Where is it")
    terminal.sendline(answers[-1])
    if address == CUFF:
        terminal.expect("Who measures")
        terminal.sendline(answers[0])
    terminal.expect("is this home's now")
    terminal.expect(pexpect.EOF)
    terminal.close()


def prove(home: Installation) -> None:
    """Power is lost in the middle of the walk, which then goes on where it was."""
    terminal = home.type("prove", "--wait", "80")
    terminal.expect(f"ble:{GLUCOMETER}: measure with it now")
    home.control.measure_glucose(111)
    terminal.expect(f"ok  ble:{GLUCOMETER}  meter: glucose ")
    terminal.kill(9)
    terminal.close()
    terminal = home.type("prove", "--wait", "80")
    terminal.expect("goes on with what was begun")
    terminal.expect(f"ble:{CUFF}: measure with it now")
    home.control.measure_pressure(systolic=128, diastolic=80, pulse=70)
    press(home, terminal)
    terminal.expect("all has passed: the home is live")
    terminal.expect("the centre has the report")
    terminal.expect(pexpect.EOF)
    terminal.close()
    state = json.loads((home.data / "install.json").read_text(encoding="utf-8"))
    assert "proving" not in state


def press(home: Installation, terminal: "pexpect.spawn[str]") -> None:
    """As a person does: a press that nobody heard is pressed again."""
    terminal.expect(f"ble:{BUTTON}: press it now")
    for _ in range(4):
        home.control.press()
        if (said := terminal.expect(["button: the centre has it", "press it once more", "Try again"])) == 0:
            return
        if said == 2:
            terminal.sendline("y")
            terminal.expect(f"ble:{BUTTON}: press it now")
    pytest.fail("no press came through")


def lose_power_pairing(home: Installation, powered: Powered) -> None:
    """At the first step, then at the second, and so on, each time where the last one stopped."""
    folder = home.folder / "again"
    shutil.copytree(home.data / "identity", folder / "data" / "identity")
    config = folder / "edge.toml"
    text = home.config.read_text(encoding="utf-8")
    config.write_text(text.replace(str(home.data), str(folder / "data")), encoding="utf-8")
    words = ("pair", "--config", config, "--address", SENSOR, "--model", "bthome-sensor", "--kind", "shower_sensor")
    ended = lose_power(powered, folder, home, *words, "--where", "bathroom", "--json")
    assert ended.code == 0, ended.said
    assert json.loads(ended.said.splitlines()[-1])["told"] is True
    assert [device.name for device in load(config).devices] == [f"ble:{SENSOR}"]
    whole = {"data/install.json", "edge.toml"}
    assert {name for name in files_below(folder) if "identity" not in name} == whole


def lose_power_proving(home: Installation, powered: Powered) -> None:
    """The same for a walk; of the home's devices the sensor, which needs nobody."""
    whole = tomlkit.parse(home.config.read_text(encoding="utf-8"))
    whole["device"] = [device for device in whole.unwrap()["device"] if device["name"] == f"ble:{SENSOR}"]
    config = home.folder / "sensor.toml"
    config.write_text(tomlkit.dumps(whole), encoding="utf-8")
    ended = lose_power(powered, home.data, home, "prove", "--config", config, "--wait", "80", "--json")
    assert ended.code == 0, ended.said
    told = json.loads(ended.said.splitlines()[-1])
    assert told["sent"] is True
    assert {check["what"] for check in told["report"]["checks"]} >= {"clock", "sensor", "receipts", "health"}
    assert not [name for name in files_below(home.data) if "/." in name or name.startswith(".")]


def lose_power(powered: Powered, below: Path, home: Installation, *words: str | Path) -> Ended:
    """How the first one ended that came to its end."""
    cut_at = 1
    while True:
        ended = powered.run(*words, below=below, cut_at=cut_at, environment=home.environment)
        if not ended.was_cut:
            assert cut_at > 5
            return ended
        cut_at += 1


def test_a_code_that_another_machine_used_or_that_has_ended_is_refused(database: str, tmp_path: Path) -> None:
    centre = TrustCentre(database, tmp_path / "centre")
    with centre.enrolment():
        used, old = centre.claim(), centre.claim("gw-home-2", datetime.now(UTC) - timedelta(hours=49))
        homes = [Installation(centre, tmp_path / name) for name in ("first", "second")]
        for home in homes:
            home.folder.mkdir()
        assert homes[0].run("enrol", "--server", centre.server, "--data", homes[0].data, "--code", used)[0] == 0
        for code, sentence in ((used, "used already"), (old, "has ended"), ("K7QM-4XNT-9PW0", "mistyped")):
            exit_code, said = homes[1].run("enrol", "--server", centre.server, "--data", homes[1].data, "--code", code)
            assert exit_code in (1, 2)
            assert sentence in said
            assert not homes[1].config.exists(), "nothing of it is kept"
