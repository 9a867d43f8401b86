"""The installer's commands, in their order: `enrol`, `service install`, `pair`, `prove`, `replace`."""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from edge.command_line import (
    DEFAULT_CONFIG,
    DEFAULT_DATA,
    REFUSED,
    ConfigOption,
    JsonOption,
    refuse,
)
from edge.errors import EdgeError
from edge.logs import set_up_logs
from protocols.configuration import ConfigurationError

service_app = typer.Typer(help="The gateway as a service of this machine.", no_args_is_help=True)

DataOption = Annotated[Path, typer.Option(help="The data folder that a new configuration names.")]


def add_install_commands(app: typer.Typer) -> None:
    app.command(epilog="Example: doorstep-edge enrol --server https://centre.example:8443 --code K7QM-4XNT-9PW4")(enrol)
    app.add_typer(service_app, name="service")


def enrol(
    *,
    config: ConfigOption = DEFAULT_CONFIG,
    server: Annotated[str, typer.Option(help="The centre's enrolment: https://HOST:PORT.")] = "",
    code: Annotated[
        str, typer.Option(help="The code that the centre drew for this gateway; it is good once. Left out: asked for.")
    ] = "",
    link: Annotated[str, typer.Option(help="In place of both: what the claim's QR says, doorstep:enrol?...")] = "",
    data: DataOption = DEFAULT_DATA,
    as_json: JsonOption = False,
) -> None:
    """Make this machine the gateway that a code is for: its key, its certificate, its configuration.

    After a power cut it is called again with the same code. Exit code 1: not enrolled.
    """
    from edge.install import enrolling  # noqa: PLC0415 - slow to load: --help does not need it
    from edge.whole_file import hand_over  # noqa: PLC0415

    set_up_logs()
    if server and not code and sys.stdin.isatty():
        code = typer.prompt("Code", err=True)
    try:
        done = enrolling.enrol_machine(enrolling.claim_of(server, code, link), config, data)
        for folder in (done.config.parent, done.data):
            hand_over(folder)
        started = _restart()
    except (ConfigurationError, ValueError) as error:
        refuse(str(error), REFUSED)
    except EdgeError as error:
        refuse(str(error))
    except OSError as error:
        refuse(f"{error.filename or data}: the identity cannot be kept: {error.strerror or error}")
    if as_json:
        told = {
            "gateway": done.gateway,
            "home": done.home,
            "broker": done.broker,
            "certificate_ends_at": done.certificate_ends_at.isoformat(),
            "authority": done.fingerprint,
            "config": str(done.config),
            "service_started": started,
        }
        typer.echo(json.dumps(told))
        return
    ends = f"{done.certificate_ends_at:%Y-%m-%d}"
    typer.echo(f"this machine is {done.gateway} of {done.home}; its certificate ends on {ends} and renews itself")
    typer.echo(f"the authority that it believes: {done.fingerprint}")
    typer.echo(f"{done.config} names the centre")
    if not started:
        typer.echo("next: doorstep-edge service install")


@service_app.command(epilog="Example: sudo doorstep-edge service install")
def install(
    *,
    config: ConfigOption = DEFAULT_CONFIG,
    data: DataOption = DEFAULT_DATA,
    root: Annotated[Path, typer.Option(help="Write the files below this folder only; nothing is started.")] = Path("/"),
    as_json: JsonOption = False,
) -> None:
    """Have systemd start the gateway now and at every start of the machine, watch it, and keep it apart.

    Makes the user doorstep, its folders, and the unit. A second time it changes nothing. Exit code 1: not installed.
    """
    from edge.install import service  # noqa: PLC0415 - slow to load: --help does not need it

    try:
        done = service.install(config, data, root)
    except EdgeError as error:
        refuse(str(error))
    except OSError as error:
        refuse(f"{error.filename}: cannot be written: {error.strerror}; are you root?")
    if as_json:
        told = {"files": [str(file) for file in done.files], "changed": done.changed, "started": done.started}
        typer.echo(json.dumps(told))
        return
    for file in done.files:
        typer.echo(f"{file} {'is written' if done.changed else 'is as it should be'}")
    typer.echo(
        "the gateway runs" if done.started else "the gateway is not started: enrol first, or start it by systemctl"
    )


def _restart() -> bool:
    from edge.install.service import restart_if_installed  # noqa: PLC0415 - as above

    return restart_if_installed()
