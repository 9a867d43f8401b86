"""A configuration from the centre on its way: believed by its signature, fitted, tried, kept, or taken back.

It is in force from a new start of the gateway on, which waits until no call is open. From then on it is on trial: when
the link to the centre stands for a while it is kept; when there is none for `remote.link_within_s`, or the gateway does
not stay up with it, the one before is in force again, and the centre is told why. A power cut on the way leaves one or
the other whole (edge/remote/kept.py).
"""

import asyncio
import time
from collections.abc import Callable
from hashlib import sha256

import msgspec
import structlog

from edge.config import EdgeConfig
from edge.remote.kept import KeptConfiguration, Taken, read_kept, write_kept
from protocols.configuration import ConfigurationError
from protocols.errors import DecodeError
from protocols.remote.signed import HomeConfiguration, heading_of, is_signed_by, parse_configuration
from protocols.remote.wanted import Wanted
from protocols.telemetry.messages import ConfigurationMessage, ConfigurationRefused, decode

_log = structlog.get_logger()

LOOK_S = 1.0


class ConfigurationKeeper:
    """`arrived` may be called from any thread; all else belongs to the event loop."""

    def __init__(
        self,
        config: EdgeConfig,
        *,
        key: Callable[[], bytes | None],
        fit: Callable[[Wanted], EdgeConfig],
        link_up: Callable[[], bool],
        free: Callable[[], bool],
        begin_anew: Callable[[], None],
        changed: Callable[[], None],
        monotonic_s: Callable[[], float] = time.monotonic,
    ) -> None:
        """`key` gives the centre's public key, None before it is known. `fit` raises ConfigurationError. `free` says
        whether the gateway may begin anew now. `changed` is told when the status has news.
        """
        self._config = config
        self._key = key
        self._fit = fit
        self._link_up = link_up
        self._free = free
        self._begin_anew = begin_anew
        self._changed = changed
        self._monotonic_s = monotonic_s
        self._kept = read_kept(config.data)
        self._version = config.remote_version
        self._refused = self._kept.refused
        self._payload: bytes | None = None
        self._waits = False
        self._lost_s = self._stood_s = monotonic_s()

    @property
    def version(self) -> int:
        """Of what is in force; 0: the home's own file alone."""
        return self._version

    @property
    def refused(self) -> ConfigurationRefused | None:
        return self._refused

    def arrived(self, payload: bytes) -> None:
        self._payload = payload

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            try:
                self.look()
            except OSError as error:  # what came waits, and so does the judgement
                _log.warning("configuration_waits", problem=f"the disk does not take it: {error.strerror}")
            await asyncio.sleep(LOOK_S)

    def look(self) -> None:
        """Takes what came, judges what is on trial, begins anew where that is due. Raises OSError from the disk."""
        payload = self._payload
        if payload is not None and self._key() is not None:
            self._take(payload)
            if self._payload is payload:
                self._payload = None
        self._judge()
        if self._waits and self._free():
            self._waits = False
            _log.info("gateway_begins_anew", why="its configuration changed")
            self._begin_anew()

    def _take(self, payload: bytes) -> None:
        try:
            message = decode(ConfigurationMessage, payload)
            if not is_signed_by(message, self._key() or b""):
                self._tell(0, "its signature is not the centre's")
                return
            gateway, version = heading_of(message.text)
        except DecodeError as error:
            self._tell(0, str(error))
            return
        if gateway != self._config.gateway:
            self._tell(version, "it is another gateway's")
            return
        digest = sha256(message.text.encode()).hexdigest()
        if any(taken.digest == digest for taken in self._kept.in_force[:1]) or self._is_refused(version):
            return
        if version <= self._kept.newest:
            self._tell(version, f"it is older than version {self._kept.newest}, which is known here")
            return
        self._try(message.text, version, digest)

    def _try(self, text: str, version: int, digest: str) -> None:
        if not self._config.remote.accept:
            self._refuse(version, "this home takes none from afar: remote.accept is false in its file")
            return
        try:
            told: HomeConfiguration = parse_configuration(text)
            found = self._fit(told.wanted)
        except (ConfigurationError, DecodeError) as error:
            self._refuse(version, str(error))
            return
        taken = Taken(version=version, wanted=told.wanted, digest=digest)
        if _same(found, self._config) and self._kept.trial is None:  # nothing to try: it is as it was
            self._keep(KeptConfiguration(working=taken))
            self._version = version
        else:
            self._keep(msgspec.structs.replace(self._kept, trial=taken, refused=None))
            self._waits = True
        _log.info("configuration_taken", version=version, begins_anew=self._waits)

    def _judge(self) -> None:
        trial = self._kept.trial
        if trial is None or self._waits:
            return
        if trial.version != self._config.remote_version:
            self._refuse(trial.version, "it does not fit the home's own file any more")
            return
        now_s = self._monotonic_s()
        if not self._link_up():
            self._stood_s = now_s
            if now_s - self._lost_s > self._config.remote.link_within_s:
                before = 0 if self._kept.working is None else self._kept.working.version
                self._refuse(
                    trial.version,
                    f"there was no link to the centre with it for {now_s - self._lost_s:.0f} s; "
                    f"version {before} is in force again",
                )
                self._waits = True
            return
        self._lost_s = now_s
        if now_s - self._stood_s >= self._config.remote.steady_s:
            self._keep(KeptConfiguration(working=msgspec.structs.replace(trial, starts=0)))
            _log.info("configuration_kept", version=trial.version)

    def _is_refused(self, version: int) -> bool:
        return self._kept.refused is not None and self._kept.refused.version == version

    def _refuse(self, version: int, why: str) -> None:
        """For good: the same is not tried again."""
        refused = ConfigurationRefused(version=version, why=why)
        self._keep(msgspec.structs.replace(self._kept, trial=None, refused=refused))
        self._tell(version, why)

    def _tell(self, version: int, why: str) -> None:
        self._refused = ConfigurationRefused(version=version, why=why)
        _log.warning("configuration_refused", version=version, problem=why)
        self._changed()

    def _keep(self, kept: KeptConfiguration) -> None:
        write_kept(self._config.data, kept)
        self._kept = kept
        self._refused = kept.refused
        self._changed()


def _same(one: EdgeConfig, other: EdgeConfig) -> bool:
    return msgspec.structs.replace(one, remote_version=0) == msgspec.structs.replace(other, remote_version=0)
