"""`doorstep-cloud staff` and `token`: what an administrator does about the accounts of people and programs."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from cloud.command_line import DEFAULT_CONFIG, ConfigOption, DataOption, connected, load_config, sentences
from cloud.errors import CloudError
from cloud.identity.rights import SCOPES, Right

staff_app = typer.Typer(help="Accounts of people who work here.", no_args_is_help=True)
token_app = typer.Typer(help="Tokens by which programs use the API for a person.", no_args_is_help=True)


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


@staff_app.command("bind-oidc")
def bind_oidc(
    login: Annotated[str, typer.Argument(help="Of the person, as in the community file.")],
    subject: Annotated[str, typer.Argument(help="Who they are at the provider, as the login page shows it.")],
    config: ConfigOption = DEFAULT_CONFIG,
    data: DataOption = None,
) -> None:
    """From now on the person signs in by the provider of oidc.issuer too.

    Make sure who asks: whoever is this subject is this person.

    Example: doorstep-cloud staff bind-oidc nurse 248289761001
    """
    from cloud.identity.oidc.store import bind  # noqa: PLC0415 - `--help` must be quick

    issuer = _issuer(config)
    with connected(config, data, "staff") as connection:
        if not bind(connection, issuer, subject, login, datetime.now(UTC)):
            raise CloudError(f"there is nobody with the login {login!r}, or {subject!r} is somebody else already")
        typer.echo(f"{login}: is {subject} at {issuer}")


@staff_app.command("unbind-oidc")
def unbind_oidc(
    login: Annotated[str, typer.Argument(help="Of the person, as in the community file.")],
    config: ConfigOption = DEFAULT_CONFIG,
    data: DataOption = None,
) -> None:
    """The provider opens nothing for the person any more, and their sessions by it end.

    Example: doorstep-cloud staff unbind-oidc nurse
    """
    from cloud.identity.oidc.store import unbind  # noqa: PLC0415

    issuer = _issuer(config)
    with connected(config, data, "staff") as connection:
        if not unbind(connection, issuer, login):
            raise CloudError(f"{login!r} is nobody at {issuer}")
        typer.echo(f"{login}: no longer signs in by {issuer}")


def _issuer(config: Path) -> str:
    with sentences():
        issuer = load_config(config).oidc.issuer
        if not issuer:
            raise CloudError("no provider is configured; set oidc.issuer, oidc.client_id and web.address first")
    return issuer


@token_app.command("new")
def new_token(  # noqa: PLR0917 - a command has as many options as it has
    login: Annotated[str, typer.Argument(help="For whom the program acts: it sees their region and no more.")],
    name: Annotated[str, typer.Option(help="What it is for, such as: city dashboard.")],
    scope: Annotated[list[Right], typer.Option(help="What it may do of what they may; several are given one by one.")],
    days: Annotated[int, typer.Option(min=1, max=730, help="How long it opens.")] = 90,
    config: ConfigOption = DEFAULT_CONFIG,
    data: DataOption = None,
) -> None:
    """Draws a token and prints it, once. The program sends it as: Authorization: Bearer TOKEN

    Example: doorstep-cloud token new desk --name "city dashboard" --scope board --scope fleet
    """
    from cloud.identity.tokens.store import create  # noqa: PLC0415

    if any(right not in SCOPES for right in scope):
        raise typer.BadParameter(f"--scope: one of {', '.join(SCOPES)}")
    with connected(config, data, "token") as connection:
        lasts = timedelta(days=days)
        typer.echo(create(connection, login=login, name=name, scopes=scope, now=datetime.now(UTC), lasts=lasts))


@token_app.command("list")
def list_tokens(
    config: ConfigOption = DEFAULT_CONFIG,
    data: DataOption = None,
    in_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """All tokens: for whom, what they may do, when they were used last. The tokens themselves are nowhere."""
    import msgspec  # noqa: PLC0415

    from cloud.identity.tokens.store import tokens  # noqa: PLC0415

    with connected(config, data, "token") as connection:
        found = tokens(connection)
    if in_json:
        typer.echo(json.dumps(msgspec.to_builtins(found), ensure_ascii=False))
        return
    for token in found:
        state = "revoked" if token.revoked_at else f"until {token.ends_at:%Y-%m-%d}"
        used = f"used {token.used_at:%Y-%m-%d %H:%M} UTC" if token.used_at else "never used"
        typer.echo(f"{token.api_token_id}  {token.login}  {token.name}  {','.join(token.scopes)}  {state}, {used}")


@token_app.command("revoke")
def revoke_token(
    token: Annotated[int, typer.Argument(min=1, help="Its number in the list.")],
    config: ConfigOption = DEFAULT_CONFIG,
    data: DataOption = None,
) -> None:
    """The token opens nothing from now on.

    Example: doorstep-cloud token revoke 3
    """
    from cloud.identity.tokens.store import revoke  # noqa: PLC0415

    with connected(config, data, "token") as connection:
        revoke(connection, token, datetime.now(UTC))
        typer.echo(f"token {token}: revoked")
