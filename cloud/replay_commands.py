"""The command `replay`: the live detector over files."""

from pathlib import Path
from typing import Annotated

import typer

from cloud.command_line import sentences

replay_app = typer.Typer()

_LIMITS = Path("configs/limits.toml")


@replay_app.command()
def replay(
    *,
    readings: Annotated[Path, typer.Option(help="elder_id,metric,measured_at,value,unit[,context,flags]")],
    events: Annotated[Path, typer.Option(help="elder_id,kind,location,at[,value]")],
    out: Annotated[Path, typer.Option(help="The alerts, one line each time somebody is told.")],
    profiles: Annotated[Path | None, typer.Option(help="elder_id,time_zone")] = None,
    until: Annotated[str | None, typer.Option(help="An instant with its offset: what came later is not there.")] = None,
    showers: Annotated[Path | None, typer.Option(help="Where to write elder_id,started_at,ended_at.")] = None,
    limits: Annotated[Path, typer.Option(help="Clinical limits.")] = _LIMITS,
) -> None:
    """Says which alerts the centre would have raised over files, and what of the files it could not take.

    Example: doorstep-cloud replay --readings readings.csv --events events.csv --out alerts.csv
    """
    from cloud.detection.replay.command import run  # noqa: PLC0415 - `--help` must be quick

    with sentences():
        typer.echo(run(readings, events, out, profiles=profiles, until=until, showers=showers, limits_path=limits))
