"""Commands of the promise: `verify`, `restored` and `receipt-key`."""

from typing import Annotated

import typer

from cloud.command_line import DEFAULT_CONFIG, FAILED, ConfigOption, DataOption, connected, load_config, sentences
from cloud.errors import CloudError

proof_app = typer.Typer()


@proof_app.command()
def verify(
    home: Annotated[str | None, typer.Option(help="The home's code; without it, every home.")] = None,
    config: ConfigOption = DEFAULT_CONFIG,
    data: DataOption = None,
    in_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Proves from first to last that all readings a home sent are here, unchanged. Ends with 1 where they are not.

    Example: doorstep-cloud verify --home home-1
    """
    from cloud import proof  # noqa: PLC0415
    from cloud.readings.chain.verify import verify as look  # noqa: PLC0415

    found = []
    with connected(config, data, "verify") as connection:
        for findings in look(connection, home):
            found.append(findings)
            if not in_json:
                typer.echo(proof.in_words(findings))
    typer.echo(proof.as_json(found) if in_json else proof.conclusion(found))
    if not all(findings.whole for findings in found):
        raise typer.Exit(FAILED)


@proof_app.command()
def restored(config: ConfigOption = DEFAULT_CONFIG, data: DataOption = None) -> None:
    """Says to all gateways that this database is an older copy, so that they send again what it lacks.

    `restore` does it by itself; this is for copies that other tools put back (snapshots, a replica made primary).
    """
    from cloud.db.generation import begin_generation  # noqa: PLC0415

    with connected(config, data, "restored") as connection:
        begin_generation(connection)
    typer.echo("gateways will send again what they still keep and this database does not have")


@proof_app.command()
def receipt_key(
    make: Annotated[bool, typer.Option("--make", help="Makes it where there is none: before the first start.")] = False,
    config: ConfigOption = DEFAULT_CONFIG,
    data: DataOption = None,
) -> None:
    """Prints the public key of this centre's receipts, for `receipts.public_key` of gateways.

    Example: doorstep-cloud receipt-key
    """
    from cloud.logs import set_up_logs  # noqa: PLC0415
    from cloud.readings.receipt_key import key_path, open_receipt_key  # noqa: PLC0415

    set_up_logs("receipt-key")
    with sentences():
        path = key_path(load_config(config, data))
        if not make and not path.exists():  # gateways that were given another centre's key would fill up
            raise CloudError(
                f"{path} is not there: the centre makes it at its first start, or `receipt-key --make` does; where "
                "yours lies elsewhere, name its folder by --data or DOORSTEP_DATA"
            )
        typer.echo(open_receipt_key(path).public_key().public_bytes_raw().hex())
