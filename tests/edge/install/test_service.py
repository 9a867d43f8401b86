"""What systemd is given, and what it is told."""

import asyncio
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path

import pytest

from edge.install.service import install
from edge.install.unit import UNIT, unit_text
from edge.tasks import end
from edge.watchdog import Watchdog

SHIPPED = Path(__file__).parents[3] / "configs" / "systemd" / UNIT
CONFIG, DATA = Path("/etc/doorstep/edge.toml"), Path("/var/lib/doorstep-edge")


def test_the_shipped_unit_is_what_the_command_writes() -> None:
    assert SHIPPED.read_text(encoding="utf-8") == unit_text(Path("/opt/doorstep/venv/bin/doorstep-edge"), CONFIG, DATA)


def test_files_are_written_once_with_the_groups_that_are_there(tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc" / "group").write_text("root:x:0:\ndialout:x:20:\naudio:x:29:\n", encoding="utf-8")
    first = install(CONFIG, DATA, tmp_path)
    assert (first.changed, first.started) == (True, False)
    unit = (tmp_path / "etc/systemd/system" / UNIT).read_text(encoding="utf-8")
    assert "SupplementaryGroups=dialout audio\n" in unit
    assert "ReadWritePaths" not in unit
    assert "/var/lib/doorstep-edge" in (tmp_path / "etc/sysusers.d/doorstep-edge.conf").read_text(encoding="utf-8")
    assert not install(CONFIG, DATA, tmp_path).changed


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed")
def test_systemd_understands_the_unit(tmp_path: Path) -> None:
    text = unit_text(Path("/bin/true"), CONFIG, DATA).replace("User=doorstep", "User=daemon")
    (tmp_path / UNIT).write_text(text.replace("Wants=bluetooth.service\n", ""), encoding="utf-8")
    verified = subprocess.run(
        ["systemd-analyze", "verify", tmp_path / UNIT], capture_output=True, text=True, timeout=60, check=False
    )
    assert "Unknown" not in verified.stderr
    assert verified.returncode == 0, verified.stderr


async def test_the_watchdog_hears_that_the_loop_turns() -> None:
    with tempfile.TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(f"{folder}/notify")
        systemd.setblocking(False)
        words = Watchdog({"NOTIFY_SOCKET": f"{folder}/notify", "WATCHDOG_USEC": "60000"})
        task = asyncio.create_task(words.run())
        try:
            async with asyncio.timeout(5):
                heard = [await asyncio.get_running_loop().sock_recv(systemd, 100) for _ in range(3)]
        finally:
            await end([task])
    assert heard == [b"READY=1", b"WATCHDOG=1", b"WATCHDOG=1"]


async def test_nobody_watches_and_nothing_happens() -> None:
    task = asyncio.create_task(Watchdog({}).run())
    await asyncio.sleep(0)
    assert not task.done()
    await end([task])
