"""The command `backtest`: detection over stored history."""

from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from cloud.command_line import DEFAULT_CONFIG, ConfigOption, DataOption, database_errors, load_config, sentences
from cloud.errors import CloudError

backtest_app = typer.Typer()


@backtest_app.command()
def backtest(
    *,
    begin: Annotated[str, typer.Option("--from", help="A day or an instant; days begin at midnight UTC.")],
    end: Annotated[str, typer.Option("--to", help="The day or instant after the last.")],
    scheduler: Annotated[
        str | None, typer.Option(help="A Dask cluster, tcp://HOST:PORT; without it, processes of this machine.")
    ] = None,
    limits: Annotated[Path | None, typer.Option(help="Limits to try, in place of the configuration's.")] = None,
    consented: Annotated[
        bool, typer.Option("--consented", help="Of those only who agreed to research; for all but their own care.")
    ] = False,
    in_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
    config: ConfigOption = DEFAULT_CONFIG,
    data: DataOption = None,
) -> None:
    """Says which alerts detection would have raised over stored history, beside those that it did raise.

    Example: doorstep-cloud backtest --from 2026-01-01 --to 2026-04-01
    """
    from cloud.detection.backtest import command  # noqa: PLC0415 - `--help` must be quick
    from cloud.detection.limits import load_limits  # noqa: PLC0415
    from cloud.stages.addresses import database_of  # noqa: PLC0415

    with sentences(), database_errors():
        try:
            from cloud.detection.backtest.cluster import Question  # noqa: PLC0415
            from cloud.detection.backtest.cluster import backtest as live_again  # noqa: PLC0415
        except ImportError as error:
            raise CloudError(f"{error.name} is not installed; back-tests need doorstep[backtest]") from error
        loaded = load_config(config, data)
        first, after = command.moment(begin, "--from"), command.moment(end, "--to")
        fresh = timedelta(hours=loaded.detection.fresh_hours)
        question = Question(
            load_limits(limits or loaded.beside(loaded.detection.limits)), first, after, fresh, consented
        )
        with database_of(loaded) as dsn:
            found = live_again(dsn, question, scheduler=scheduler)
            answer = command.beside_live(dsn, found, first, after, consented=consented)
        typer.echo(command.as_json(answer) if in_json else command.said(answer))
