"""A dbus-daemon of our own, on a Unix socket in a folder of our own."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
from pathlib import Path
from xml.sax.saxutils import escape

from firmware_sim.bluez.errors import BluezStartError

SOCKET_PATH_MAX_BYTES = 107
START_TIMEOUT_S = 10.0
STOP_TIMEOUT_S = 5.0

_CONFIGURATION = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:path={socket}</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow user="*"/>
    <allow own="org.bluez"/>
    <allow send_destination="*"/>
    <allow receive_sender="*"/>
  </policy>
</busconfig>
"""


class BusDaemon:
    """A running dbus-daemon; it ends with the process that started it."""

    def __init__(self, process: asyncio.subprocess.Process, address: str) -> None:
        self._process = process
        self.address = address

    @classmethod
    async def start(cls, folder: Path) -> BusDaemon:
        """Start the daemon with its socket and configuration in `folder` (made when missing, 0700).

        Raises BluezStartError when dbus-daemon is not installed, the folder's name is too long for a socket, or the
        daemon does not start.
        """
        program = shutil.which("dbus-daemon")
        if program is None:
            raise BluezStartError("dbus-daemon is not installed; on Debian: apt install dbus-daemon")
        configuration = _configure(folder)
        # setpriv lets the daemon die with us even when we are killed.
        setpriv = shutil.which("setpriv")
        prefix = [setpriv, "--pdeathsig", "TERM"] if setpriv else []
        log_file = folder / "dbus-daemon.log"
        with log_file.open("wb") as complaints:
            process = await asyncio.create_subprocess_exec(
                *prefix,
                program,
                f"--config-file={configuration}",
                "--nofork",
                "--nopidfile",
                "--nosyslog",
                "--print-address=1",
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=complaints,
            )
        if process.stdout is None:
            raise BluezStartError("dbus-daemon gave no output to read its address from")
        try:
            line = await asyncio.wait_for(process.stdout.readline(), START_TIMEOUT_S)
        except TimeoutError:
            line = b""
        daemon = cls(process, line.decode().strip())
        if not daemon.address:
            await daemon.stop()
            raise BluezStartError(f"dbus-daemon did not start with {configuration}; its reason stands in {log_file}")
        return daemon

    async def stop(self) -> None:
        """End the daemon and wait for it."""
        with contextlib.suppress(ProcessLookupError):
            self._process.terminate()
        try:
            await asyncio.wait_for(self._process.wait(), STOP_TIMEOUT_S)
        except TimeoutError:
            self._process.kill()
            await self._process.wait()


def _configure(folder: Path) -> Path:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    socket = folder.resolve() / "bus"
    if len(str(socket).encode()) > SOCKET_PATH_MAX_BYTES:
        raise BluezStartError(f"{socket} is too long for a Unix socket; choose a shorter bus folder")
    configuration = folder / "bus.conf"
    configuration.write_text(_CONFIGURATION.format(socket=escape(str(socket))))
    return configuration
