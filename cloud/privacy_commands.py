"""`doorstep-cloud elder`: a copy of all that is kept of one elder, and their erasure."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from cloud.command_line import DEFAULT_CONFIG, ConfigOption, DataOption, connected, load_config, sentences
from cloud.errors import CloudError

elder_app = typer.Typer(help="What is kept of one elder: a copy for them, and their erasure.", no_args_is_help=True)

CodeArgument = Annotated[str, typer.Argument(help="The elder's code, as in the community file.")]


@elder_app.command("export")
def export_elder(
    code: CodeArgument,
    out: Annotated[Path, typer.Option(help="A new folder; its files are readable by their owner only.")],
    config: ConfigOption = DEFAULT_CONFIG,
    data: DataOption = None,
    in_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Writes all that is kept of an elder: a CSV file a table, all of it as JSON, and a page to read and print.

    Answers what they asked for on their page. Example: doorstep-cloud elder export elder-1 --out copy-of-elder-1
    """
    from cloud.privacy.erasure.store import elder_of  # noqa: PLC0415 - `--help` must be quick
    from cloud.privacy.export.store import finish_requests  # noqa: PLC0415
    from cloud.privacy.export.writing import write_copy  # noqa: PLC0415

    with connected(config, data, "elder-export") as connection:
        elder_id = elder_of(connection, code)
        copied = write_copy(connection, elder_id, code, out, datetime.now(UTC))
        answered = finish_requests(connection, elder_id)
    if in_json:
        typer.echo(json.dumps({"folder": str(out), "rows": copied.rows, "requests_answered": answered}))
        return
    said = "; the request for it is answered" if answered else ""
    typer.echo(f"{out}: {sum(copied.rows.values())} rows of {len(copied.rows)} tables{said}; open index.html")


@elder_app.command("erase")
def erase_elder(
    code: CodeArgument,
    yes: Annotated[bool, typer.Option("--yes", help="Do it; without this it only says what would go.")] = False,
    config: ConfigOption = DEFAULT_CONFIG,
    data: DataOption = None,
    in_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Erases an elder for good: also from every back-up that is restored later.

    Give them their copy first, and collect the devices: what those measure afterwards is stored as nobody's. What the
    law wants kept stays without their name (docs/privacy.md). Example: doorstep-cloud elder erase elder-1 --yes
    """
    from cloud.logs import set_up_logs  # noqa: PLC0415
    from cloud.privacy.erasure import store  # noqa: PLC0415
    from cloud.privacy.erasure.erasing import erase  # noqa: PLC0415
    from cloud.privacy.erasure.ledger import open_ledger  # noqa: PLC0415

    with sentences():
        folder = load_config(config, data).erasures_folder
        set_up_logs("elder-erase")
    with connected(config, data, "elder-erase") as connection:
        if not yes:
            rows = store.counts(connection, store.elder_of(connection, code))
        else:
            rows = erase(connection, open_ledger(folder), code, datetime.now(UTC)).rows
    if in_json:
        typer.echo(json.dumps({"erased": yes, "rows": rows}))
        return
    for table, count in rows.items():
        typer.echo(f"  {table}: {count}")
    if yes:
        typer.echo(f"erased. It stands in {folder}: back that folder up apart from the database.")
    else:
        typer.echo("nothing was erased; say --yes to erase for good")


def erase_again(dsn: str, folder: Path, copied_from: Path | None) -> str:
    """After a restore: erases whoever was erased since the back-up. What was done, in a sentence; empty: nobody.

    `copied_from` is the folder of erasures of the centre that the back-up comes from. Raises CloudError.
    """
    from cloud.db.migrate import migrate  # noqa: PLC0415
    from cloud.db.pool import own_connection  # noqa: PLC0415
    from cloud.privacy.erasure.erasing import apply  # noqa: PLC0415
    from cloud.privacy.erasure.ledger import KEY, LIST, open_ledger  # noqa: PLC0415

    if copied_from is not None:
        if not (copied_from / KEY).exists() or not (copied_from / LIST).exists():
            raise CloudError(f"{copied_from} holds no list of erasures: a `{KEY}` and a `{LIST}` are expected in it")
        if (folder / LIST).exists():
            raise CloudError(f"{folder} holds a list already; leave out --erasures, or remove it")
        folder.mkdir(parents=True, exist_ok=True)
        for name in (KEY, LIST):
            (folder / name).write_bytes((copied_from / name).read_bytes())
            (folder / name).chmod(0o600)
    if not (folder / LIST).exists():
        return f"no list of erasures is in {folder}: if anybody was erased since, name the old folder by --erasures"
    migrate(dsn)
    with own_connection(dsn, "erase-again") as connection:
        erased = apply(connection, open_ledger(folder))
    return f"{len(erased)} people who were erased since the back-up were erased again"
