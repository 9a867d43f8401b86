"""`doorstep-cloud up`: the whole centre on one machine, in one process tree."""

import os
import threading
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import psycopg
import structlog

from cloud.config import CloudConfig
from cloud.db.migrate import migrate
from cloud.db.pool import DatabaseAway, connection_settings
from cloud.local.broker import LocalBroker
from cloud.local.ports import free_port
from cloud.local.postgres import EmbeddedPostgres
from cloud.privacy.erasure.erasing import without_erased
from cloud.privacy.erasure.ledger import known_ledger
from cloud.process import Health, serve_health
from cloud.registry.model import Community
from cloud.registry.seed import seed
from cloud.stages import run_file
from cloud.stages.broker_watch import BrokerWatch
from cloud.stages.kept import Kept
from cloud.stages.open_files import allow_many_files
from cloud.stages.stage import StageChild, any_port_or
from cloud.stages.trust import FollowedFiles, prepare_listener
from protocols.configuration import ConfigurationError

log = structlog.get_logger()

EMBEDDED: Final = "embedded"
POSTGRES_FOLDER = "postgres"
_BROKER_FOLDER = "broker"
_LOOK_EVERY_S = 0.2
_WAIT_FOR_DATABASE_S = 2.0


class Centre:
    """Database, broker and stages. Started in that order, stopped in the reverse."""

    def __init__(self, config: CloudConfig, config_path: Path, stop: threading.Event) -> None:
        self._config = config
        self._config_path = config_path.resolve()
        self._stop = stop
        self._data = Path(config.data).resolve()
        self._parts = ExitStack()
        self._postgres: EmbeddedPostgres | None = None
        self._broker: LocalBroker | None = None
        self._stages: list[StageChild] = []
        self._started_at = datetime.now(UTC)
        self._health = Health("up")
        self._kept: list[Kept] = []
        self._followed: FollowedFiles | None = None
        self._complained: set[str] = set()
        self._dsn = ""
        self._broker_url = ""

    def run(self, community: Community | None, on_ready: Callable[[run_file.RunFile], None]) -> None:
        """Serves until asked to stop. `on_ready` is called once every stage answered that it is well.

        Database and broker that die later are started again for as long as it takes. Raises Conflict where the data
        folder is served already, ConfigurationError where a stage refuses the file, and, while it starts,
        PostgresFailed, BrokerFailed, MigrationRefused and OSError.
        """
        allow_many_files()
        with self._parts:
            self._parts.enter_context(run_file.sole_owner(self._data))
            self._parts.enter_context(serve_health(self._health, self._config.up.port))
            self._dsn = self._begin_database()
            self._broker_url = self._begin_broker()
            self._kept = self._kept_parts()
            if self._followed is not None and self._broker is not None:
                self._parts.enter_context(BrokerWatch(self._broker.log_file, self._dsn))
            if not self._prepare(community):
                return
            self._begin_stages()
            self._serve(on_ready)

    def _begin_database(self) -> str:
        if self._config.database.dsn != EMBEDDED:
            return self._config.database.dsn
        self._postgres = self._parts.enter_context(EmbeddedPostgres(self._data / POSTGRES_FOLDER))
        log.info("postgres", pid=self._postgres.pid)
        return self._postgres.dsn

    def _begin_broker(self) -> str:
        if self._config.broker.url != EMBEDDED:
            return self._config.broker.url
        listener = prepare_listener(self._config, self._data)
        self._broker = self._parts.enter_context(LocalBroker(self._data / _BROKER_FOLDER, gateways=listener))
        self._followed = None if listener is None else FollowedFiles(self._broker, listener)
        log.info("broker", kind=self._broker.kind, url=self._broker.url, pid=self._broker.pid)
        return self._broker.url

    def _prepare(self, community: Community | None) -> bool:
        """Migrations and seed, as soon as the database answers. False when asked to stop before."""
        while not self._stop.is_set():
            try:
                migrated = migrate(self._dsn)
                log.info("schema", applied=len(migrated.applied), timescale=migrated.timescale)
                if community is not None:
                    with psycopg.connect(self._dsn, **connection_settings("seed")) as connection:
                        known = without_erased(community, known_ledger(self._config.erasures_folder))
                        log.info("seeded", what=str(seed(connection, known)))
            except DatabaseAway as error:
                log.warning("database_away", error=str(error).strip().splitlines()[0], what="will try again")
                for part in self._kept:
                    part.look()
                self._stop.wait(_WAIT_FOR_DATABASE_S)
            else:
                return True
        return False

    def _begin_stages(self) -> None:
        config = self._config
        environment = {
            "DOORSTEP_DSN": self._dsn,
            "DOORSTEP_BROKER": self._broker_url,
            "DOORSTEP_DATA": str(self._data),  # which `--data` may have named
        }
        ports = {
            "ingest": any_port_or(config.ingest.port),
            "detect": any_port_or(config.detection.port),
            "visits": any_port_or(config.visits.port),
            "alarms": any_port_or(config.alarms.port),
            "escalation": any_port_or(config.escalation.port),
            **({"scaip": any_port_or(config.scaip.port)} if config.scaip.receivers else {}),
            **({"sms-gateway": any_port_or(config.sms.port)} if config.sms.modem else {}),
            **({"enrolment": any_port_or(config.trust.port)} if config.trust.names else {}),
            "web": self._web_port(),
        }
        for name, choose_port in ports.items():
            secure = name == "web" and bool(config.web.certificate)
            stage = StageChild(name, self._config_path, environment, choose_port, secure=secure)
            stage.start()
            self._stages.append(stage)
            self._parts.callback(stage.stop)

    def _web_port(self) -> Callable[[], int]:
        """The first free port from the configured one upwards; then that one, because people hold its address."""
        web = self._config.web
        last = web.port

        def choose() -> int:
            nonlocal last
            port = free_port(last, web.host)
            if port != last:
                log.warning("port_in_use", port=last, instead=port)
            last = port
            return port

        return choose

    def _serve(self, on_ready: Callable[[run_file.RunFile], None]) -> None:
        waiting = [stage for stage in self._stages if stage.name != "sms-gateway"]  # a modem may come later
        untold = False
        self._parts.callback(run_file.remove, self._data)
        while not self._stop.wait(_LOOK_EVERY_S):
            for part in self._kept:
                part.look()
            if self._followed is not None:
                self._followed.look()
            revived = [stage for stage in self._stages if stage.revive()]
            self._say_stages()
            if waiting:
                if (refusing := next((stage.name for stage in waiting if stage.refuses), None)) is not None:
                    raise ConfigurationError(
                        f"{self._config_path}: `{refusing}` cannot begin with it; it says why above"
                    )
                waiting = [stage for stage in waiting if stage.move_if_crowded_out() or not stage.is_well()]
                if not waiting:
                    untold = True
                    on_ready(self._run())
            elif revived:
                untold = True
            if untold:
                untold = not self._write_run()
        log.info("stopping")

    def _end_where_refused(self, waiting: list[StageChild]) -> None:
        for stage in waiting:
            if stage.refuses:
                raise ConfigurationError(f"{self._config_path}: `{stage.name}` cannot begin with it; it says why above")

    def _kept_parts(self) -> list[Kept]:
        """What is ours to start again: database and broker that are embedded."""
        parts = []
        if (postgres := self._postgres) is not None:
            parts.append(Kept("postgres", postgres, self._health))
        if (broker := self._broker) is not None:
            parts.append(Kept("broker", broker, self._health))
        return parts

    def _say_stages(self) -> None:
        for stage in self._stages:
            if stage.runs():
                self._health.healthy(stage.name)
            else:
                self._health.ill(stage.name, "it died, and is started again")

    def _write_run(self) -> bool:
        """Whether the file says who runs now: a full disk takes it later, and ends nothing."""
        try:
            run_file.write(self._data, self._run())
        except OSError as error:
            if "run_file" not in self._complained:
                log.warning("run_file", error=str(error), what="will try again")
            self._complained.add("run_file")
            return False
        self._complained.discard("run_file")
        return True

    def _run(self) -> run_file.RunFile:
        host = self._config.web.host
        shown = "127.0.0.1" if host in ("0.0.0.0", "::") else host  # noqa: S104 - a comparison, nothing is bound
        return run_file.RunFile(
            dsn=self._dsn,
            broker=self._broker_url,
            web=f"{'https' if self._config.web.certificate else 'http'}://{shown}:{self._stages[-1].port}",
            pids={"up": os.getpid(), **{stage.name: stage.pid for stage in self._stages}},
            started_at=self._started_at,
        )
