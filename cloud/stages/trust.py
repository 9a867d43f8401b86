"""The listener of gateways under `up`: its files are made before the broker starts, and taken up when they change."""

import time
from datetime import UTC, datetime
from pathlib import Path

import structlog

from cloud.config import CloudConfig
from cloud.identity.authority.files import AuthorityFolder
from cloud.local.broker import BrokerFailed, GatewayListener, LocalBroker

log = structlog.get_logger()

_LOOK_EVERY_S = 1.0


def prepare_listener(config: CloudConfig, data: Path) -> GatewayListener | None:
    """Authority, server certificate, list and rules in `data`; None where `trust.names` is empty.

    Raises AuthorityRefused.
    """
    trust = config.trust
    if not trust.names:
        return None
    folder, now = AuthorityFolder(data / trust.authority), datetime.now(UTC)
    folder.prepare_servers(folder.open(now), trust.names, now)
    return GatewayListener(
        host=trust.host,
        port=trust.broker_port,
        authority=folder.certificate,
        certificate=folder.server_certificate,
        key=folder.server_key,
        revoked=folder.revoked,
        access=folder.access,
    )


class FollowedFiles:
    """Starts the broker again when a certificate was revoked or the server's own was replaced.

    Mosquitto reads them at its start; at SIGHUP it goes on with sessions that stand, also those of a revoked
    certificate. A restart ends them all: whoever may comes back within seconds, and what was under way is sent again.
    """

    def __init__(self, broker: LocalBroker, listener: GatewayListener) -> None:
        self._broker = broker
        self._files = (listener.revoked, listener.certificate, listener.access)
        self._seen = self._stamps()
        self._due_s = 0.0

    def look(self) -> None:
        """Never raises: a broker that does not start again is looked after by `Kept`."""
        if time.monotonic() < self._due_s or not self._broker.running():
            return
        self._due_s = time.monotonic() + _LOOK_EVERY_S
        stamps = self._stamps()
        if stamps == self._seen:
            return
        self._seen = stamps
        log.info("broker_restart", why="certificates of gateways or its own changed")
        try:
            self._broker.restart()
        except (BrokerFailed, OSError) as error:
            log.error("broker_restart", error=str(error))  # noqa: TRY400 - a sentence, no traceback

    def _stamps(self) -> list[int]:
        return [file.stat().st_mtime_ns if file.exists() else 0 for file in self._files]
