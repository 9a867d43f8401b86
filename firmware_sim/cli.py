"""`doorstep-sim`: a simulated home, a single serial meter, or what lives there are to choose from."""

import asyncio
import json
import sys
from datetime import date
from pathlib import Path
from typing import Annotated, NoReturn

import msgspec
import structlog
import typer

from firmware_sim.clock import Clock, clock_from_environment
from firmware_sim.modem.faults import FAULTS as MODEM_FAULTS
from firmware_sim.serial.faults import FAULTS, UnknownFault
from firmware_sim.serial.models import CUFFS, MODELS, UnknownModel
from protocols.configuration import ConfigurationError

main = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Devices that speak their real wire protocol, for trying a gateway without buying one.",
)


@main.command()
def home(
    home: Annotated[Path, typer.Option(help="The home's configuration, like configs/home.toml.")],
    run_file: Annotated[
        Path, typer.Option(help="Written when everything is up: bus address, serial port, control socket.")
    ],
    live: Annotated[
        bool, typer.Option(help="The elder's day goes on; without, only commands make things happen.")
    ] = True,
) -> None:
    """A whole home: Bluetooth meters, sensor and button behind a private D-Bus, a serial meter, and an elder.

    Example: doorstep-sim home --home configs/home.toml --run-file home.run.json

    A gateway is pointed at it by DBUS_SYSTEM_BUS_ADDRESS (bus_address of the run file). Ends with 0 on SIGTERM or
    SIGINT, or when the process that started it has died; with 1 when it cannot start or breaks; with 2 for a wrong
    configuration.
    """
    from firmware_sim.bluez.errors import BluezStartError  # noqa: PLC0415 - the stacks load slowly; --help need not wait
    from firmware_sim.home_config import read_home_config  # noqa: PLC0415
    from firmware_sim.home_process import run_home  # noqa: PLC0415

    _write_logs()
    clock = _clock()
    try:
        config = read_home_config(home)
    except ConfigurationError as error:
        _fail(str(error), 2)
    try:
        problem = asyncio.run(run_home(config, clock, run_file, live=live))
    except (BluezStartError, ValueError, OSError) as error:
        _fail(f"{home}: {error}", 1)
    if problem is not None:
        _fail(problem, 1)


@main.command()
def meter(
    model: Annotated[str, typer.Argument(help=f"One of: {', '.join((*MODELS, *CUFFS))}.")],
    *,
    link: Annotated[Path, typer.Option(help="The path at which programs open the meter's serial line.")],
    readings: Annotated[
        Path | None,
        typer.Option(
            help="CSV: at (ISO 8601, local) and glucose_mg_dl, perhaps meal, control_solution; or at, systolic_mm_hg, "
            "diastolic_mm_hg, pulse_per_minute; default: invented."
        ),
    ] = None,
    clock_offset: Annotated[float, typer.Option(help="Seconds by which the meter's clock is fast.")] = 0.0,
    serial_number: Annotated[str, typer.Option(help="Default: one of the model's form.")] = "",
    fault: Annotated[str, typer.Option(help=f"What is wrong with it: {', '.join(FAULTS)}.")] = "",
) -> None:
    """One serial meter on a pseudo-terminal.

    Example: doorstep-sim meter onetouch-ultraeasy --link glucometer-port

    Ends with 0 on SIGTERM, SIGINT or when the process that started it has died, with 2 for wrong arguments.
    """
    from firmware_sim.serial.readings_file import BadReadings  # noqa: PLC0415 - as above
    from firmware_sim.serial.single_meter import run_meter  # noqa: PLC0415

    _write_logs()
    try:
        asyncio.run(
            run_meter(
                model,
                link,
                _clock(),
                readings=readings,
                clock_offset_s=clock_offset,
                serial_number=serial_number,
                fault=fault,
            )
        )
    except (UnknownModel, UnknownFault, BadReadings, OSError) as error:
        _fail(str(error), 2)


@main.command()
def ble(
    models: Annotated[list[str], typer.Argument(help="Which devices; `doorstep-sim models` lists them.")],
    *,
    hci: Annotated[
        str, typer.Option(help="Where a Bluetooth stack finds its controller: tcp-server:HOST:PORT, port 0 for any.")
    ],
    address: Annotated[
        str, typer.Option(help="Of the first device (static random); the others count on from it.")
    ] = "C0:FF:EE:00:0B:01",
    readings: Annotated[
        Path | None,
        typer.Option(
            help="CSV: at, and glucose_mg_dl or systolic_mm_hg, diastolic_mm_hg, pulse_per_minute; default: invented."
        ),
    ] = None,
    clock_offset: Annotated[float, typer.Option(help="Seconds by which the devices' clocks are fast.")] = 0.0,
    serial_number: Annotated[str, typer.Option(help="Default: one of the model's form.")] = "",
    passkey: Annotated[int | None, typer.Option(help="Six digits on the display, for pairing; default: none.")] = None,
) -> None:
    """Bluetooth devices for any program that speaks HCI: a host stack takes them for a dongle with a street around it.

    Example: doorstep-sim ble bluetooth-glucose microlife-b6 --hci tcp-server:127.0.0.1:9600

    Prints where the controller is (tcp-client:HOST:PORT) when all is on the air. Ends with 0 on SIGTERM, SIGINT or
    when the process that started it has died, with 2 for wrong arguments.
    """
    from firmware_sim.peripherals.models import UnknownBleModel  # noqa: PLC0415 - as above
    from firmware_sim.single_ble import BadHci, Wanted, run_ble  # noqa: PLC0415

    _write_logs()
    wanted = Wanted(address, readings, clock_offset, serial_number, passkey)
    try:
        asyncio.run(run_ble(models, hci, _clock(), wanted))
    except (UnknownBleModel, BadHci, ValueError, OSError) as error:
        _fail(str(error), 2)


