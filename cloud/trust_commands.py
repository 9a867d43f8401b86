"""Commands of trust: `ca`, `home new` and `claim`."""

import json
import sys
import zoneinfo
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cloud.command_line import DEFAULT_CONFIG, ConfigOption, DataOption, connected, load_config, sentences
from protocols.configuration import ConfigurationError

if TYPE_CHECKING:
    from cloud.config import CloudConfig
    from cloud.identity.authority.authority import Authority
    from cloud.identity.claims.store import Connection

JsonOption = Annotated[bool, typer.Option("--json", help="For programs.")]

ca_app = typer.Typer(help="The centre's certificate authority.", no_args_is_help=True)
home_app = typer.Typer(help="Homes: make one, with a code for its gateway.", no_args_is_help=True)


def add_trust_commands(app: typer.Typer) -> None:
    """`ca ...`, `home ...` and `claim` become commands of `app`."""
    app.add_typer(ca_app, name="ca")
    app.add_typer(home_app, name="home")
    app.command()(claim)


@ca_app.command("init")
def init_authority(config: ConfigOption = DEFAULT_CONFIG, data: DataOption = None) -> None:
    """Makes the authority where there is none yet (`up` does it by itself), and prints its fingerprint.

    Example: doorstep-cloud ca init --config configs/cloud.toml
    """
    with sentences():
        loaded = load_config(config, data)
        typer.echo(_authority(loaded).fingerprint)
        typer.echo(f"its key is in {loaded.authority_folder}: back that folder up, and keep it from others", err=True)


@ca_app.command("show")
def show_authority(config: ConfigOption = DEFAULT_CONFIG, data: DataOption = None, in_json: JsonOption = False) -> None:
    """Shows the authority, and every gateway's certificate with the days that it has left.

    Example: doorstep-cloud ca show --json
    """
    from cloud.identity.gateways import store  # noqa: PLC0415 - `--help` must be quick

    with sentences():
        authority = _authority(load_config(config, data))
    now = datetime.now(UTC)
    with connected(config, data, "ca") as connection:
        found = store.certificates(connection, now)
    ends = authority.certificate.not_valid_after_utc
    if in_json:
        rows = [
            {
                "gateway": held.gateway,
                "home": held.home,
                "serial": held.serial,
                "ends_at": held.ends_at.isoformat(),
                "days_left": (held.ends_at - now).days,
                "revoked_at": None if held.revoked_at is None else held.revoked_at.isoformat(),
                "revoked_why": held.revoked_why,
            }
            for held in found
        ]
        told = {"fingerprint": authority.fingerprint, "ends_at": ends.isoformat(), "certificates": rows}
        typer.echo(json.dumps(told, indent=2))
        return
    typer.echo(f"authority {authority.fingerprint}, until {ends:%Y-%m-%d}")
    for held in found:
        left = f"{(held.ends_at - now).days} days left"
        state = left if held.revoked_at is None else f"revoked ({held.revoked_why})"
        typer.echo(f"{held.gateway:<24} {held.serial[:16]}  {state}")


@ca_app.command("revoke")
def revoke_gateway(
    gateway: Annotated[str, typer.Argument(help="The gateway's name.")],
    why: Annotated[str, typer.Option(help="For the record: stolen, sold, broken.")] = "by hand",
    config: ConfigOption = DEFAULT_CONFIG,
    data: DataOption = None,
) -> None:
    """Shuts a gateway out: its certificates and open codes end now, its connections within a minute.

    Example: doorstep-cloud ca revoke gw-home-7 --why stolen
    """
    from cloud.identity.gateways import store  # noqa: PLC0415

    with connected(config, data, "ca") as connection, connection.transaction():
        ended = store.revoke(connection, gateway, datetime.now(UTC), why)
        store.end_claims(connection, gateway)
    typer.echo(f"{gateway}: {ended} certificates revoked; `doorstep-cloud claim {gateway}` lets it in again")


class BrokerKind(StrEnum):
    MOSQUITTO = "mosquitto"
    EMQX = "emqx"


@ca_app.command("rules")
def broker_rules(
    kind: Annotated[BrokerKind, typer.Argument(help="mosquitto: an acl_file; emqx: an acl.conf.")],
    inner_network: Annotated[
        str, typer.Option(help="Where the centre's processes come from, for EMQX.")
    ] = "10.89.0.0/24",
) -> None:
    """Prints the access rules for a broker of one's own: a gateway says and hears below its own name only.

    Example: doorstep-cloud ca rules mosquitto > /etc/doorstep/mosquitto.acl
    """
    from cloud.identity.authority.access import emqx_rules, mosquitto_rules  # noqa: PLC0415

    typer.echo(mosquitto_rules() if kind is BrokerKind.MOSQUITTO else emqx_rules(inner_network), nl=False)


