"""`doorstep-cloud import`: homes, elders and staff in bulk."""

import json
from pathlib import Path
from typing import Annotated

import typer

from cloud.command_line import DEFAULT_CONFIG, REFUSED, ConfigOption, DataOption, connected, load_config, sentences

import_app = typer.Typer()


@import_app.command("import")
def import_file(
    file: Annotated[Path, typer.Argument(help="A CSV file: docs/operator.md says its columns.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Try all of it, and change nothing.")] = False,
    config: ConfigOption = DEFAULT_CONFIG,
    data: DataOption = None,
    in_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Brings homes, elders and staff in: the whole file, or nothing and the line and column of every fault (exit 2).

    Each home gets a gateway; `doorstep-cloud claim gw-CODE` draws its code. New staff get a password, shown once.

    Example: doorstep-cloud import spring.csv --dry-run
    """
    from cloud.registry.bulk.reading import read_bulk  # noqa: PLC0415 - `--help` must be quick
    from cloud.registry.bulk.store import import_bulk  # noqa: PLC0415
    from cloud.registry.elders.identity.keys import open_identity_keys  # noqa: PLC0415

    with sentences():
        bulk = read_bulk(file.read_bytes())
        keys = open_identity_keys(load_config(config, data).identity_key) if bulk.has_numbers else None
    with connected(config, data, "import") as connection:
        done = import_bulk(connection, bulk, keys=keys, dry_run=dry_run)
    if done is None:
        if in_json:
            faults = [{"line": fault.line, "column": fault.column, "why": fault.why} for fault in bulk.refused]
            typer.echo(json.dumps({"imported": False, "refused": faults}, indent=2, ensure_ascii=False))
        else:
            for fault in bulk.refused:
                typer.echo(f"{file}: {fault}", err=True)
            count = len(bulk.refused)
            typer.echo(f"{count} fault{'' if count == 1 else 's'}; nothing was changed", err=True)
        raise typer.Exit(REFUSED)
    counts = {"homes": done.homes, "elders": done.elders, "staff": len(done.passwords)}
    passwords = {} if dry_run else dict(done.passwords)
    if in_json:
        typer.echo(json.dumps({"imported": not dry_run, **counts, "passwords": passwords}, indent=2))
        return
    said = ", ".join(f"{count} {name}" for name, count in counts.items())
    typer.echo(f"{said}: {'would be brought in; nothing was changed' if dry_run else 'brought in'}")
    for login, password in passwords.items():
        typer.echo(f"{login}  {password}")
