"""`replace export` at the old gateway, `replace import` at the new one."""

import os
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import msgspec
import typer

from edge.command_line import DEFAULT_CONFIG, REFUSED, ConfigOption, JsonOption, refuse
from edge.errors import EdgeError
from edge.reasons import reason_of
from protocols.configuration import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable

    from edge.install.replacing import Moved

T = TypeVar("T")

replace_app = typer.Typer(
    help="Move a home to a new gateway, without pairing again where bonds allow.", no_args_is_help=True
)
PASSPHRASE = "DOORSTEP_PASSPHRASE"  # noqa: S105 - the variable's name

FileArgument = Annotated[Path, typer.Argument(help="The file that moves.")]
BluetoothOption = Annotated[Path, typer.Option(help="Where bluetoothd keeps its bonds.")]


@replace_app.command("export", epilog="Example: sudo doorstep-edge replace export /media/usb/home-7.doorstep")
def export(
    file: FileArgument,
    config: ConfigOption = DEFAULT_CONFIG,
    bluetooth: BluetoothOption = Path("/var/lib/bluetooth"),
    as_json: JsonOption = False,
) -> None:
    """At the old gateway, which is stopped: configuration, keys, bonds and what waits, into one sealed file.

    The passphrase is asked for, or taken from DOORSTEP_PASSPHRASE. Exit code 1: not written.
    """
    from edge.install import replacing  # noqa: PLC0415 - slow to load: --help does not need it

    _sentences(lambda: replacing.check_export(config, file))
    passphrase = _passphrase(again=True)
    moved = _sentences(lambda: replacing.export(config, file, passphrase, bluetooth))
    _tell(moved, as_json=as_json)
    if not as_json:
        typer.echo(f"next: `doorstep-cloud claim {moved.gateway}`, then enrol the new machine and `replace import`")


@replace_app.command("import", epilog="Example: sudo doorstep-edge replace import /media/usb/home-7.doorstep")
def take_in(
    file: FileArgument,
    config: ConfigOption = DEFAULT_CONFIG,
    bluetooth: BluetoothOption = Path("/var/lib/bluetooth"),
    as_json: JsonOption = False,
) -> None:
    """At the new gateway, which is enrolled and has measured nothing yet. A second time it does the same.

    Bonds move where the adapter moves (a USB stick), or has the same address. Exit code 1: not moved.
    """
    from edge.install import replacing, service  # noqa: PLC0415 - as above

    _sentences(lambda: replacing.check_import(config, file))
    passphrase = _passphrase(again=False)
    moved = _sentences(lambda: replacing.take_in(config, file, passphrase, bluetooth))
    _tell(moved, as_json=as_json)
    if not as_json:
        for address in moved.to_pair:
            typer.echo(f"{address} has to be put into pairing mode once: this machine's adapter is new to it")
        started = _sentences(service.restart_if_installed)
        typer.echo(f"next: {'' if started else 'doorstep-edge service install, then '}doorstep-edge prove")


def _tell(moved: "Moved", *, as_json: bool) -> None:
    if as_json:
        typer.echo(msgspec.json.encode(asdict(moved)).decode())
        return
    typer.echo(
        f"{moved.gateway}: {moved.devices} devices, {len(moved.bonds)} bonds, {moved.waiting} readings that wait"
    )


def _passphrase(*, again: bool) -> str:
    given = os.environ.get(PASSPHRASE, "")
    if not given and not sys.stdin.isatty():
        refuse(f"nobody is here to type a passphrase: set {PASSPHRASE}", REFUSED)
    return given or str(typer.prompt("Passphrase", hide_input=True, confirmation_prompt=again, err=True))


def _sentences(work: "Callable[[], T]") -> T:
    try:
        return work()
    except ConfigurationError as error:
        refuse(str(error), REFUSED)
    except EdgeError as error:
        refuse(str(error))
    except OSError as error:
        refuse(f"{error.filename}: {reason_of(error)}; are you root?")
