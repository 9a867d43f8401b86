"""The one configuration of the centre's processes (configs/cloud.toml), read once at start."""

import os
import re
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

import msgspec

from cloud.routes_config import Routes
from cloud.time_bank_config import TimeBank
from protocols.configuration import ConfigurationError, decode_configuration
from protocols.reading import Metric

_HOST_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.:-]{0,251}[A-Za-z0-9])?")

LEAST_AUDIT_DAYS = 180
"""The database refuses to forget earlier."""
ENVIRONMENT = (
    Metric.HUMIDITY,
    Metric.AMBIENT_TEMPERATURE,
    Metric.MOTION,
    Metric.CONTACT,
    Metric.FLOW,
    Metric.MOISTURE,
    Metric.DEVICE_BATTERY,
)
"""What is not of a person's body, and comes all day."""


class Database(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    dsn: str = "embedded"
    """`embedded`, or a libpq connection string of a server with or without TimescaleDB."""
    pool_size: int = 8
    read_dsn: str = ""
    """Of a replica, for pages that only read; empty: none."""
    read_behind_s: Annotated[float, msgspec.Meta(gt=0)] = 10.0
    """A replica that is further behind is not asked."""


class Broker(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    url: str = "embedded"
    """`embedded`, or `mqtt://HOST:PORT`."""


class Up(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    port: int = 0
    """Where `up` itself says how database, broker and stages are."""


class Ingest(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    batch_readings: int = 5000
    linger_ms: int = 20
    lanes: Annotated[int, msgspec.Meta(ge=1, le=64)] = 2
    """Batches on their way at the same time; a gateway's letters keep to one lane."""
    receipt_key: str = "receipt-key.pem"
    """File of the key that signs receipts, made at the first start; a relative path starts at `data`."""
    port: int = 0


Days = Annotated[int, msgspec.Meta(ge=0)]


class Retention(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    days: dict[Metric, Annotated[int, msgspec.Meta(ge=31)]] = msgspec.field(
        default_factory=lambda: dict.fromkeys(ENVIRONMENT, 400)
    )
    """How long at least a metric's readings are kept; what is not named is kept for ever. Figures stay."""
    alarms_days: Days = 1826
    """Calls for help after they were closed, with steps, notices and drills; 0 in these six: for ever."""
    audit_days: Days = 1096
    """Lines of who saw and changed what; at least 180, or 0."""
    dead_letters_days: Days = 90
    sessions_days: Days = 30
    """After they ended."""
    notices_days: Days = 365
    """Who was told of a call by which way, with the receipts of phones."""
    texts_days: Days = 180


class Privacy(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    erasures: str = "erasures"
    """Folder of the list of who was erased, made at the first start; a relative path starts at `data`. Back it up apart
    from the database: what it names is erased from every copy that is restored."""
    family_link_days: Annotated[int, msgspec.Meta(ge=1)] = 365
    """After so long one of the family needs a new link."""


class Detection(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    limits: str = "limits.toml"
    """Clinical limits; a relative path starts at this configuration's folder."""
    fresh_hours: float = 24.0
    """A reading measured longer ago than this when it arrives is stored and shown, and is not news."""
    poll_s: float = 5.0
    port: int = 0


class Visits(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    promise_now_min: float = 30.0
    promise_today_h: float = 4.0
    """Within the team's hours; nothing holds back what is urgent or a floor."""
    promise_least_min: float = 90.0
    """Minutes that must be left of the team's hours for a promise within them; later it is promised for the morning."""
    promise_morning_h: float = 2.0
    """Hours after the team begins by which that is promised."""
    promise_week_h: float = 72.0
    at_risk_fraction: float = 0.75
    """Part of the promised time after which an unaccepted visit is shown as at risk."""
    answer_now_min: float = 5.0
    """Minutes after which another nurse is asked for an urgent visit that the one before did not answer."""
    close_after_h: float = 48.0
    """Hours after the report in which the elder may say how it was; then the visit is closed."""
    low_mark: int = 2
    """The elder's word, 1 to 5, at or below which somebody comes again; 0: nobody does by that."""
    complaint_mark: int = 2
    """A mark at or below it is a complaint."""
    complaints: int = 2
    """So many within `complaint_days` are a repeated complaint: somebody comes the same day. Low marks count too."""
    complaint_days: float = 60.0
    reach_now_s: float = 90.0
    """Seconds after which the next nurse is asked for an urgent visit where no phone of the one before says that it has
    the push; who takes none has `answer_now_min`."""
    take_along: str = ""
    """What a nurse takes along for what, such as configs/take-along.toml; a relative path starts at this
    configuration's folder. Empty: what is built in."""
    poll_s: float = 5.0
    port: int = 0


class Alarms(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    take_within_s: float = 60.0
    journal: str = "desk"
    """Folder of the desk's journal, which keeps alarms and takes while the database is away; a relative path starts
    at `data`. Empty: none. All processes of one desk share it; a second machine's must be empty."""
    poll_s: float = 5.0
    port: int = 0


class Escalation(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    policy: str = ""
    """Who is told by what and when, such as configs/escalation.toml; a relative path starts at this configuration's
    folder. Empty: the policy that is built in."""
    port: int = 0


class Push(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    key: str = "push-key.pem"
    """File of the key that push services know the centre by, made at the first start; a relative path starts at
    `data`. All processes need the same one."""
    contact: str = "mailto:operator@doorstep.invalid"
    """Whom a push service writes to when our messages trouble it."""
    services: list[str] = msgspec.field(
        default_factory=lambda: [
            "https://fcm.googleapis.com",
            "https://updates.push.services.mozilla.com",
            "https://*.push.apple.com",
            "https://*.notify.windows.com",
        ]
    )
    """Push services that we send to; a phone that names another is refused."""


class Scaip(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    receivers: list[str] = msgspec.field(default_factory=list)
    """Alarm-receiving centres in their order, `tls://HOST:PORT` or `tcp://HOST:PORT`; empty: nothing is forwarded."""
    authority: str = ""
    """File of the certificates that are trusted, for one that has its own; a relative path starts at this
    configuration's folder. Empty: the system's."""
    controller_prefix: str = ""
    """Figures before the home's number: together the controller's number in the receiving centre's books."""
    technical: bool = False
    """Whether technical alarms are forwarded too."""
    port: int = 0


class Sms(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    modem: str = ""
    """Port of the GSM modem; empty: no texts come or go."""
    baud: int = 115200
    pin: str = ""
    """Of the SIM; or the name of a variable of the environment that holds it:"""
    pin_env: str = ""
    poll_s: float = 5.0
    port: int = 0

    @property
    def sim_pin(self) -> str:
        return os.environ.get(self.pin_env, "") if self.pin_env else self.pin


class Web(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    host: str = "127.0.0.1"
    port: int = 8080
    secure_cookies: bool = False
    """True behind HTTPS."""
    session_hours: float = 12.0
    """After so long somebody signs in anew."""
    idle_hours: float = 4.0
    """Or after so long without looking at a page."""
    address: str = ""
    """As people's browsers know this centre, such as https://centre.example: passkeys are bound to it. Empty: none but
    at localhost."""
    second_factor_for: list[Literal["nurse", "desk", "installer", "doctor", "administrator", "volunteer"]] = (
        msgspec.field(default_factory=list)
    )
    """Roles whose people have to show more than a password."""
    sealing_key: str = "sealing.key"
    """File of the key that seals second factors, made at the first start; a relative path starts at `data`. All web
    processes need the same one."""
    glucose_unit: str = "mmol/L"
    """How pages show glucose: mmol/L or mg/dL."""
    certificate: str = ""
    """File of a certificate chain in PEM: pages are then served by HTTPS. A relative path starts at `data`."""
    certificate_key: str = ""
    """File of its private key."""


class Registry(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    identity_key: str = "identity.key"
    """File of the key that seals identity and card numbers, made at the first start; a relative path starts at
    `data`."""


class Oidc(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    issuer: str = ""
    """Of the OpenID provider by which staff may sign in, such as https://login.example/staff; empty: none."""
    name: str = ""
    """What people call it; empty: the issuer's host."""
    client_id: str = ""
    """By which the provider knows this centre."""
    client_secret: str = ""
    """Or the name of a variable of the environment that holds it:"""
    client_secret_env: str = ""
    scopes: list[str] = msgspec.field(default_factory=lambda: ["openid"])
    second_factor_amr: list[str] = msgspec.field(default_factory=lambda: ["mfa"])
    """What the provider's `amr` (RFC 8176) says where it saw more than a password; else ours is asked for."""

    @property
    def secret(self) -> str:
        return os.environ.get(self.client_secret_env, "") if self.client_secret_env else self.client_secret

    @property
    def shown_name(self) -> str:
        return self.name or urlsplit(self.issuer).netloc


class Trust(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    names: list[str] = msgspec.field(default_factory=list)
    """Host names and addresses under which gateways reach this machine, the first is told to them. Empty: gateways
    without certificates, on this machine only."""
    authority: str = "authority"
    """Folder of the authority's key, made at the first start; a relative path starts at `data`."""
    host: str = "0.0.0.0"  # noqa: S104 - gateways come from everywhere, with certificates
    """Where broker and enrolment listen for gateways."""
    broker_port: int = 8883
    enrol_port: int = 8443
    port: int = 0


class CloudConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    data: str = "/var/lib/doorstep"
    """Folder of the embedded database, the broker's store and the run file."""
    database: Database = Database()
    broker: Broker = Broker()
    up: Up = Up()
    ingest: Ingest = Ingest()
    retention: Retention = Retention()
    privacy: Privacy = Privacy()
    detection: Detection = Detection()
    visits: Visits = Visits()
    routes: Routes = msgspec.field(default_factory=Routes)
    time_bank: TimeBank = msgspec.field(default_factory=TimeBank)
    alarms: Alarms = Alarms()
    escalation: Escalation = Escalation()
    push: Push = msgspec.field(default_factory=Push)
    scaip: Scaip = msgspec.field(default_factory=Scaip)
    sms: Sms = Sms()
    web: Web = msgspec.field(default_factory=Web)
    registry: Registry = Registry()
    oidc: Oidc = msgspec.field(default_factory=Oidc)
    trust: Trust = msgspec.field(default_factory=Trust)
    base: str = ""
    """Set by `load`: the configuration file's folder."""

    @property
    def journal_folder(self) -> Path | None:
        """Of the desk's journal; None: there is to be none."""
        return Path(self.data) / self.alarms.journal if self.alarms.journal else None

    @property
    def sealing_key(self) -> Path:
        return Path(self.data) / self.web.sealing_key

    @property
    def identity_key(self) -> Path:
        return Path(self.data) / self.registry.identity_key

    @property
    def erasures_folder(self) -> Path:
        return Path(self.data) / self.privacy.erasures

    @property
    def authority_folder(self) -> Path:
        return Path(self.data) / self.trust.authority

    @property
    def sms_folder(self) -> Path:
        """What the modem's process must not forget."""
        return Path(self.data) / "sms"

    def beside(self, path: str) -> Path:
        """`path`, taken from the configuration's folder where it is relative."""
        return Path(self.base) / path


def load(path: Path) -> CloudConfig:
    """The configuration at `path`, with `DOORSTEP_DSN`, `DOORSTEP_READ_DSN`, `DOORSTEP_BROKER` and `DOORSTEP_DATA` laid
    over it.

    Raises ConfigurationError, one sentence that names file, key and expected form.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(f"{path}: cannot be read: {error.strerror}; name a file with --config") from error
    config = decode_configuration(CloudConfig, text, str(path))
    if config.web.glucose_unit not in ("mmol/L", "mg/dL"):
        raise ConfigurationError(f"{path}: web.glucose_unit: expected mmol/L or mg/dL, got {config.web.glucose_unit!r}")
    if 0 < config.retention.audit_days < LEAST_AUDIT_DAYS:
        raise ConfigurationError(
            f"{path}: retention.audit_days: expected {LEAST_AUDIT_DAYS} or more, or 0 for ever, "
            f"got {config.retention.audit_days}"
        )
    for name in config.trust.names:
        if not _HOST_NAME.fullmatch(name):
            raise ConfigurationError(f"{path}: trust.names: expected host names or addresses, got {name!r}")
    _check_oidc(config, path)
    if bool(config.web.certificate) != bool(config.web.certificate_key):
        raise ConfigurationError(f"{path}: web.certificate: expected certificate_key beside it, or neither")
    if config.web.certificate:  # a session's cookie is then for HTTPS alone
        config = msgspec.structs.replace(config, web=msgspec.structs.replace(config.web, secure_cookies=True))
    return msgspec.structs.replace(
        config,
        base=str(path.parent.resolve()),
        data=os.environ.get("DOORSTEP_DATA", config.data),
        database=msgspec.structs.replace(
            config.database,
            dsn=os.environ.get("DOORSTEP_DSN", config.database.dsn),
            read_dsn=os.environ.get("DOORSTEP_READ_DSN", config.database.read_dsn),
        ),
        broker=msgspec.structs.replace(config.broker, url=os.environ.get("DOORSTEP_BROKER", config.broker.url)),
    )


def _check_oidc(config: CloudConfig, path: Path) -> None:
    oidc = config.oidc
    if not oidc.issuer:
        return
    if not is_https_or_here(oidc.issuer):
        raise ConfigurationError(f"{path}: oidc.issuer: expected https://..., got {oidc.issuer!r}")
    if not oidc.client_id:
        raise ConfigurationError(f"{path}: oidc.client_id: expected the name that the provider gave this centre")
    if not is_https_or_here(config.web.address):
        raise ConfigurationError(
            f"{path}: web.address: expected https://..., since the provider of oidc.issuer sends people back to it"
        )


def is_https_or_here(address: str) -> bool:
    """Whether nobody between can read along: HTTPS, or this machine in a trial."""
    parts = urlsplit(address)
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in ("localhost", "127.0.0.1", "::1"))
