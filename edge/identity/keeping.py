"""Keeps this gateway's certificate fresh while it runs: the connections take up the new one when they connect next."""

import asyncio
from datetime import timedelta
from pathlib import Path

import structlog

from edge.errors import EdgeError
from edge.identity.enrolment import wall_now
from edge.identity.errors import CentreAway, NoIdentity
from edge.identity.folder import Identity, IdentityFolder, Now
from edge.identity.renewal import renew

_log = structlog.get_logger()

LOOK_EVERY_S = 3600.0
FIRST_PAUSE_S = 60.0
LATE = timedelta(days=21)
"""A certificate that has no longer to live than this should have been renewed weeks ago."""


class IdentityKeeper:
    def __init__(
        self, folder: Path, gateway: str, *, now: Now = wall_now, first_pause_s: float = FIRST_PAUSE_S
    ) -> None:
        """Raises NoIdentity where the identity in `folder` is missing, broken, or another gateway's."""
        self._folder = IdentityFolder(folder)
        self._now = now
        self._first_pause_s = first_pause_s
        self._identity = self._folder.read()
        self._refusal: str | None = None
        if self._identity.gateway != gateway:
            raise NoIdentity(
                f"the certificate in {folder} is {self._identity.gateway}'s and the configuration says "
                f"gateway = {gateway!r}; correct that line, or enrol this gateway anew"
            )

    @property
    def identity(self) -> Identity:
        return self._identity

    def problem(self) -> str | None:
        """What is wrong with the certificate, in a sentence that says what to do. From any thread."""
        now, ends = self._now(), self._identity.certificate.not_valid_after_utc
        why = "" if self._refusal is None else f": {self._refusal}"
        if self._identity.expired(now):
            return f"the certificate ended on {ends:%Y-%m-%d}; ask the centre for a code and run `doorstep-edge enrol`"
        if self._refusal is not None or ends - now < LATE:
            return f"the certificate is not renewed and ends on {ends:%Y-%m-%d}{why}"
        return None

    async def run(self) -> None:
        """Looks every hour, and renews when it is time; after a failure again within a minute, then ever later."""
        pause_s = self._first_pause_s
        while True:
            if await asyncio.to_thread(self.look):
                pause_s = self._first_pause_s
                await asyncio.sleep(LOOK_EVERY_S)
            else:
                await asyncio.sleep(pause_s)
                pause_s = min(pause_s * 2, LOOK_EVERY_S)

    def look(self) -> bool:
        """Renews where it is time; whether all is as it should be. Blocks for up to a minute."""
        try:
            self._identity = self._folder.read()  # an enrolment may have replaced it
            if not self._identity.renewal_due(self._now()) or self._identity.expired(self._now()):
                return True
            self._identity = renew(self._folder, now=self._now)
        except (EdgeError, OSError) as error:
            self._refusal = None if isinstance(error, CentreAway) else str(error)
            _log.warning("certificate_not_renewed", problem=str(error))
            return False
        self._refusal = None
        _log.info("certificate_renewed", until=self._identity.certificate.not_valid_after_utc.isoformat())
        return True