@main.command()
def modem(
    link: Annotated[list[Path], typer.Option(help="The path of a modem's serial line; once for each modem.")],
    *,
    number: Annotated[list[str] | None, typer.Option(help="Telephone numbers, one for each --link.")] = None,
    pin: Annotated[str, typer.Option(help="What their SIMs ask for; default: nothing.")] = "",
    fault: Annotated[str, typer.Option(help=f"What is wrong with the first: {', '.join(MODEM_FAULTS)}.")] = "",
    inbox: Annotated[
        Path | None, typer.Option(help="Texts to numbers that no modem here has become lines of JSON in this file.")
    ] = None,
) -> None:
    """GSM modems on pseudo-terminals, joined by a simulated network: what one sends, another receives.

    Example: doorstep-sim modem --link home-modem --link centre-modem --number +8613800000001 --number +8613800000002

    Ends with 0 on SIGTERM, SIGINT or when the process that started it has died, with 2 for wrong arguments.
    """
    from firmware_sim.modem.joined_modems import run_modems  # noqa: PLC0415 - as above

    _write_logs()
    try:
        asyncio.run(run_modems(link, _clock(), numbers=number or (), pin=pin, fault=fault, inbox=inbox))
    except (ValueError, OSError) as error:
        _fail(str(error), 2)


@main.command()
def models() -> None:
    """The devices that `meter` (serial) and `ble` (Bluetooth) offer, by the names of the gateway's catalogue."""
    from firmware_sim.peripherals.models import BLE_MODELS  # noqa: PLC0415 - as above
    from firmware_sim.serial.models import CUFFS  # noqa: PLC0415

    serial = {name: model.title for name, model in MODELS.items()} | {name: cuff.title for name, cuff in CUFFS.items()}
    bluetooth = {name: device.title for name, device in BLE_MODELS.items()}
    for wire, titles in (("serial", serial), ("bluetooth", bluetooth)):
        for name, title in titles.items():
            typer.echo(f"{wire:9}  {name:24}  {title}")


@main.command()
def tell(
    run_file: Annotated[Path, typer.Argument(help="The run file of a home that is up.")],
    what: Annotated[
        str,
        typer.Argument(
            help="measure_pressure, measure_glucose, press, motion, shower, deafen, hear, meters or records."
        ),
    ],
    values: Annotated[list[str] | None, typer.Argument(help="Its values, as NAME=VALUE.")] = None,
) -> None:
    """Has something happen in a simulated home, and prints the home's answer as JSON.

    Example: doorstep-sim tell home.run.json measure_pressure systolic=186 diastolic=112 pulse=84

    Ends with 1 when the home cannot do it, with 2 for wrong arguments.
    """
    from firmware_sim.control import Command, HomeControl, NotDone  # noqa: PLC0415 - as above

    fields = dict(value.partition("=")[::2] for value in values or [])
    try:
        command = msgspec.convert({"do": what, **fields}, type=Command, strict=False)
        socket_path = json.loads(run_file.read_text(encoding="utf-8"))["control_socket"]
        with HomeControl(socket_path) as control:
            typer.echo(json.dumps(control.do(command)))
    except msgspec.ValidationError as error:
        _fail(f"{what}: {error}", 2)
    except (OSError, json.JSONDecodeError, KeyError) as error:
        _fail(f"{run_file}: no home is up there ({error}); start one with `doorstep-sim home`", 2)
    except NotDone as error:
        _fail(str(error), 1)


@main.command()
def lives() -> None:
    """The lives that a home can be given: people of the TIHM excerpt, with what their days hold."""
    from firmware_sim.lives import tihm  # noqa: PLC0415
    from firmware_sim.lives.events import PressureTaken  # noqa: PLC0415

    for person in tihm.PEOPLE:
        excerpt = tihm.read_excerpt(person, date(2026, 1, 1))
        events = [event for day in excerpt.days.values() for event in day]
        pressures = sum(isinstance(event, PressureTaken) for event in events)
        motions = len(events) - pressures
        days = 1 - excerpt.first_day
        typer.echo(f"{person}  {days} days, {pressures} blood pressures, {motions} bathroom movements")
    typer.echo("TIHM dataset, CC BY 4.0; see firmware_sim/lives/ATTRIBUTION.md. Glucose and showers are generated.")


def _clock() -> Clock:
    try:
        return clock_from_environment()
    except ValueError as error:
        _fail(str(error), 2)


def _write_logs() -> None:
    """Readable on a terminal, JSON elsewhere; on standard error."""
    renderer: structlog.typing.Processor = (
        structlog.dev.ConsoleRenderer()
        if sys.stderr.isatty()
        else structlog.processors.JSONRenderer(ensure_ascii=False)
    )
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            renderer,
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


def _fail(sentence: str, code: int) -> NoReturn:
    typer.echo(f"doorstep-sim: {sentence}", err=True)
    raise typer.Exit(code)
