"""What all commands of `doorstep-cloud` share: options, the configuration, a connection, errors in sentences."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from cloud.config import CloudConfig, load
from cloud.errors import CloudError
from protocols.configuration import ConfigurationError

if TYPE_CHECKING:
    from cloud.db.pool import Connection

FAILED = 1
REFUSED = 2

ConfigOption = Annotated[Path, typer.Option("--config", "-c", help="The centre's configuration, a TOML file.")]
DataOption = Annotated[Path | None, typer.Option("--data", help="Data folder, in place of the configuration's.")]
DEFAULT_CONFIG = Path("configs/cloud.toml")


@contextmanager
def sentences() -> Iterator[None]:
    """What a person can mend is said in a sentence, without a traceback."""
    try:
        yield
    except ConfigurationError as error:
        typer.echo(f"doorstep-cloud: {error}", err=True)
        raise typer.Exit(REFUSED) from error
    except OSError as error:
        typer.echo(f"doorstep-cloud: {_said(error)}", err=True)
        raise typer.Exit(FAILED) from error
    except (CloudError, RuntimeError) as error:
        typer.echo(f"doorstep-cloud: {error}", err=True)
        raise typer.Exit(FAILED) from error


def _said(error: OSError) -> str:
    """Which file, and what is wrong with it; without Python's number."""
    if error.filename is None or error.strerror is None:
        return str(error)
    return f"{error.filename}: {error.strerror}"


def load_config(path: Path, data: Path | None = None) -> CloudConfig:
    config = load(path)
    if config.broker.url != "embedded":
        from cloud.mqtt import broker_address  # noqa: PLC0415

        try:
            broker_address(config.broker.url)
        except ValueError as error:
            raise ConfigurationError(f"{path}: broker.url, or DOORSTEP_BROKER: {error}") from error
    if config.database.dsn != "embedded":
        from cloud.db.pool import is_address  # noqa: PLC0415

        if not is_address(config.database.dsn):  # it may hold a password: it is not quoted
            raise ConfigurationError(
                f"{path}: database.dsn, or DOORSTEP_DSN: expected an address such as postgresql://USER@HOST/DATABASE"
            )
    return config if data is None else msgspec.structs.replace(config, data=str(data))


@contextmanager
def connected(config: Path, data: Path | None, name: str) -> Iterator["Connection"]:
    """A connection for a command; each statement is a transaction of its own unless the caller opens one."""
    import psycopg  # noqa: PLC0415

    from cloud.db.pool import connection_settings  # noqa: PLC0415
    from cloud.stages.addresses import database_of  # noqa: PLC0415

    with (
        sentences(),
        database_errors(),
        database_of(load_config(config, data)) as dsn,
        psycopg.connect(dsn, autocommit=True, **connection_settings(name)) as connection,
    ):
        yield connection


@contextmanager
def database_errors() -> Iterator[None]:
    """The server's first line is enough for a person at a terminal."""
    from cloud.db.pool import DatabaseAway, NotMigrated  # noqa: PLC0415

    try:
        yield
    except NotMigrated as error:
        said = str(error).strip().splitlines()[0]
        raise CloudError(f"the database is not of this version ({said}); run `doorstep-cloud migrate`") from error
    except DatabaseAway as error:
        raise CloudError(f"the database does not answer: {str(error).strip().splitlines()[0]}") from error
