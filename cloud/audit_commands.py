"""`doorstep-cloud audit`: whether the list of who saw and changed what is whole."""

import json
from typing import Annotated

import typer

from cloud.command_line import DEFAULT_CONFIG, FAILED, ConfigOption, DataOption, connected

audit_app = typer.Typer(help="Who saw and changed what of whom.", no_args_is_help=True)


@audit_app.callback()
def audit() -> None:
    """Who saw and changed what of whom."""


@audit_app.command("verify")
def verify_audit(
    head: Annotated[str, typer.Option(help="A head that an earlier verification printed: it must still stand.")] = "",
    config: ConfigOption = DEFAULT_CONFIG,
    data: DataOption = None,
    in_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Follows the chain from the first line to the last; ends with 1 where a line was changed or is missing.

    Note the head that it prints, away from this machine. Example: doorstep-cloud audit verify --head 1204:5f1c...
    """
    from cloud.identity.audit import store  # noqa: PLC0415 - `--help` must be quick
    from cloud.identity.audit.chain import Head, head_from, verify  # noqa: PLC0415

    try:
        known = head_from(head) if head else None
    except ValueError as error:
        raise typer.BadParameter("--head: expected NUMBER:DIGEST as `audit verify` prints it") from error
    with connected(config, data, "audit") as connection:
        begins = store.begins(connection)
        found = verify(store.lines(connection), known, None if begins is None else Head(*begins[:2]))
    first = 1 if begins is None else begins[0] + 1
    if in_json:
        said = {"lines": found.head.number, "first": first, "head": str(found.head), "fault": found.fault}
        typer.echo(json.dumps(said))
    elif found.fault:
        typer.echo(f"the audit is broken: {found.fault}")
    else:
        typer.echo(f"{found.head.number} lines, whole; head {found.head}")
        if begins is not None:
            typer.echo(f"the first {begins[0]} were older than {begins[2]:%Y-%m-%d}, and retention took them")
    if found.fault:
        raise typer.Exit(FAILED)
