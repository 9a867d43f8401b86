"""Commands that look at a gateway and change nothing: `status`, `doctor`, `logs`, `outbox`."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edge.command_line import DEFAULT_CONFIG, NOT_WELL, ConfigOption, JsonOption, console, refuse, settings_of
from edge.errors import EdgeError

if TYPE_CHECKING:
    from edge.clock import Clock
    from edge.status import GatewayStatus


def add_look_commands(app: typer.Typer) -> None:
    app.command(epilog="Example: doorstep-edge status --config configs/edge.toml --json")(status)
    app.command(epilog="Example: sudo doorstep-edge doctor")(doctor)
    app.command(epilog="Examples: doorstep-edge logs --lines 50; doorstep-edge logs --follow")(logs)
    app.command(epilog="Example: doorstep-edge outbox --limit 100 --json")(outbox)


def status(config: ConfigOption = DEFAULT_CONFIG, as_json: JsonOption = False) -> None:
    """Show what waits in the outbox and who was heard. Exit code 1 when the gateway is not well."""
    settings, clock = settings_of(config)
    from edge.status import ask_status  # noqa: PLC0415 - tables need rich, which a gateway that runs does not

    try:
        found = ask_status(settings)
    except EdgeError as error:
        refuse(str(error))
    if as_json:
        typer.echo(found.to_json())
    else:
        _print_status(found, clock)
    raise typer.Exit(0 if found.well else NOT_WELL)


def _print_status(found: "GatewayStatus", clock: "Clock") -> None:
    from edge.status import status_table  # noqa: PLC0415 - as above

    shown = console()
    shown.print(status_table(found, clock.now() if found.report is not None else datetime.now(UTC)))
    for problem in found.problems:
        shown.print(f"! {problem}", markup=False, highlight=False)
    shown.print(found.conclusion(), markup=False, highlight=False)


def doctor(config: ConfigOption = DEFAULT_CONFIG, as_json: JsonOption = False) -> None:
    """Look for what is wrong with this machine and its gateway, and say what to do. Exit code 1: something is.

    Nothing is changed. It asks the radio, the clock, the disk, the certificate, the ports, the broker and the service.
    """
    import asyncio  # noqa: PLC0415 - slow to load: --help does not need it

    from edge.install.doctor import finding, walk  # noqa: PLC0415

    found = asyncio.run(walk.examine(config))
    ill = [one for one in found if not one.well]
    if as_json:
        typer.echo(finding.to_json(found))
    else:
        for one in found:
            mark = "ok " if one.well else "!! "
            console().print(f"{mark}{one.part}: {one.says}", markup=False, highlight=False, soft_wrap=True)
            if one.do:
                console().print(f"   do: {one.do}", markup=False, highlight=False, soft_wrap=True)
        typer.echo("nothing is wrong" if not ill else f"{len(ill)} of {len(found)} are not well")
    raise typer.Exit(NOT_WELL if ill else 0)


def logs(
    *,
    lines: Annotated[int, typer.Option(min=1, max=100_000, help="So many of the newest.")] = 200,
    follow: Annotated[bool, typer.Option("--follow", help="Go on with what comes, until Ctrl-C.")] = False,
    file: Annotated[Path | None, typer.Option(help="A file of log lines, in place of the system's journal.")] = None,
    config: ConfigOption = DEFAULT_CONFIG,
    warnings: Annotated[bool, typer.Option("--warnings", help="Only what went wrong.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Show the gateway's log, readable. Exit code 1: there is none."""
    from edge.install import log_lines  # noqa: PLC0415 - as above

    try:
        if file is None:
            log_lines.need_service(config)
        for line in log_lines.read(file, lines=lines, follow=follow):
            shown = log_lines.shown(line, as_json=as_json, warnings=warnings)
            if shown is not None:
                typer.echo(shown)
    except EdgeError as error:
        refuse(str(error))
    except KeyboardInterrupt:
        raise typer.Exit(0) from None


def outbox(
    config: ConfigOption = DEFAULT_CONFIG,
    limit: Annotated[int, typer.Option(min=1, max=1_000_000, help="So many of the oldest.")] = 20,
    as_json: JsonOption = False,
) -> None:
    """List what waits for its receipt, the oldest first. Exit code 1: there is no outbox."""
    settings, _ = settings_of(config)
    from edge.install import waiting  # noqa: PLC0415 - as above

    try:
        found = waiting.look(settings.outbox_path, limit)
    except EdgeError as error:
        refuse(str(error))
    if as_json:
        typer.echo(waiting.to_json(found))
    else:
        console().print(waiting.table(found), markup=False, highlight=False)
        typer.echo(waiting.conclusion(found))
