"""A centre as homes and people meet it: TLS at every door, an honest gateway inside, strangers outside."""

import json
import os
import resource
import secrets
import ssl
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import psycopg
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding

from cloud.identity.authority.authority import Authority
from cloud.identity.authority.files import AuthorityFolder
from cloud.identity.store import token_hash
from cloud.local.ports import free_port
from cloud.web.entry.csrf import HEADER, csrf_of
from cloud.web.entry.current import COOKIE
from edge.identity.folder import IdentityFolder
from protocols.alarm.kinds import AlarmKind
from protocols.enrolment.messages import Settings
from protocols.telemetry.messages import AlarmMessage, encode
from protocols.telemetry.topics import ALARM, topic
from tests.system.conftest import BIN, ROOT, START_S, wait_until
from tests.system.intruder.line import IntruderLine

PATIENCE_S = 30.0
HONEST, SUSPECT = "gw-home-2", "gw-home-1"
ROLES = ("nurse", "desk", "doctor", "installer", "administrator")
STRANGER = "stranger"
NOBODY = "nobody"


@dataclass
class Stronghold:
    folder: Path
    web: str
    broker_port: int
    enrol: str
    dsn: str
    process: "subprocess.Popen[bytes]"
    files: AuthorityFolder
    authority: Authority

    @property
    def trusted(self) -> ssl.SSLContext:
        """Believes the centre's authority and shows nothing."""
        return ssl.create_default_context(cadata=self.authority.pem)

    def run(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.dsn, autocommit=True) as connection:
            cursor = connection.execute(statement.encode(), values)
            return cursor.fetchall() if cursor.description else []

    def one(self, statement: str, *values: object) -> Any:
        return self.run(statement, *values)[0][0]

    def identity(
        self, name: str, gateway: str, *, authority: Authority | None = None, begun: timedelta = timedelta(0)
    ) -> Path:
        """A folder as an enrolment leaves it, made without asking: by `authority`, `begun` ago."""
        key = generate_private_key(SECP256R1())
        made = (authority or self.authority).certify_gateway(
            key.public_key(), gateway, "home", datetime.now(UTC) - begun
        )
        settings = Settings(gateway=gateway, home="home", time_zone="UTC", broker="", server="", receipt_key="")
        path = self.folder / f"{name}-{secrets.token_hex(4)}"
        path.mkdir(mode=0o700)
        IdentityFolder(path).keep(key, made.public_bytes(Encoding.PEM).decode(), self.authority.pem, settings)
        return path

    def line(self, identity: Path | None, name: str, hears: tuple[str, ...] = ()) -> IntruderLine:
        """A connection to the broker's door; without an identity it shows no certificate."""
        return IntruderLine(self.broker_port, identity, self.trusted, name, hears)

    @contextmanager
    def browser(self, who: str) -> Iterator[httpx.Client]:
        """Of a role, of the stranger, or of nobody."""
        headers = {"origin": self.web}
        with httpx.Client(
            base_url=self.web, headers=headers, verify=self.trusted, trust_env=False, timeout=PATIENCE_S
        ) as client:
            if who != NOBODY:
                token = self.session(who)
                client.cookies.set(COOKIE, token)
                client.headers[HEADER] = csrf_of(token)
            yield client

    def session(self, who: str) -> str:
        """Its token; opened in the database, so that nothing is counted as a try."""
        token = secrets.token_urlsafe(32)
        self.run(
            "INSERT INTO session (token_hash, staff_id, began_at, seen_at, ends_at) "
            "SELECT %s, staff_id, now(), now(), now() + interval '1 hour' FROM staff WHERE login = %s",
            token_hash(token), who,
        )  # fmt: skip
        return token

    def refused(self, kind: str) -> int:
        found: int = self.one("SELECT coalesce(sum(times), 0)::int FROM refusal WHERE kind = %s", kind)
        return found

    def until_refused(self, kind: str, times: int) -> None:
        wait_until(f"{times} refusals of {kind}", lambda: self.refused(kind) >= times, PATIENCE_S)

    def call(self, line: IntruderLine, gateway: str = HONEST) -> float:
        """A call for help over a line that stands; the seconds until its row is there."""
        alarm, began = str(uuid4()), time.monotonic()
        message = AlarmMessage(
            alarm=alarm, kind=AlarmKind.PERSONAL_TRIGGER, device="button", raised_at=datetime.now(UTC), test=True
        )
        line.publish(topic(gateway, ALARM), encode(message))
        wait_until("a call", lambda: self.run("SELECT 1 FROM alarm WHERE alarm_id = %s", alarm), PATIENCE_S)
        return time.monotonic() - began

    def broker_starts(self) -> int:
        """How often the broker was started again because its files changed."""
        return (self.folder / "centre.log").read_bytes().count(b"broker_restart")

    def is_well(self) -> bool:
        with self.browser(NOBODY) as client:
            return self.process.poll() is None and client.get("/health").status_code == 200


