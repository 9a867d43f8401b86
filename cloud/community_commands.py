"""`doorstep-cloud seed-community`: a community that nobody lives in, for trials and load."""

import json
import secrets
import time
from typing import Annotated

import typer

from cloud.command_line import DEFAULT_CONFIG, ConfigOption, DataOption, connected

community_app = typer.Typer()
_PASSWORD_BYTES = 9


@community_app.command("seed-community")
def seed_community(  # noqa: PLR0917 - its options
    elders: Annotated[int, typer.Option("--elders", min=1, max=2_000_000, help="How many live there.")] = 1000,
    seed: Annotated[int, typer.Option("--seed", help="The same seed gives the same people.")] = 1,
    days: Annotated[int, typer.Option("--days", min=0, max=366, help="Of visits and alerts before today.")] = 30,
    config: ConfigOption = DEFAULT_CONFIG,
    data: DataOption = None,
    in_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Fills an empty database with an invented city: regions, homes, elders with their register entries, staff, and
    what happened lately. Never on a database that serves people.

    All of its staff (sample-admin, sample-desk-CODE, sample-nurse-CODE-NUMBER) get one password, shown once.

    Example: doorstep-cloud seed-community --elders 100000 --seed 7
    """
    from cloud.clock import Clock  # noqa: PLC0415 - `--help` must be quick
    from cloud.identity.passwords import hash_password  # noqa: PLC0415
    from cloud.registry.sample.store import fill  # noqa: PLC0415

    password, began = secrets.token_urlsafe(_PASSWORD_BYTES), time.monotonic()
    with connected(config, data, "seed-community") as connection:
        done = fill(
            connection,
            elders=elders,
            seed=seed,
            days=days,
            password_hash=hash_password(password),
            now=Clock().now(),
        )
    if in_json:
        typer.echo(json.dumps({**vars(done), "password": password, "seconds": time.monotonic() - began}, indent=2))
        return
    typer.echo(
        f"{done.elders} elders in {done.homes} homes of {done.communities} communities, {done.staff} staff, "
        f"{done.visits} visits, {done.alerts} alerts in {time.monotonic() - began:.0f} s"
    )
    typer.echo(f"sample-admin and all others: {password}")
