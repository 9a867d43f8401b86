"""Releases over the enrolment's HTTPS, to gateways whose certificate lives."""

from datetime import datetime
from pathlib import Path

import msgspec
import structlog

from cloud.enrolment.telling import Telling
from cloud.errors import RejectedMessage
from cloud.identity.claims.store import Connection
from cloud.releases.shelf import Shelf
from protocols.enrolment.reports import Signed
from protocols.releases.manifest import RELEASE_PATH, AskFile

log = structlog.get_logger()


class Files:
    def __init__(self, telling: Telling, shelf: Shelf) -> None:
        self._telling = telling
        self._shelf = shelf

    def file(self, connection: Connection, told: Signed, now: datetime) -> Path:
        """What was asked for. Raises NotAllowed, RejectedMessage, NotFound."""
        gateway = self._telling.who(connection, told, RELEASE_PATH, now)
        try:
            asked = msgspec.json.decode(told.body, type=AskFile)
        except (msgspec.DecodeError, RecursionError) as error:
            raise RejectedMessage(f"the request is not understood: {error}") from error
        found = self._shelf.file(asked.version, asked.file)
        log.info("release_file", gateway=gateway.name, version=asked.version, file=asked.file)
        return found
