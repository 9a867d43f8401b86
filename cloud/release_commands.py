"""`doorstep-cloud release key | make | publish | list`: programs for gateways."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from cloud.command_line import DEFAULT_CONFIG, ConfigOption, DataOption, load_config, sentences

release_app = typer.Typer(help="Releases of Doorstep for gateways.", no_args_is_help=True)

FolderArgument = Annotated[Path, typer.Argument(help="The folder with the wheels.")]


@release_app.command("key")
def make_release_key(file: Annotated[Path, typer.Argument(help="Where to put it: keep it off line.")]) -> None:
    """Makes the key that signs releases, and prints what gateways need of it (updates.release_key).

    Example: doorstep-cloud release key /media/usb/release.key
    """
    from cloud.releases.making import make_key  # noqa: PLC0415 - `--help` must be quick

    with sentences():
        typer.echo(make_key(file))


@release_app.command("make")
def make(
    folder: FolderArgument,
    key: Annotated[Path, typer.Option(help="The key of `release key`.")],
) -> None:
    """Signs the wheels in a folder as a release.

    Example: pip wheel -w dist -c constraints.txt '.[edge]' && doorstep-cloud release make dist --key release.key
    """
    from cloud.releases.making import make_release, read_key  # noqa: PLC0415

    with sentences():
        manifest = make_release(folder, read_key(key), datetime.now(UTC))
    megabytes = sum(wheel.bytes for wheel in manifest.wheels) / 1e6
    typer.echo(f"release {manifest.version}: {len(manifest.wheels)} wheels, {megabytes:.1f} MB")


@release_app.command("publish")
def publish(folder: FolderArgument, config: ConfigOption = DEFAULT_CONFIG, data: DataOption = None) -> None:
    """Puts a signed release where gateways can fetch it; `config set GATEWAY updates.release=VERSION` has it run.

    Example: doorstep-cloud release publish dist
    """
    from cloud.releases.shelf import Shelf  # noqa: PLC0415

    with sentences():
        manifest = Shelf(Path(load_config(config, data).data)).put(folder)
    typer.echo(f"release {manifest.version} can be fetched")


@release_app.command("list")
def list_releases(
    config: ConfigOption = DEFAULT_CONFIG,
    data: DataOption = None,
    in_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Lists the releases that gateways can fetch.

    Example: doorstep-cloud release list
    """
    from cloud.releases.shelf import Shelf  # noqa: PLC0415

    with sentences():
        found = Shelf(Path(load_config(config, data).data)).versions()
    typer.echo(json.dumps(found) if in_json else "\n".join(found), nl=bool(found or in_json))
