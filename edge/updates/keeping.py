"""The release that is wanted becomes the release that runs, and stays only where something came through with it."""

import asyncio
import os
import platform
import shutil
import sys
import threading
from collections.abc import Callable
from importlib.metadata import version as version_of
from pathlib import Path

import msgspec
import structlog

from edge.errors import EdgeError, Temporary
from edge.identity.folder import IdentityFolder
from edge.updates.fetching import Fetching, ReleaseUnusable
from edge.updates.installing import install
from edge.updates.launch import INSTALLED_VERSION
from edge.updates.section import Updates
from edge.updates.state import (
    FOLDER,
    WHEELS,
    RefusedRelease,
    Releases,
    is_complete,
    read_releases,
    write_releases,
)

_log = structlog.get_logger()

LOOK_S = 1.0
LONGEST_PAUSE_S = 3600.0
_KEPT = frozenset({WHEELS, "state.json"})


class ReleaseKeeper:
    def __init__(
        self,
        rules: Updates,
        data: Path,
        config_path: Path,
        identity: Path,
        *,
        ask: Callable[[], None],
        came_through: Callable[[], bool],
        free: Callable[[], bool],
        begin_anew: Callable[[], None],
    ) -> None:
        """`ask` asks the centre for a receipt, `came_through` says whether one came since this start, `free` whether
        the gateway may begin anew now.
        """
        self._rules = rules
        self._data = data
        self._config_path = config_path
        self._identity = identity
        self._installed = os.environ.get(INSTALLED_VERSION) or version_of("doorstep")
        self._ask = ask
        self._came_through = came_through
        self._free = free
        self._begin_anew = begin_anew
        self._ends = threading.Event()
        self._trouble: str | None = None
        self._tidied = False

    @property
    def wanted(self) -> str:
        """The version; empty: what was installed by hand."""
        return "" if self._rules.release == self._installed else self._rules.release

    def problem(self) -> str | None:
        """In a sentence, where the wanted release does not run. From any thread."""
        refused = read_releases(self._data).refused
        if refused is not None and refused.version == self._rules.release:
            return f"release {refused.version} does not run here: {refused.why}"
        return self._trouble

    async def run(self) -> None:
        """Until cancelled."""
        pause_s = LOOK_S
        if read_releases(self._data).trial:
            self._ask()
        try:
            while True:
                try:
                    await self._look()
                    self._trouble, pause_s = None, LOOK_S
                except (EdgeError, OSError) as error:
                    self._trouble = f"release {self._rules.release} is not here yet: {error}"
                    _log.warning("release_waits", version=self._rules.release, problem=str(error))
                    least_s = error.retry_after_s if isinstance(error, Temporary) else LOOK_S
                    pause_s = min(max(least_s, pause_s * 2), LONGEST_PAUSE_S)
                await asyncio.sleep(pause_s)
        finally:
            self._ends.set()

    async def _look(self) -> None:
        found = read_releases(self._data)
        if found.trial:
            if self._came_through():
                write_releases(self._data, Releases(current=found.current, before=found.before))
                _log.info("release_proven", version=found.current)
            return
        if self.wanted == found.current:
            if not self._tidied:
                await asyncio.to_thread(self._tidy, found)
                self._tidied = True
            return
        self._tidied = False
        if found.refused is not None and found.refused.version == self.wanted:
            return
        try:
            if self.wanted and not is_complete(self._data, self.wanted):
                await self._bring(self.wanted)
        except ReleaseUnusable as error:
            _log.error("release_refused", version=self.wanted, problem=str(error))
            refused = RefusedRelease(version=self.wanted, why=str(error))
            write_releases(self._data, msgspec.structs.replace(found, refused=refused))
            return
        if self._free():
            write_releases(self._data, Releases(current=self.wanted, before=found.current, trial=bool(self.wanted)))
            _log.info("gateway_begins_anew", why="a release", version=self.wanted or self._installed)
            self._begin_anew()
            await asyncio.Event().wait()

    async def _bring(self, version: str) -> None:
        key = self._rules.key
        if key is None:
            raise ReleaseUnusable("updates.release_key is empty in the home's file: no release is believed")
        identity = IdentityFolder(self._identity).read()
        folder = self._data / FOLDER / WHEELS / version
        fetching = Fetching(identity, key, lambda: not self._ends.is_set())
        wheels = await asyncio.to_thread(fetching.fetch, version, folder, sys.version_info[:2], platform.machine())
        _log.info("release_fetched", version=version, wheels=len(wheels))
        await install(self._data, version, wheels, folder, self._config_path)
        _log.info("release_installed", version=version)

    def _tidy(self, found: Releases) -> None:
        """What is neither in use nor to go back to makes room."""
        folder = self._data / FOLDER
        if not folder.exists():
            return
        stay = {*_KEPT, found.current, found.before}
        for path in [*folder.iterdir(), *(folder / WHEELS).glob("*")]:
            if path.name not in stay and path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
