"""`doorstep-cloud staff`: what an administrator does about the accounts of people."""

from typing import Annotated

import typer

from cloud.command_line import DEFAULT_CONFIG, ConfigOption, DataOption, connected
from cloud.errors import CloudError

staff_app = typer.Typer(help="Accounts of people who work here.", no_args_is_help=True)


@staff_app.command("reset-second-factor")
def reset_second_factor(
    login: Annotated[str, typer.Argument(help="Of the person, as in the community file.")],
    config: ConfigOption = DEFAULT_CONFIG,
    data: DataOption = None,
) -> None:
    """Takes app and passkeys from somebody who lost them, and signs them out; their password opens again.

    Make sure who asks. Example: doorstep-cloud staff reset-second-factor nurse
    """
    from cloud.identity.second.store import reset  # noqa: PLC0415 - `--help` must be quick

    with connected(config, data, "staff") as connection:
        if not reset(connection, login):
            raise CloudError(f"there is nobody with the login {login!r}")
        typer.echo(f"{login}: second factors removed, signed out everywhere")