@contextmanager
def standing(folder: Path) -> Iterator[Stronghold]:
    """`doorstep-cloud up` with the demonstration's community, a stranger of another one, and people of every role."""
    web_port, broker_port, enrol_port = free_port(0), free_port(0), free_port(0)
    config = folder / "cloud.toml"
    config.write_text(
        f"""
data = "{folder / "centre"}"
[detection]
limits = "{ROOT / "configs" / "limits.toml"}"
[web]
port = {web_port}
address = "https://localhost:{web_port}"
certificate = "authority/server.pem"
certificate_key = "authority/server.key"
[trust]
names = ["localhost"]
host = "127.0.0.1"
broker_port = {broker_port}
enrol_port = {enrol_port}
""",
        encoding="utf-8",
    )
    seed = ROOT / "configs" / "community.toml"
    with (folder / "centre.log").open("wb") as log:
        process = subprocess.Popen(
            [BIN / "doorstep-cloud", "up", "--config", config, "--seed", seed],
            stdout=log,
            stderr=subprocess.STDOUT,
            preexec_fn=_few_files,  # noqa: PLW1509 - it touches nothing that a thread could hold
        )
    try:
        run_file = folder / "centre" / "run" / "cloud.json"
        wait_until("the centre to be up", lambda: run_file.exists() or process.poll() is not None, START_S)
        assert process.poll() is None, (folder / "centre.log").read_text()
        run = json.loads(run_file.read_text(encoding="utf-8"))
        assert run["web"].endswith(f":{web_port}")
        files = AuthorityFolder(folder / "centre" / "authority")
        stronghold = Stronghold(
            folder=folder,
            web=f"https://localhost:{web_port}",
            broker_port=broker_port,
            enrol=f"https://localhost:{enrol_port}",
            dsn=run["dsn"],
            process=process,
            files=files,
            authority=files.open(datetime.now(UTC)),
        )
        _people(stronghold)
        yield stronghold
    finally:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(60)


def _few_files() -> None:
    """What a login or a unit gives by default."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (1024, most))
    os.setpgrp()


def _people(stronghold: Stronghold) -> None:
    stronghold.run(
        "INSERT INTO region (code, name, level, parent_id) "
        "SELECT 'elsewhere', 'Elsewhere', 'community', parent_id FROM region WHERE level = 'community' LIMIT 1"
    )
    for login in ("doctor", "installer", "administrator"):
        stronghold.run(
            "INSERT INTO staff (login, name, role, region_id, password_hash) "
            "SELECT %s, %s, %s, region_id, password_hash FROM staff WHERE login = 'desk'",
            login, login, login,
        )  # fmt: skip
    stronghold.run(
        "INSERT INTO staff (login, name, role, region_id, password_hash) "
        "SELECT %s, 'A stranger', 'nurse', region.region_id, password_hash FROM region, staff "
        "WHERE region.code = 'elsewhere' AND login = 'nurse'",
        STRANGER,
    )
