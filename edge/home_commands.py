"""Commands for a home that has its gateway: `pair` its devices, `prove` that all of it works."""

import logging
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from edge.command_line import (
    DEFAULT_CONFIG,
    NOT_WELL,
    REFUSED,
    ConfigOption,
    JsonOption,
    console,
    refuse,
    settings_of,
)
from edge.errors import EdgeError
from edge.logs import set_up_logs
from protocols.configuration import ConfigurationError

if TYPE_CHECKING:
    from protocols.enrolment.reports import ProofReport


def add_home_commands(app: typer.Typer) -> None:
    app.command(
        epilog="Examples: doorstep-edge pair; "
        "doorstep-edge pair --address C0:FF:EE:00:01:01 --passkey 294016 --whom elder-1 --where kitchen --json"
    )(pair)
    app.command(epilog="Examples: doorstep-edge prove; doorstep-edge prove --send")(prove)


def pair(
    *,
    config: ConfigOption = DEFAULT_CONFIG,
    seconds: Annotated[float, typer.Option(min=1.0, help="How long to listen.")] = 10.0,
    address: Annotated[str, typer.Option(help="Of a Bluetooth device, in place of choosing.")] = "",
    port: Annotated[str, typer.Option(help="Of a meter on a cable: a path, or usb:VENDOR:PRODUCT.")] = "",
    model: Annotated[str, typer.Option(help="As `doorstep-edge devices` names it; left out: found.")] = "",
    kind: Annotated[str, typer.Option(help="Such as water_sensor, where a model serves several.")] = "",
    passkey: Annotated[int | None, typer.Option(min=0, max=999999, help="Six digits of the meter.")] = None,
    key_file: Annotated[
        Path | None, typer.Option(help="32 hexadecimal digits in a file of mode 0600, for buttons and some meters.")
    ] = None,
    whom: Annotated[str | None, typer.Option(help="Code of the elder who measures with it.")] = None,
    where: Annotated[str | None, typer.Option(help="Where it is, as people say it.")] = None,
    slot: Annotated[int | None, typer.Option(min=0, max=255, help="Their number in the device.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Make a device this home's: choose it, bond, read it once, say whose it is and where.

    What options leave out is asked for. What a meter tells meanwhile is kept and sent. The running service takes the
    device up at once. After a power cut it is called again. Exit code 1: not paired, and nothing is changed.
    """
    settings, clock = settings_of(config)
    set_up_logs(logging.ERROR)  # a person reads here what the command says
    from edge.install.pair_dialogue import Dialogue, Wanted  # noqa: PLC0415 - slow to load: --help does not need it
    from edge.install.service import restart_if_installed  # noqa: PLC0415

    wanted = Wanted(seconds, address, port, model, kind, passkey, key_file, where, whom, slot)
    try:
        done = Dialogue(config, settings, clock, wanted, asks=sys.stdin.isatty()).run()
        restarted = restart_if_installed()
    except (ConfigurationError, ValueError) as error:
        refuse(str(error), REFUSED)
    except EdgeError as error:
        refuse(str(error))
    except OSError as error:
        refuse(f"{error.filename}: cannot be written: {error.strerror}; are you root, or doorstep?")
    if as_json:
        typer.echo(msgspec.json.encode({**msgspec.to_builtins(done), "restarted": restarted}).decode())
        return
    typer.echo(f"{done.name} is this home's now: {done.kind.replace('_', ' ')} {done.where}".rstrip())
    if not restarted:
        typer.echo("a gateway that runs takes it up when it is started anew")


def prove(
    *,
    config: ConfigOption = DEFAULT_CONFIG,
    anew: Annotated[bool, typer.Option("--anew", help="Begin again, also what has passed.")] = False,
    send: Annotated[bool, typer.Option("--send", help="Only send what the centre has not taken yet.")] = False,
    wait: Annotated[float, typer.Option(min=1.0, help="Seconds to wait for each device.")] = 90.0,
    as_json: JsonOption = False,
) -> None:
    """Walk the home: every device, every button, every path, lamp and voice. Ends with a report that the centre keeps.

    A home counts as live from its first report in which all has passed. Presses are told as tests. After a power cut
    it goes on where it was. Exit code 1: something has not passed, or the report is not sent yet.
    """
    settings, _ = settings_of(config)
    set_up_logs(logging.ERROR)  # a person reads here what the command says
    from edge.install.proving import command  # noqa: PLC0415 - slow to load: --help does not need it

    try:
        done = command.prove(settings, anew=anew, send_only=send, wait_s=wait, asks=sys.stdin.isatty())
    except EdgeError as error:
        refuse(str(error))
    except OSError as error:
        refuse(f"{error.filename}: cannot be written: {error.strerror}; are you root, or doorstep?")
    if as_json:
        typer.echo(msgspec.json.encode(done).decode())
    else:
        if done.report is not None:
            _show(done.report)
        typer.echo(
            "the centre has the report" if done.sent else "the report is kept; `doorstep-edge prove --send` sends it"
        )
    raise typer.Exit(0 if done.sent and (done.report is None or done.report.passed) else NOT_WELL)


def _show(report: "ProofReport") -> None:
    from edge.install.proving.command import table  # noqa: PLC0415 - as above

    console().print(table(report), markup=False, highlight=False)
    failed = sum(not check.passed for check in report.checks)
    typer.echo(
        "all has passed: the home is live" if not failed else f"{failed} of {len(report.checks)} have not passed"
    )
