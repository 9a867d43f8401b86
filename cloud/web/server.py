"""The web process: opens pool, broker and live events, serves until SIGTERM or SIGINT, and closes them again."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import structlog
import uvicorn

from cloud.alarms.journal import open_journal
from cloud.config import CloudConfig
from cloud.db.replica import Replica
from cloud.db.sight import create_sighted_pool
from cloud.detection.limits import load_limits
from cloud.http_patience import PatientProtocol
from cloud.identity.oidc.provider import Provider
from cloud.identity.sealing import open_seal
from cloud.logs import set_up_logs
from cloud.process import Process, stop_on_signals
from cloud.refusals.keeping import refusals_kept
from cloud.tasks import end
from cloud.visits.take_along import take_along_of
from cloud.web.app import create_app
from cloud.web.consent.copy_maker import CopyMaker
from cloud.web.evidence.limit_lines import LimitLines, limit_lines
from cloud.web.live.feeds import feeds
from cloud.web.live.hearing import Hearing
from cloud.web.live.hub import Hub
from cloud.web.services import Services
from cloud.web.shared.answers import Answers
from cloud.web.standby.database_watch import DatabaseWatch
from cloud.web.standby.memory import Memory

log = structlog.get_logger()

_GRACE_S = 5
_PORT_RETRY_S = 2.0


def run(config: CloudConfig) -> None:
    """Serves on the configuration's host and port. Raises ConfigurationError where the limits file is no good,
    and TakeAlongRefused."""
    set_up_logs("web")
    limits = limit_lines(load_limits(config.beside(config.detection.limits)))
    take_along_of(config)
    process = Process("web", config)
    stop_on_signals(process.ask_to_stop)
    asyncio.run(_serve(process, limits))
    log.info("stopped")


async def _serve(process: Process, limits: LimitLines) -> None:
    listener = await _listen(process)
    if listener is None:
        return
    async with open_services(process, limits) as services:
        server = _Server(
            uvicorn.Config(
                create_app(services),
                http=PatientProtocol,
                log_config=None,
                access_log=False,  # addresses hold elders' links
                server_header=False,
                timeout_graceful_shutdown=_GRACE_S,
                lifespan="off",
                ssl_certfile=_file(process.config, process.config.web.certificate),
                ssl_keyfile=_file(process.config, process.config.web.certificate_key),
            )
        )

        async def end_streams() -> None:
            await process.until_stopped()
            services.hub.close()
            server.should_exit = True

        ending = asyncio.create_task(end_streams())
        host, port = listener.getsockname()[:2]
        scheme = "https" if process.config.web.certificate else "http"
        log.info("started", address=f"{scheme}://{host}:{port}")
        await server.serve(sockets=[listener])
        await end([ending])


@contextlib.asynccontextmanager
async def open_services(process: Process, limits: LimitLines) -> AsyncIterator[Services]:
    """Pool, hub and both wires of the live events, for as long as the context lives. Waits for neither server."""
    config, hub = process.config, Hub()
    database = config.database
    async with contextlib.AsyncExitStack() as opened:
        pool = await opened.enter_async_context(create_sighted_pool(database.dsn, "web", size=database.pool_size))
        # live events wait for no page, and what people do for no list
        hearing_pool = await opened.enter_async_context(create_sighted_pool(database.dsn, "web-live", size=2))
        lists = max(database.pool_size // 2, 2)
        listing = create_sighted_pool(database.dsn, "web-lists", size=lists, planned_once=True)
        await opened.enter_async_context(listing)
        reading = None
        if database.read_dsn:
            reading = create_sighted_pool(database.read_dsn, "web-read", size=database.pool_size)
            await opened.enter_async_context(reading)
        replica = Replica(pool, reading, process.health, database.read_behind_s)
        watch, journal = DatabaseWatch(pool, process.health), open_journal(config.journal_folder)
        memory = Memory(config.journal_folder)
        hearing = Hearing(process.clock, hearing_pool, hub, watch, journal, memory)
        seal = open_seal(config.sealing_key)
        answers = Answers(listing, pool, side_by_side=lists - 1)
        hub.tell_first(answers.hear)
        services = Services(
            config, process.clock, pool, replica, hub, hearing, limits, process.health, watch, journal, memory, seal,
            answers,
        )  # fmt: skip
        copies = services.copies = CopyMaker(database.dsn, seal)
        if config.oidc.issuer:
            services.provider = Provider(config.oidc, config.web.address)
        async with (
            feeds(hearing, config.database.dsn, config.broker.url, process.health),
            refusals_kept(pool, "web"),
        ):
            watching = asyncio.create_task(replica.watch())
            yield services
            await end([watching])
        await copies.close()
        await watch.close()
        memory.close()
        if journal is not None:
            journal.close()


async def _listen(process: Process) -> socket.socket | None:
    """The bound socket; tries again while the port is in use, with one line. None when asked to stop meanwhile."""
    web = process.config.web
    said = False
    while not process.stop.is_set():
        try:
            return socket.create_server((web.host, web.port), backlog=256)
        except OSError as error:
            if not said:
                log.exception("port_in_use", host=web.host, port=web.port, error=error.strerror, what="will try again")
                said = True
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(process.until_stopped(), _PORT_RETRY_S)
    return None


def _file(config: CloudConfig, path: str) -> Path | None:
    """A relative path starts at the data folder."""
    return Path(config.data) / path if path else None


class _Server(uvicorn.Server):
    """Signals are the process's: they must end the streams too, and the process with 0."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield
