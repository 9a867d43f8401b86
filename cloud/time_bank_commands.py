"""`doorstep-cloud time-bank`: the key that partners know this bank by, and whether the ledger sums to zero."""

import json
from pathlib import Path
from typing import Annotated

import typer

from cloud.command_line import DEFAULT_CONFIG, FAILED, ConfigOption, DataOption, connected, load_config, sentences

time_bank_app = typer.Typer(help="Volunteers' hours.", no_args_is_help=True)


@time_bank_app.command("key")
def show_key(config: ConfigOption = DEFAULT_CONFIG, data: DataOption = None) -> None:
    """Prints the name and the public key of this bank, as partners write them into time_bank.partners.

    Example: doorstep-cloud time-bank key
    """
    from cloud.services.time_bank.transfers.key import open_bank  # noqa: PLC0415 - `--help` must be quick

    with sentences():
        loaded = load_config(config, data)
        bank = open_bank(loaded.time_bank, Path(loaded.data))
        typer.echo(f'name = "{bank.name}"\npublic_key = "{bank.shown_key}"')


@time_bank_app.command("verify")
def verify(
    config: ConfigOption = DEFAULT_CONFIG,
    data: DataOption = None,
    in_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Adds every line up anew; ends with 1 where a deed or all accounts do not sum to zero, or a balance is another.

    Example: doorstep-cloud time-bank verify
    """
    from cloud.services.time_bank.checking.store import look_through  # noqa: PLC0415

    with connected(config, data, "time-bank") as connection:
        said, wrong = look_through(connection)
    if in_json:
        typer.echo(json.dumps({"minutes": dict(said), "wrong": wrong}))
    else:
        for what, minutes in said.items():
            typer.echo(f"{what}: {minutes} min")
        typer.echo("\n".join(wrong) or "whole: every deed and all accounts sum to zero")
    if wrong or said.get("all"):
        raise typer.Exit(FAILED)
