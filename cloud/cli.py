"""`doorstep-cloud`: the centre's commands. A stage's code is loaded only when its command runs."""

import errno
import importlib
import json
import os
import threading
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from cloud.audit_commands import audit_app
from cloud.backtest_commands import backtest_app
from cloud.command_line import (
    DEFAULT_CONFIG,
    ConfigOption,
    DataOption,
    connected,
    database_errors,
    load_config,
    sentences,
)
from cloud.community_commands import community_app
from cloud.demand_commands import demand_app
from cloud.escalation_commands import escalation_app
from cloud.import_commands import import_app
from cloud.letter_commands import letters_app
from cloud.limit_commands import limits_app
from cloud.model_commands import model_app
from cloud.people_commands import staff_app, token_app
from cloud.privacy_commands import elder_app
from cloud.proof_commands import proof_app
from cloud.release_commands import release_app
from cloud.remote_commands import config_app
from cloud.replay_commands import replay_app
from cloud.time_bank_commands import time_bank_app
from cloud.trust_commands import add_trust_commands
from protocols.configuration import ConfigurationError

app = typer.Typer(
    help="Doorstep's centre: readings and alarms come in, visits go out.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@app.command()
def up(
    config: ConfigOption = DEFAULT_CONFIG,
    data: DataOption = None,
    seed: Annotated[Path | None, typer.Option(help="A community file to load before the stages start.")] = None,
) -> None:
    """Runs the whole centre on this machine until Ctrl-C.

    Database and broker are embedded unless the configuration names addresses.

    Example: doorstep-cloud up --config configs/cloud.toml --data ./data --seed configs/community.toml
    """
    from cloud.clock import clock_from_environment  # noqa: PLC0415 - `--help` must be quick
    from cloud.logs import set_up_logs  # noqa: PLC0415
    from cloud.process import stop_on_signals  # noqa: PLC0415
    from cloud.registry.community import read_community  # noqa: PLC0415
    from cloud.stages.centre import Centre  # noqa: PLC0415

    with sentences():
        loaded = load_config(config, data)
        community = None if seed is None else read_community(seed)
        clock_from_environment()  # before the stages read it, each for itself
        set_up_logs("up")
        stop = threading.Event()
        stop_on_signals(stop.set)
        Centre(loaded, config, stop).run(
            community, lambda run: typer.echo(f"The centre is up: {run.web}  (Ctrl-C stops it)")
        )


def _run_stage(module: str, section: str, config: Path) -> None:
    from cloud.stages.addresses import addresses_when_up  # noqa: PLC0415
    from cloud.stages.stage import PORT_VARIABLE  # noqa: PLC0415

    with sentences():
        loaded = addresses_when_up(load_config(config), section)
        port = os.environ.get(PORT_VARIABLE)
        if port:
            if not port.isdecimal():
                raise ConfigurationError(f"{PORT_VARIABLE}: expected a port number, got {port!r}")
            part = msgspec.structs.replace(getattr(loaded, section), port=int(port))
            loaded = msgspec.structs.replace(loaded, **{section: part})
        stage = importlib.import_module(module)
        try:
            stage.run(loaded)
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
            raise ConfigurationError(f"{config}: {section}.port: the port is in use; choose another") from error


@app.command()
def ingest(config: ConfigOption = DEFAULT_CONFIG) -> None:
    """Readings from the broker into the database, receipts back. Start as many as you need."""
    _run_stage("cloud.readings.worker", "ingest", config)


@app.command()
def detect(config: ConfigOption = DEFAULT_CONFIG) -> None:
    """Looks at elders with news: limits and their own normal. Start as many as you need."""
    _run_stage("cloud.detection.worker", "detection", config)


@app.command()
def visits(config: ConfigOption = DEFAULT_CONFIG) -> None:
    """Makes visits of alerts, watches over promises, and carries hours to other time banks."""
    _run_stage("cloud.services.worker", "visits", config)


@app.command()
def alarms(config: ConfigOption = DEFAULT_CONFIG) -> None:
    """Takes alarms from the homes and tells the homes what becomes of them."""
    _run_stage("cloud.alarms.worker", "alarms", config)


@escalation_app.callback()
def escalation(context: typer.Context, config: ConfigOption = DEFAULT_CONFIG) -> None:
    """Watches over gateways, and tells people of alarms in steps until somebody takes them."""
    if context.invoked_subcommand is None:
        _run_stage("cloud.alarms.escalation.worker", "escalation", config)


app.add_typer(demand_app, name="demand")
app.add_typer(escalation_app)


@app.command()
def scaip(config: ConfigOption = DEFAULT_CONFIG) -> None:
    """Forwards alarms to an alarm-receiving centre as SCAIP."""
    _run_stage("cloud.alarms.scaip.worker", "scaip", config)


@app.command("sms-gateway")
def sms_gateway(config: ConfigOption = DEFAULT_CONFIG) -> None:
    """Reads a GSM modem: alarms that homes send by text, and texts that the centre sends."""
    _run_stage("cloud.sms_gateway.worker", "sms", config)


@app.command()
def web(config: ConfigOption = DEFAULT_CONFIG) -> None:
    """Pages, API and live events."""
    _run_stage("cloud.web.server", "web", config)


@app.command()
def enrolment(config: ConfigOption = DEFAULT_CONFIG) -> None:
    """Lets gateways enrol with a claim and renew their certificates. It alone uses the authority's key."""
    _run_stage("cloud.enrolment.worker", "trust", config)


class Contract(StrEnum):
    MQTT = "mqtt"
    HTTP = "http"


@app.command()
def contract(which: Annotated[Contract, typer.Argument(help="mqtt: AsyncAPI; http: OpenAPI.")]) -> None:
    """Prints the contract that others build on, as JSON made from the code.

    Example: doorstep-cloud contract mqtt > asyncapi.json
    """
    if which is Contract.MQTT:
        from protocols.telemetry.asyncapi import document  # noqa: PLC0415
    else:
        from cloud.web.app import openapi_document as document  # noqa: PLC0415
    typer.echo(json.dumps(document(), indent=2, ensure_ascii=False))


@app.command()
def migrate(config: ConfigOption = DEFAULT_CONFIG, data: DataOption = None) -> None:
    """Brings the database's schema to this version. Does nothing when it is there.

    Example: doorstep-cloud migrate --config /etc/doorstep/cloud.toml
    """
    from cloud.db.migrate import migrate as apply  # noqa: PLC0415
    from cloud.logs import set_up_logs  # noqa: PLC0415
    from cloud.stages.addresses import database_of  # noqa: PLC0415

    with sentences(), database_errors(), database_of(load_config(config, data), makes=True) as dsn:
        set_up_logs("migrate")
        migrated = apply(dsn)
        kind = "TimescaleDB" if migrated.timescale else "plain PostgreSQL"
        typer.echo(f"{len(migrated.applied)} files applied; the schema is up to date ({kind})")


@app.command()
def backup(
    file: Annotated[Path, typer.Argument(help="The file to make. It holds names and health data: keep it so.")],
    config: ConfigOption = DEFAULT_CONFIG,
    data: DataOption = None,
) -> None:
    """Writes the whole database to one file. The centre may go on working meanwhile.

    Example: doorstep-cloud backup centre-$(date +%F).doorstep
    """
    from cloud.db.backup import back_up  # noqa: PLC0415
    from cloud.stages.addresses import database_of  # noqa: PLC0415

    with sentences(), database_errors(), database_of(load_config(config, data)) as dsn:
        about = back_up(dsn, file)
        typer.echo(f"{file}: {file.stat().st_size} bytes, SHA-256 {about.sha256}")


@app.command()
def restore(
    file: Annotated[Path, typer.Argument(help="A file that `doorstep-cloud backup` made.")],
    erasures: Annotated[
        Path | None, typer.Option(help="The old centre's folder of erasures (privacy.erasures), for a new data folder.")
    ] = None,
    config: ConfigOption = DEFAULT_CONFIG,
    data: DataOption = None,
) -> None:
    """Fills an empty database from a back-up, and erases again whoever was erased since. `up` then goes on with it.

    Example: doorstep-cloud restore centre-2026-03-01.doorstep --data ./data-new --erasures ./data/erasures
    """
    from cloud.db.restore import restore as fill  # noqa: PLC0415
    from cloud.logs import set_up_logs  # noqa: PLC0415
    from cloud.privacy_commands import erase_again  # noqa: PLC0415
    from cloud.stages.addresses import database_of  # noqa: PLC0415

    with sentences(), database_errors(), database_of(loaded := load_config(config, data), makes=True) as dsn:
        set_up_logs("restore")
        about = fill(dsn, file)
        typer.echo(erase_again(dsn, loaded.erasures_folder, erasures))
        typer.echo(f"restored what was backed up at {about.made_at}; go on with `doorstep-cloud up` or `migrate`")


@app.command()
def seed(
    file: Annotated[Path, typer.Argument(help="A community file, such as configs/community.toml.")],
    config: ConfigOption = DEFAULT_CONFIG,
    data: DataOption = None,
) -> None:
    """Loads a community: regions, homes, elders, gateways, devices, staff. As often as you like.

    Example: doorstep-cloud seed configs/community.toml
    """
    import psycopg  # noqa: PLC0415

    from cloud.db.migrate import migrate as apply  # noqa: PLC0415
    from cloud.db.pool import connection_settings  # noqa: PLC0415
    from cloud.logs import set_up_logs  # noqa: PLC0415
    from cloud.privacy.erasure.erasing import without_erased  # noqa: PLC0415
    from cloud.privacy.erasure.ledger import known_ledger  # noqa: PLC0415
    from cloud.registry.community import read_community  # noqa: PLC0415
    from cloud.registry.seed import seed as load_community  # noqa: PLC0415
    from cloud.stages.addresses import database_of  # noqa: PLC0415

    with sentences(), database_errors():
        set_up_logs("seed")
        community = read_community(file)
        loaded = load_config(config, data)
        community = without_erased(community, known_ledger(loaded.erasures_folder))
        with database_of(loaded, makes=True) as dsn:
            apply(dsn)
            with psycopg.connect(dsn, **connection_settings("seed")) as connection:
                typer.echo(f"{load_community(connection, community)}: loaded")


@app.command()
def elder_link(
    code: Annotated[str, typer.Argument(help="The elder's code, as in the community file.")],
    config: ConfigOption = DEFAULT_CONFIG,
    data: DataOption = None,
) -> None:
    """Draws a new link to an elder's own page and the code beside it, and prints them, once. The old one stops working.

    Each browser asks for the code at the first time. The elder's page of consents draws a card with a QR code.

    Example: doorstep-cloud elder-link elder-1
    """
    import psycopg  # noqa: PLC0415

    from cloud.db.pool import connection_settings  # noqa: PLC0415
    from cloud.identity.links.model import draw  # noqa: PLC0415
    from cloud.identity.passwords import hash_password  # noqa: PLC0415
    from cloud.registry.store import set_link  # noqa: PLC0415
    from cloud.stages.addresses import database_of  # noqa: PLC0415

    with sentences(), database_errors(), database_of(load_config(config, data)) as dsn:
        link = draw()
        with psycopg.connect(dsn, **connection_settings("elder-link")) as connection:
            set_link(connection, code, link.token, hash_password(link.code))
        typer.echo(f"/e/{link.token}\ncode {link.spoken_code}")


@app.command("sms-key")
def sms_key(
    gateway: Annotated[str, typer.Argument(help="The gateway's name, as in the community file.")],
    phone: Annotated[str, typer.Option(help="Of the home's modem, such as +8613800000000; answers go there.")] = "",
    config: ConfigOption = DEFAULT_CONFIG,
    data: DataOption = None,
) -> None:
    """Draws a new key for the texts of a home and prints it, once. The old one stops working.

    Example: doorstep-cloud sms-key gw-home-1 --phone +8613800000001 > sms.key
    """
    from cloud.sms_gateway.drawing import draw_key  # noqa: PLC0415

    with connected(config, data, "sms-key") as connection:
        typer.echo(draw_key(connection, gateway, phone))


app.add_typer(backtest_app)
app.add_typer(replay_app)
app.add_typer(limits_app, name="limits")
app.add_typer(model_app, name="model")
app.add_typer(import_app)
app.add_typer(community_app)
app.add_typer(proof_app)
app.add_typer(audit_app, name="audit")
app.add_typer(time_bank_app, name="time-bank")
app.add_typer(elder_app, name="elder")
app.add_typer(staff_app, name="staff")
app.add_typer(token_app, name="token")
add_trust_commands(app)
app.add_typer(config_app, name="config")
app.add_typer(release_app, name="release")

app.add_typer(letters_app, name="dead-letters")


@app.command()
def plan(
    instance: Annotated[Path, typer.Option(help="Home health care routing and scheduling, JSON.")],
    out: Annotated[
        Path, typer.Option(help="The plan, JSON; written at once, and again whenever a better one is found.")
    ],
    seconds: Annotated[
        float, typer.Option(min=1.0, help="Time to search, start and end of the program included.")
    ] = 60.0,
    cores: Annotated[
        int | None, typer.Option(min=1, help="Searches at once; without it, one a core, four at most.")
    ] = None,
) -> None:
    """Plans a day of visits: who goes where, when, and where two people meet.

    Example: doorstep-cloud plan --instance day.json --seconds 60 --out plan.json
    """
    from cloud.visits.planning.command import plan_file, said  # noqa: PLC0415

    with sentences():
        typer.echo(said(plan_file(instance, seconds, out, cores=cores)))


def main() -> None:
    app()


if __name__ == "__main__":
    main()
