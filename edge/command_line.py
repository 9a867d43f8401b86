"""What all commands of `doorstep-edge` share: options, the configuration, a refusal in a sentence."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from edge.clock import Clock, clock_from_environment
from edge.config import EdgeConfig, load
from protocols.configuration import ConfigurationError

if TYPE_CHECKING:
    from rich.console import Console

NOT_WELL = 1
REFUSED = 2

ConfigOption = Annotated[
    Path, typer.Option("--config", help="The gateway's configuration file.", envvar="DOORSTEP_EDGE_CONFIG")
]
JsonOption = Annotated[bool, typer.Option("--json", help="JSON for machines.")]
AdapterOption = Annotated[str, typer.Option(help="For example hci1; default: the system's first.")]
DEFAULT_CONFIG = Path("/etc/doorstep/edge.toml")
DEFAULT_DATA = Path("/var/lib/doorstep-edge")


def settings_of(path: Path) -> tuple[EdgeConfig, Clock]:
    """Ends the command with 2 where the configuration is refused."""
    try:
        return load(path), clock_from_environment()
    except (ConfigurationError, ValueError) as error:
        refuse(str(error), REFUSED)


def refuse(sentence: str, code: int = NOT_WELL) -> NoReturn:
    typer.echo(sentence, err=True)
    raise typer.Exit(code)


def console(*, to_error: bool = False) -> "Console":
    from rich.console import Console  # noqa: PLC0415 - slow to load, and not every command shows a table

    return Console(stderr=to_error)
