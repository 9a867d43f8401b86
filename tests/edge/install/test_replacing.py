"""A home moves to a new machine: sealed on the way, whole at the end, and never over what that machine has measured."""

import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding

from edge.alarm.journal import AlarmJournal
from edge.config import load
from edge.errors import Permanent
from edge.identity.folder import IdentityFolder
from edge.install.parcel import seal, unseal
from edge.install.replacing import export, take_in
from edge.outbox import Outbox
from edge.sqlite_file import hold_alone
from protocols.enrolment.messages import Settings
from tests.edge.conftest import CATALOGUE, KEY, ReadingMaker, create_record
from tests.edge.install.authority import sign

PASSPHRASE = "a long way home"
ADAPTER, METER = "AA:AA:AA:00:00:01", "C0:FF:EE:00:00:01"
OLD = f"""\
gateway = "gw-test"   # at the ferry
data = "data"
catalogue = "{CATALOGUE}"
[broker]
url = "mqtts://old.example:8883"
[[device]]
name = "ble:{METER}"
kind = "glucometer"
model = "bluetooth-glucose"
address = "{METER}"
[[device]]
name = "ble:C0:FF:EE:00:00:04"
kind = "emergency_button"
model = "bthome-button"
address = "C0:FF:EE:00:00:04"
bind_key_file = "keys/button.key"
"""
NEW = f'gateway = "gw-test"\ndata = "data"\ncatalogue = "{CATALOGUE}"\n[broker]\nurl = "mqtts://new.example:8883"\n'


def create_old(folder: Path) -> Path:
    """A home's gateway that has lived: a counter, readings that wait, a bond, a key."""
    (folder / "keys").mkdir(parents=True)
    (folder / "edge.toml").write_text(OLD, encoding="utf-8")
    (folder / "keys" / "button.key").write_text(KEY, encoding="ascii")
    (folder / "keys" / "button.key").chmod(0o600)
    box = Outbox(folder / "data" / "outbox.db")
    box.put([create_record(place) for place in range(3)])
    box.close()
    journal = AlarmJournal(folder / "data" / "alarm.db")
    journal.heard_counter("ble:C0:FF:EE:00:00:04", 77)
    journal.close()
    bond = folder / "bluetooth" / ADAPTER / METER
    bond.mkdir(parents=True)
    (bond / "info").write_text("[LongTermKey]\n", encoding="ascii")
    stranger = folder / "bluetooth" / ADAPTER / "11:22:33:44:55:66"
    stranger.mkdir()
    (stranger / "info").write_text("a telephone\n", encoding="ascii")
    return folder


@pytest.fixture
def old(tmp_path: Path) -> Path:
    return create_old(tmp_path / "old")


@pytest.fixture
def new(tmp_path: Path) -> Path:
    """A machine that was enrolled as the same gateway."""
    return create_machine(tmp_path / "new", "gw-test")


def create_machine(folder: Path, gateway: str) -> Path:
    (folder / "data" / "identity").mkdir(parents=True, mode=0o700)
    (folder / "edge.toml").write_text(NEW, encoding="utf-8")
    key = generate_private_key(SECP256R1())
    authority, made = sign(key.public_key(), gateway, datetime.now(UTC))
    settings = Settings(gateway=gateway, home="home-1", time_zone="UTC", broker="", server="", receipt_key="")
    IdentityFolder(folder / "data" / "identity").keep(
        key, made.public_bytes(Encoding.PEM).decode(), authority, settings
    )
    return folder


def test_a_home_moves_with_all_that_its_gateway_knew(old: Path, new: Path, tmp_path: Path) -> None:
    parcel = tmp_path / "home.doorstep"
    sent = export(old / "edge.toml", parcel, PASSPHRASE, old / "bluetooth")
    assert (sent.gateway, sent.devices, sent.waiting, sent.bonds) == ("gw-test", 2, 3, (METER,))
    assert parcel.stat().st_mode & 0o777 == 0o600
    assert KEY.encode() not in parcel.read_bytes()
    (new / "bluetooth" / ADAPTER).mkdir(parents=True)
    for _ in range(2):  # power may be lost on the way
        got = take_in(new / "edge.toml", parcel, PASSPHRASE, new / "bluetooth")
    assert (got.waiting, got.bonds, got.to_pair) == (3, (METER,), ())
    assert (new / "bluetooth" / ADAPTER / METER / "info").read_text(encoding="ascii") == "[LongTermKey]\n"
    assert not (new / "bluetooth" / ADAPTER / "11:22:33:44:55:66").exists(), "a stranger's bond stays where it is"
    loaded = load(new / "edge.toml")
    assert [device.name for device in loaded.devices] == [f"ble:{METER}", "ble:C0:FF:EE:00:00:04"]
    assert loaded.devices[1].bind_key == bytes.fromhex(KEY)
    assert loaded.broker.url == "mqtts://new.example:8883", "what the enrolment said stays"
    assert "# at the ferry" in (new / "edge.toml").read_text(encoding="utf-8")
    journal = AlarmJournal(new / "data" / "alarm.db")
    assert journal.counter("ble:C0:FF:EE:00:00:04") == 77, "no recorded press is played back to the new machine"
    journal.close()


