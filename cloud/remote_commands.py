"""`doorstep-cloud config set | show | push`: what the centre changes in a gateway's configuration."""

import json
from datetime import UTC, datetime
from typing import Annotated

import msgspec
import typer

from cloud.command_line import DEFAULT_CONFIG, FAILED, ConfigOption, DataOption, connected, load_config, sentences

config_app = typer.Typer(help="What a gateway is to do otherwise than its own file says.", no_args_is_help=True)

GatewayArgument = Annotated[str, typer.Argument(help="The gateway's name.")]
JsonOption = Annotated[bool, typer.Option("--json", help="For programs.")]
_SHOWN = 5
_TRIES = 5


@config_app.command("set")
def set_configuration(
    gateway: GatewayArgument,
    changes: Annotated[list[str], typer.Argument(help="KEY=VALUE as in edge.toml; KEY= gives a key back to the file.")],
    config: ConfigOption = DEFAULT_CONFIG,
    data: DataOption = None,
    in_json: JsonOption = False,
) -> None:
    """Makes the next version of what a gateway is to do; what is not named stays as it was.

    Example: doorstep-cloud config set gw-home-7 alarm.long_stay_min=30 'alarm.sms.numbers=["+8613800000000"]'
    """
    from cloud.errors import Conflict  # noqa: PLC0415 - `--help` must be quick
    from cloud.remote import store  # noqa: PLC0415
    from cloud.remote.model import as_lines, changed  # noqa: PLC0415
    from protocols.remote.wanted import Wanted  # noqa: PLC0415

    with connected(config, data, "config") as connection:
        for _ in range(_TRIES):
            before = store.newest(connection, gateway)
            wanted = changed(Wanted() if before is None else before.wanted, changes)
            after = 0 if before is None else before.version
            made = store.add_version(connection, gateway, wanted, after, datetime.now(UTC))
            if made is not None:
                break
        else:
            raise Conflict(f"somebody else changes {gateway} just now; try again")
    if in_json:
        told = {"gateway": gateway, "version": made.version, "wanted": msgspec.to_builtins(wanted)}
        typer.echo(json.dumps(told, indent=2))
        return
    typer.echo(f"{gateway}: version {made.version}")
    for line in as_lines(wanted):
        typer.echo(f"  {line}")


@config_app.command("show")
def show_configuration(
    gateway: GatewayArgument,
    config: ConfigOption = DEFAULT_CONFIG,
    data: DataOption = None,
    in_json: JsonOption = False,
) -> None:
    """Shows what was asked of a gateway, what of it is in force, and what it refused.

    Example: doorstep-cloud config show gw-home-7
    """
    from cloud.remote import store  # noqa: PLC0415
    from cloud.remote.model import as_lines  # noqa: PLC0415

    with connected(config, data, "config") as connection:
        found = store.standing(connection, gateway)
        versions = store.history(connection, gateway, _SHOWN)
    if in_json:
        told = {
            "gateway": gateway,
            "in_force": found.in_force,
            "refused": {"version": found.refused, "why": found.why} if found.why else None,
            "versions": [
                {
                    "version": version.version,
                    "made_at": version.made_at.isoformat(),
                    "told_at": None if version.told_at is None else version.told_at.isoformat(),
                    "wanted": msgspec.to_builtins(version.wanted),
                }
                for version in versions
            ],
        }
        typer.echo(json.dumps(told, indent=2))
        return
    typer.echo(f"{gateway}: in force {f'version {found.in_force}' if found.in_force else 'its own file alone'}")
    if found.why:
        typer.echo(f"refused version {found.refused}: {found.why}")
    for version in versions:
        told_at = "not told yet" if version.told_at is None else f"told {version.told_at:%Y-%m-%d %H:%M} UTC"
        typer.echo(f"version {version.version} of {version.made_at:%Y-%m-%d %H:%M} UTC, {told_at}")
        for line in as_lines(version.wanted):
            typer.echo(f"  {line}")


@config_app.command("push")
def push_configuration(
    gateway: GatewayArgument, config: ConfigOption = DEFAULT_CONFIG, data: DataOption = None
) -> None:
    """Gives the newest version to the broker now. Where `enrolment` runs, it does so by itself within seconds.

    Example: doorstep-cloud config push gw-home-7
    """
    from cloud.errors import NotFound  # noqa: PLC0415
    from cloud.mqtt import Subscriber  # noqa: PLC0415
    from cloud.readings.receipt_key import key_path, open_receipt_key  # noqa: PLC0415
    from cloud.remote import store  # noqa: PLC0415
    from cloud.remote.telling import publish  # noqa: PLC0415
    from cloud.stages.addresses import with_addresses  # noqa: PLC0415

    with sentences():
        loaded = load_config(config, data)
        url = with_addresses(loaded).broker.url
        key = open_receipt_key(key_path(loaded))
    with connected(config, data, "config") as connection:
        version = store.newest(connection, gateway)
        if version is None:
            raise NotFound(f"nothing was asked of {gateway} yet; `doorstep-cloud config set` does")
        with Subscriber(url, "config", persist=False) as broker:
            broker.wait_connected(5.0)
            taken = publish(broker, key, version)
        if taken:
            store.note_told(connection, gateway, version.version, datetime.now(UTC))
    if not taken:
        typer.echo(f"doorstep-cloud: {url} did not take it; is the broker up?", err=True)
        raise typer.Exit(FAILED)
    typer.echo(f"{gateway}: version {version.version} is with the broker")
