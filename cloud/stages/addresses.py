"""Where the database and the broker are, for a command or a stage that is started alone."""

import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import structlog

from cloud.config import CloudConfig
from cloud.local.postgres import EmbeddedPostgres
from cloud.logs import set_up_logs
from cloud.stages import run_file
from cloud.stages.centre import EMBEDDED, POSTGRES_FOLDER
from protocols.configuration import ConfigurationError

log = structlog.get_logger()

_LOOK_S = 1.0


def with_addresses(config: CloudConfig) -> CloudConfig:
    """`config` with real addresses in place of `embedded`: those of the centre that is up in its data folder.

    Raises ConfigurationError where none is.
    """
    if EMBEDDED not in (config.database.dsn, config.broker.url):
        return config
    run = run_file.read(Path(config.data))
    if run is None:
        raise ConfigurationError(
            f"database.dsn or broker.url is `embedded` and nothing is up in {config.data}; "
            f"start `doorstep-cloud up`, or name addresses in the file or by DOORSTEP_DSN and DOORSTEP_BROKER"
        )
    return _replaced(config, run.dsn, run.broker)


def addresses_when_up(config: CloudConfig, stage: str) -> CloudConfig:
    """As `with_addresses`, for the process of a `stage`. Where a centre has been up in the data folder, waits until it
    is up again, saying so once; SIGTERM ends the process meanwhile. Call it from the main thread."""
    complained = False
    while True:
        try:
            return with_addresses(config)
        except ConfigurationError:
            if not (Path(config.data) / POSTGRES_FOLDER).exists():
                raise
        if not complained:
            complained = True
            signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
            set_up_logs(stage)
            log.warning("centre_away", data=config.data, what="waits until `doorstep-cloud up` is up there")
        time.sleep(_LOOK_S)


@contextmanager
def database_of(config: CloudConfig, *, makes: bool = False) -> Iterator[str]:
    """The DSN for a command that needs the database only; starts the embedded one for the while if nothing is up.

    Raises ConfigurationError where none is kept in the data folder, unless the command `makes` it.
    """
    if config.database.dsn != EMBEDDED:
        yield config.database.dsn
        return
    data = Path(config.data).resolve()
    run = run_file.read(data)
    if run is not None:
        yield run.dsn
        return
    if not makes and not (data / POSTGRES_FOLDER).exists():
        raise ConfigurationError(
            f"no database is kept in {config.data} yet: `doorstep-cloud up` makes one; where yours lies elsewhere, "
            "name its folder by --data or DOORSTEP_DATA, or its address by DOORSTEP_DSN"
        )
    with run_file.sole_owner(data), EmbeddedPostgres(data / POSTGRES_FOLDER) as server:
        yield server.dsn


def _replaced(config: CloudConfig, dsn: str, broker: str) -> CloudConfig:
    database, own_broker = config.database, config.broker
    if database.dsn == EMBEDDED:
        database = msgspec.structs.replace(database, dsn=dsn)
    if own_broker.url == EMBEDDED:
        own_broker = msgspec.structs.replace(own_broker, url=broker)
    return msgspec.structs.replace(config, database=database, broker=own_broker)
