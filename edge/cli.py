"""`doorstep-edge`: the gateway's commands. A person reads sentences; exit codes are 0 well, 1 not well, 2 refused."""

import asyncio
import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from edge import structlog_alone  # noqa: F401 - before all that logs
from edge.addresses import need_address
from edge.catalogue import Catalogue, Model, Transport, find_catalogue, load_catalogue
from edge.clock import clock_from_environment
from edge.command_line import DEFAULT_CONFIG, AdapterOption, ConfigOption, console, refuse, settings_of
from edge.device_key import find_device_key
from edge.errors import EdgeError
from edge.home_commands import add_home_commands
from edge.home_zone import home_zone
from edge.install_commands import add_install_commands
from edge.logs import set_up_logs
from edge.look_commands import add_look_commands
from edge.processes import RUN, command_of
from edge.replace_commands import replace_app
from protocols.configuration import ConfigurationError
from protocols.reading import Reading

app = typer.Typer(
    name="doorstep-edge",
    help="The gateway in an elder's home: reads meters, sensors and the emergency button, and forwards them safely.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)


@app.command(epilog="Example: doorstep-edge run --config configs/edge.toml")
def run(config: ConfigOption = DEFAULT_CONFIG) -> None:
    """Run the gateway until SIGTERM or Ctrl-C."""
    settings_of(config)  # what is wrong with it is said here, once
    command = command_of(RUN, config)
    sys.stdout.flush()
    os.execv(command[0], command)  # noqa: S606 - our own process goes on in it: without typer, 15 MB lighter


CatalogueOption = Annotated[
    Path | None, typer.Option("--catalogue", help="The catalogue of models; default: the one beside the configuration.")
]


@app.command(epilog="Example: doorstep-edge devices --json")
def devices(
    catalogue: CatalogueOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON list for machines.")] = False,
) -> None:
    """List the models that can be read, and what each was proven against."""
    from edge.catalogue_table import catalogue_json, catalogue_table  # noqa: PLC0415 - slow to load: --help does not need it

    known = _catalogue(catalogue)
    if as_json:
        typer.echo(catalogue_json(known))
    else:
        console().print(catalogue_table(known), markup=False, highlight=False)


@app.command(epilog="Example: doorstep-edge scan --seconds 20 --json")
def scan(
    seconds: Annotated[
        float, typer.Option(min=1.0, help="How long to listen; a meter may have to be switched on.")
    ] = 10.0,
    adapter: AdapterOption = "",
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line for machines.")] = False,
) -> None:
    """List the Bluetooth devices that are heard, with what each probably is. Nothing is connected to."""
    from edge.readout import scan as listening  # noqa: PLC0415 - bleak takes a second to import

    set_up_logs()
    try:
        found = asyncio.run(listening.scan(seconds, adapter))
    except EdgeError as error:
        refuse(str(error), 1)
    if as_json:
        typer.echo(listening.on_air_json(found), nl=bool(found))
    else:
        console().print(listening.on_air_table(found), markup=False, highlight=False)
        typer.echo(listening.conclusion(found))


@app.command(
    epilog="Examples: doorstep-edge read --port /dev/ttyUSB0 --driver auto --json; "
    "doorstep-edge read --ble C0:FF:EE:00:01:01 --passkey 294016"
)
def read(
    *,
    port: Annotated[str, typer.Option(help="A serial port: its path, or usb:VENDOR:PRODUCT.")] = "",
    ble: Annotated[
        str, typer.Option(help="A Bluetooth meter: AA:BB:CC:DD:EE:FF, as `doorstep-edge scan` shows it.")
    ] = "",
    driver: Annotated[
        str, typer.Option(help="A model that `doorstep-edge devices` lists, or auto: asked, never written to.")
    ] = "auto",
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line for machines.")] = False,
    time_zone: Annotated[str, typer.Option(help="Of the home, such as Asia/Shanghai; default: this machine's.")] = "",
    listen: Annotated[
        float,
        typer.Option(min=1.0, help="Seconds to wait for a meter that has to be switched on or to measure first."),
    ] = 60.0,
    passkey: Annotated[
        int | None, typer.Option(min=0, max=999999, help="Six digits of a Bluetooth meter that shows some.")
    ] = None,
    key_file: Annotated[
        Path | None, typer.Option(help="32 hexadecimal digits in a file of mode 0600, for meters that know a key.")
    ] = None,
    adapter: AdapterOption = "",
    catalogue: CatalogueOption = None,
) -> None:
    """Read all that a meter holds, once. Nothing is erased, remembered or sent. Exit code 1: not read to its end.

    Some Bluetooth cuffs forget by themselves what they have told: of these, what is shown here is the only copy.
    """
    from edge.readout.lines import HEADING, json_line, text_line  # noqa: PLC0415 - slow to load: --help does not need it

    set_up_logs()
    known = _catalogue(catalogue)
    wire = Transport.BLUETOOTH if ble else Transport.SERIAL
    model = None if driver == "auto" else _model(driver, known, wire)
    try:
        zone, clock = home_zone(time_zone), clock_from_environment()
        key = find_device_key("--key-file", "", "", "" if key_file is None else str(key_file), Path())
        address = need_address("--ble", ble) if ble else ""
    except (ConfigurationError, ValueError) as error:
        refuse(str(error), 2)
    if bool(port) == bool(ble):
        refuse("give either --port (a meter on a cable) or --ble (a Bluetooth meter)", 2)
    line = json_line if as_json else text_line

    def tell(reading: Reading) -> None:
        typer.echo(line(reading))

    if not as_json:
        typer.echo(HEADING)
    try:
        if address:
            from edge.readout.ble_address import BleReader  # noqa: PLC0415 - slow to load: --help does not need it

            over_air = BleReader(address, known, zone, clock, tell, passkey, key, adapter, listen)
            found = asyncio.run(over_air.read(model))
        else:
            from edge.readout.serial_port import SerialReader  # noqa: PLC0415 - slow to load: --help does not need it

            on_cable = SerialReader(port, known, zone, clock, tell=tell, listen_s=listen)
            found = on_cable.read_any() if model is None else on_cable.read(model)
    except (EdgeError, ValueError) as error:
        refuse(str(error), 2 if isinstance(error, ValueError) else 1)
    typer.echo(found.sentence(known), err=True)


def _catalogue(path: Path | None) -> Catalogue:
    try:
        return load_catalogue(path or find_catalogue(DEFAULT_CONFIG.parent))
    except ConfigurationError as error:
        refuse(str(error), 2)


def _model(name: str, catalogue: Catalogue, transport: Transport) -> str:
    """A model by its own name or, where no entry has that, by its driver's."""
    fits: dict[str, Model] = {known: model for known, model in catalogue.items() if model.transport is transport}
    found = next((known for known, model in fits.items() if name in (known, model.driver)), None)
    if found is None:
        refuse(f"--driver: expected auto or one of {', '.join(fits)}, got {name!r}", 2)
    return found


add_install_commands(app)
add_home_commands(app)
add_look_commands(app)
app.add_typer(replace_app, name="replace")


def main() -> None:
    """The console script."""
    os.umask(0o077)  # databases, locks and logs of a home are its own
    app()
