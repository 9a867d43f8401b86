"""The enrolment's process: HTTPS for gateways, and the list of revoked certificates kept as the database has it.

Certificates live by the wall's clock, also where a trial's day is lived faster.
"""

import asyncio
import contextlib
import socket
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import structlog
import uvicorn

from cloud.config import CloudConfig
from cloud.db.pool import DatabaseAway, Pool, create_pool
from cloud.enrolment.api import create_app
from cloud.enrolment.files import Files
from cloud.enrolment.granting import Addresses, Granting
from cloud.enrolment.telling import Telling
from cloud.http_patience import PatientProtocol
from cloud.identity.authority.authority import GATEWAY_LIFE, Authority
from cloud.identity.authority.files import AuthorityFolder, AuthorityRefused
from cloud.identity.gateways import store as gateways
from cloud.process import Process, run_worker, side_by_side
from cloud.readings.receipt_key import key_path, open_receipt_key
from cloud.refusals.keeping import kept_blocking
from cloud.releases.shelf import Shelf
from cloud.remote.telling import Teller
from protocols.configuration import ConfigurationError

log = structlog.get_logger()

POLL_S = 2.0
_GRACE_S = 5
_MOST_AT_ONCE = 1000
"""Connections; each has so long to say what it wants."""
_LONGEST_IDLE_S = 5


def run(config: CloudConfig) -> None:
    """Blocks until SIGTERM. Raises ConfigurationError where `trust.names` is empty."""
    if not config.trust.names:
        raise ConfigurationError("trust.names: expected how gateways reach this machine, such as ['centre.example']")
    run_worker("enrolment", config, work, port=config.trust.port, away=(DatabaseAway, OSError, AuthorityRefused))


def wall_now() -> datetime:
    return datetime.now(UTC)


def work(process: Process) -> None:
    """The loop for one process, until it is asked to stop."""
    asyncio.run(_work(process))


async def _work(process: Process) -> None:
    config, trust = process.config, process.config.trust
    folder = AuthorityFolder(config.authority_folder)
    authority = folder.open(wall_now())
    folder.prepare_servers(authority, trust.names, wall_now())
    granting = Granting(authority, addresses(config), folder.read_revoked)
    telling = Telling(authority, folder.read_revoked)
    files = Files(telling, Shelf(Path(config.data)))
    with create_pool(config.database.dsn, "enrolment") as pool:
        settings = uvicorn.Config(
            create_app(authority, granting, telling, files, pool=pool, now=wall_now),
            ssl_keyfile=str(folder.server_key),
            ssl_certfile=str(folder.server_certificate),
            http=PatientProtocol,
            log_config=None,
            access_log=False,
            server_header=False,
            lifespan="off",
            limit_concurrency=_MOST_AT_ONCE,
            timeout_keep_alive=_LONGEST_IDLE_S,
            timeout_graceful_shutdown=_GRACE_S,
        )
        server = _Server(settings)
        with socket.create_server((trust.host, trust.enrol_port), backlog=256) as listener:
            process.healthy("listener")
            log.info("listens", port=trust.enrol_port, authority=authority.fingerprint)
            teller = Teller(pool, config.broker.url, open_receipt_key(key_path(config)), wall_now)
            await side_by_side(
                process,
                _serve(server, listener),
                _keep_fresh(process, folder, authority, pool, server),
                teller.run(),
            )


def addresses(config: CloudConfig) -> Addresses:
    """What gateways are told: the first of the names. Raises KeyRefused."""
    name = config.trust.names[0]
    host = f"[{name}]" if ":" in name else name
    return Addresses(
        broker=f"mqtts://{host}:{config.trust.broker_port}",
        server=f"https://{host}:{config.trust.enrol_port}",
        receipt_key=open_receipt_key(key_path(config)).public_key().public_bytes_raw().hex(),
    )


async def _serve(server: "_Server", listener: socket.socket) -> None:
    try:
        await server.serve(sockets=[listener])
    finally:
        server.should_exit = True


async def _keep_fresh(
    process: Process, folder: AuthorityFolder, authority: Authority, pool: Pool, server: "_Server"
) -> None:
    """The truth is the database: its revocations are in the list within `POLL_S`, whoever made them, wherever."""
    while True:
        try:
            await asyncio.to_thread(follow_revocations, folder, authority, pool)
            await asyncio.to_thread(kept_blocking, pool.connection, "enrolment")
            process.healthy("database")
        except DatabaseAway as error:
            process.ill("database", "the database is away")
            log.warning("database_away", what="revocations", error=type(error).__name__)
        changed = await asyncio.to_thread(folder.prepare_servers, authority, process.config.trust.names, wall_now())
        if changed and server.config.ssl is not None:  # new connections get the new certificate
            server.config.ssl.load_cert_chain(folder.server_certificate, folder.server_key)
        await asyncio.sleep(POLL_S)


def follow_revocations(folder: AuthorityFolder, authority: Authority, pool: Pool) -> bool:
    """Writes the list anew where the database has others in it; whether it did. Raises DatabaseAway, OSError."""
    now = wall_now()
    with pool.connection() as connection:
        wanted = gateways.revoked(connection, now)
    listed = folder.read_revoked()
    if wanted.keys() <= listed.keys():  # what has ended by itself may stay until there is news
        return False
    # a database that was restored does not know what was revoked since its back-up: the list goes on saying it
    lately = {serial: at for serial, at in listed.items() if now - at < GATEWAY_LIFE}
    folder.write_revoked(authority, lately | wanted, now)
    log.info("revocations", listed=len(lately | wanted))
    return True


class _Server(uvicorn.Server):
    """Signals are the process's."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield
