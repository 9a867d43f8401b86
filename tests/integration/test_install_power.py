"""Power is lost at each step of an enrolment, and the clock is wrong: what the command then says and does."""

import json
import tomllib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from cloud.enrolment import worker
from edge.config import load
from edge.identity.folder import IdentityFolder
from tests.edge.install.power import Ended, Powered, files_below
from tests.integration.trust_centre import TrustCentre

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def powered() -> Iterator[Powered]:
    powered = Powered()
    yield powered
    powered.close()


@pytest.fixture
def centre(database: str, tmp_path: Path) -> TrustCentre:
    return TrustCentre(database, tmp_path / "centre")


class Machine:
    """Fresh from its box."""

    def __init__(self, powered: Powered, centre: TrustCentre, folder: Path) -> None:
        folder.mkdir()
        self.folder = folder
        self.config, self.data = folder / "etc" / "edge.toml", folder / "data"
        self._powered, self._centre = powered, centre

    def enrol(self, code: str, cut_at: int = 0) -> Ended:
        words = ("enrol", "--config", self.config, "--data", self.data, "--server", self._centre.server, "--code", code)
        return self._powered.run(*words, below=self.folder, cut_at=cut_at)

    def doctor(self) -> dict[str, str]:
        """What is not well, and what to do about it."""
        ended = self._powered.run("doctor", "--config", self.config, "--json", below=self.folder)
        found = json.loads(ended.said)["findings"]
        return {one["part"]: f"{one['says']}; {one['do']}" for one in found if not one.get("well", True)}

    def settings(self) -> dict[str, object]:
        found = tomllib.loads(self.config.read_text(encoding="utf-8"))
        return {**found, "data": ""}


def test_power_is_lost_at_each_step_of_an_enrolment(powered: Powered, centre: TrustCentre, tmp_path: Path) -> None:
    with centre.enrolment():
        whole = Machine(powered, centre, tmp_path / "whole")
        assert whole.enrol(centre.claim()).code == 0
        cut_at, lost = 0, True
        while lost:
            cut_at += 1
            machine = Machine(powered, centre, tmp_path / f"cut-{cut_at}")
            code = centre.claim()
            lost = machine.enrol(code, cut_at).was_cut
            ended = machine.enrol(code)
            assert ended.code == 0, ended.said
            assert "this machine is gw-home-1 of home-1" in ended.said
            assert files_below(machine.folder) == files_below(whole.folder)
            assert machine.settings() == whole.settings()
            loaded = load(machine.config)
            assert IdentityFolder(loaded.identity_path).read().gateway == "gw-home-1"
        assert cut_at > 10


def test_a_machine_that_was_enrolled_before_loses_power(powered: Powered, centre: TrustCentre, tmp_path: Path) -> None:
    """In a drawer for a year, perhaps: at each step it has one whole identity, the old or the new one."""
    with centre.enrolment():
        machine = Machine(powered, centre, tmp_path / "machine")
        assert machine.enrol(centre.claim()).code == 0
        folder = IdentityFolder(load(machine.config).identity_path)
        cut_at, lost = 0, True
        while lost:
            cut_at += 1
            before = folder.read().certificate.serial_number
            code = centre.claim()
            lost = machine.enrol(code, cut_at).was_cut
            assert folder.read().gateway == "gw-home-1"
            assert machine.enrol(code).code == 0
            assert folder.read().certificate.serial_number != before
        assert cut_at > 5


def test_a_clock_that_is_two_years_slow(
    powered: Powered, centre: TrustCentre, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two clocks that differ: the centre's is the one that is moved here."""
    machine, code = Machine(powered, centre, tmp_path / "machine"), centre.claim()
    with centre.enrolment():
        assert machine.enrol(code).code == 0
    ahead = timedelta(days=730)
    monkeypatch.setattr(worker, "wall_now", lambda: datetime.now(UTC) + ahead)
    with centre.enrolment():
        ill = machine.doctor()
        assert "730 days" in ill["clock"]
        assert "slow" in ill["clock"]
        assert "timedatectl set-ntp true" in ill["clock"]
        fresh = Machine(powered, centre, tmp_path / "fresh")
        ended = fresh.enrol(code)
        assert ended.code == 1
        assert "this gateway's clock says" in ended.said
        assert "timedatectl set-ntp true" in ended.said
        assert files_below(fresh.folder) in ([], ["data/install.json"]), "nothing of it is kept"