def test_another_adapter_has_to_be_paired_with(old: Path, new: Path, tmp_path: Path) -> None:
    export(old / "edge.toml", tmp_path / "home", PASSPHRASE, old / "bluetooth")
    (new / "bluetooth" / "AA:AA:AA:00:00:02").mkdir(parents=True)
    got = take_in(new / "edge.toml", tmp_path / "home", PASSPHRASE, new / "bluetooth")
    assert (got.bonds, got.to_pair) == ((), (METER,))


def test_what_does_not_fit_changes_nothing(old: Path, new: Path, tmp_path: Path, create_reading: ReadingMaker) -> None:
    parcel = tmp_path / "home"
    with hold_alone(old / "data" / "gateway.lock"), pytest.raises(Permanent, match="systemctl stop"):
        export(old / "edge.toml", parcel, PASSPHRASE, old / "bluetooth")
    with pytest.raises(Permanent, match="12 are the least"):
        export(old / "edge.toml", parcel, "short", old / "bluetooth")
    export(old / "edge.toml", parcel, PASSPHRASE, old / "bluetooth")
    other = create_machine(tmp_path / "other", "gw-other")
    with pytest.raises(Permanent, match="doorstep-cloud claim gw-test"):
        take_in(other / "edge.toml", parcel, PASSPHRASE)
    box = Outbox(new / "data" / "outbox.db")
    box.put([create_reading(9)])
    box.close()
    with pytest.raises(Permanent, match="has taken 1 readings already"):
        take_in(new / "edge.toml", parcel, PASSPHRASE)
    assert (new / "edge.toml").read_text(encoding="utf-8") == NEW


def test_a_parcel_opens_to_its_passphrase_alone() -> None:
    sealed = seal({"a/b": b"secret"}, PASSPHRASE)
    assert unseal(sealed, PASSPHRASE) == {"a/b": b"secret"}
    changed = sealed[:-1] + bytes([sealed[-1] ^ 1])
    for broken, passphrase in ((sealed, "another long one"), (changed, PASSPHRASE), (sealed[:20], PASSPHRASE)):
        with pytest.raises(Permanent, match="passphrase is another one"):
            unseal(broken, passphrase)
    with pytest.raises(Permanent, match="not a file of"):
        unseal(b"hello", PASSPHRASE)
    with pytest.raises(Permanent, match="no gateway wrote"):
        unseal(seal({"../etc/passwd": b""}, PASSPHRASE), PASSPHRASE)


def test_the_commands_move_a_home(old: Path, new: Path, tmp_path: Path) -> None:
    def run(folder: Path, what: str) -> dict[str, object]:
        command: list[str | Path] = ["replace", what, tmp_path / "home", "--config", folder / "edge.toml"]
        done = subprocess.run(
            [sys.executable, "-m", "edge", *command, "--bluetooth", folder / "bluetooth", "--json"],
            env={**os.environ, "DOORSTEP_PASSPHRASE": PASSPHRASE},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        told: dict[str, object] = json.loads(done.stdout)
        return told

    assert run(old, "export")["bonds"] == [METER]
    assert run(new, "import")["to_pair"] == [METER]


def test_files_are_looked_at_before_a_passphrase_is_asked_for(old: Path, new: Path, tmp_path: Path) -> None:
    def refused(*words: str | Path) -> tuple[int, str]:
        done = subprocess.run(
            [sys.executable, "-m", "edge", "replace", *words],
            env={name: value for name, value in os.environ.items() if name != "DOORSTEP_PASSPHRASE"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert "Warning" not in done.stderr
        return done.returncode, done.stderr

    (tmp_path / "picture").write_bytes(b"jpeg")
    config = ("--config", old / "edge.toml")
    assert refused("export", tmp_path / "no" / "stick", *config)[1].startswith("there is no folder")
    assert refused("import", tmp_path / "none", *config)[1].startswith("there is no file")
    assert refused("import", tmp_path / "picture", *config)[1].startswith("this is not a file of")
    code, said = refused("export", tmp_path / "home", *config)
    assert (code, "set DOORSTEP_PASSPHRASE" in said) == (2, True)