@home_app.command("new")
def new_home(
    *,
    community: Annotated[str, typer.Option(help="The code of the community that it lies in.")],
    address: Annotated[str, typer.Option(help="Where to find it.")],
    elder: Annotated[str, typer.Option(help="The name of who lives there.")] = "",
    code: Annotated[str, typer.Option(help="Of the home; left out: the next home-NUMBER.")] = "",
    elder_code: Annotated[str, typer.Option(help="Of the elder; left out: elder-CODE.")] = "",
    door_note: Annotated[str, typer.Option(help="How one gets in.")] = "",
    time_zone: Annotated[str, typer.Option(help="Such as Asia/Shanghai.")] = "Asia/Shanghai",
    config: ConfigOption = DEFAULT_CONFIG,
    data: DataOption = None,
    in_json: JsonOption = False,
) -> None:
    """Makes a home with its gateway, and prints the code with which a machine becomes that gateway, once.

    Example: doorstep-cloud home new --community 310101001001 --address "3 Ferry Road, 502" --elder "Mrs Li"
    """
    from cloud.registry.new_home.store import make_home  # noqa: PLC0415

    with sentences():
        if time_zone not in zoneinfo.available_timezones():
            raise ConfigurationError(f"--time-zone: {time_zone!r} is no IANA zone such as 'Asia/Shanghai'")
        if not address.strip():
            raise ConfigurationError("--address: expected where to find the home")
        loaded = load_config(config, data)
        authority = _authority(loaded)
    with connected(config, data, "home") as connection, connection.transaction():
        try:
            home, gateway = make_home(
                connection,
                community=community,
                address=address,
                code=code,
                door_note=door_note,
                time_zone=time_zone,
                elder=elder,
                elder_code=elder_code,
            )
        except ValueError as error:
            raise ConfigurationError(f"--code: {error}") from error
        _tell_claim(connection, loaded, authority, gateway, home, in_json=in_json)


def claim(
    gateway: Annotated[str, typer.Argument(help="The gateway's name.")],
    config: ConfigOption = DEFAULT_CONFIG,
    data: DataOption = None,
    in_json: JsonOption = False,
) -> None:
    """Draws a new code for a gateway that is registered: a new machine, or one that was away for too long.

    Example: doorstep-cloud claim gw-home-7
    """
    with sentences():
        loaded = load_config(config, data)
        authority = _authority(loaded)
    with connected(config, data, "claim") as connection, connection.transaction():
        _tell_claim(connection, loaded, authority, gateway, "", in_json=in_json)


def _authority(config: "CloudConfig") -> "Authority":
    from cloud.identity.authority.files import AuthorityFolder  # noqa: PLC0415
    from cloud.logs import set_up_logs  # noqa: PLC0415

    set_up_logs("ca")
    if not config.trust.names:
        raise ConfigurationError("trust.names is empty: name there how gateways reach this machine (docs/trust.md)")
    return AuthorityFolder(Path(config.authority_folder)).open(datetime.now(UTC))


def _tell_claim(
    connection: "Connection",
    config: "CloudConfig",
    authority: "Authority",
    gateway: str,
    home: str,
    *,
    in_json: bool,
) -> None:
    """Prints the code where the transaction can still fail only with the machine."""
    from cloud.enrolment.worker import addresses  # noqa: PLC0415
    from cloud.identity.claims.store import draw_claim  # noqa: PLC0415
    from protocols.enrolment.link import ClaimLink  # noqa: PLC0415

    code, ends_at = draw_claim(connection, gateway, datetime.now(UTC))
    server = addresses(config).server
    link = ClaimLink(server, code, authority.fingerprint)
    if in_json:
        told = {
            "gateway": gateway,
            "home": home,
            "code": str(code),
            "server": server,
            "fingerprint": authority.fingerprint,
            "link": str(link),
            "ends_at": ends_at.isoformat(),
        }
        typer.echo(json.dumps({key: value for key, value in told.items() if value}, indent=2))
        return
    import segno  # noqa: PLC0415

    segno.make(str(link), micro=False).terminal(out=sys.stdout, compact=True)
    typer.echo(f"{gateway}: code {code}, once, until {ends_at:%Y-%m-%d %H:%M} UTC")
    typer.echo(f"on the gateway: doorstep-edge enrol --server {server} --code {code}")
