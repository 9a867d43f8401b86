"""A centre's trust for tests: an authority, a database with homes, the enrolment's own process, ports that are free."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import psycopg

from cloud.config import Broker, CloudConfig, Database, Trust
from cloud.enrolment.worker import work
from cloud.identity.authority.authority import Authority
from cloud.identity.authority.files import AuthorityFolder
from cloud.identity.claims.store import Connection, draw_claim
from cloud.local.broker import GatewayListener
from cloud.local.ports import free_port
from cloud.registry.model import Level, Region
from cloud.registry.new_home.store import make_home
from cloud.registry.store import upsert_region
from cloud.stages.trust import prepare_listener
from tests.integration.stage import running

COMMUNITY = "community-1"


class TrustCentre:
    """Gateways gw-home-1 and gw-home-2 are registered; nothing runs before `enrolment`."""

    def __init__(self, dsn: str, data: Path, broker: str = "") -> None:
        """`broker` is where its own processes reach the broker; without one there is none."""
        trust = Trust(names=["localhost"], host="127.0.0.1", broker_port=free_port(0), enrol_port=free_port(0))
        url = broker or f"mqtt://127.0.0.1:{free_port(0)}"
        self.config = CloudConfig(data=str(data), database=Database(dsn=dsn), broker=Broker(url=url), trust=trust)
        self.server = f"https://localhost:{trust.enrol_port}"
        self.folder = AuthorityFolder(data / trust.authority)
        self.authority: Authority = self.folder.open(datetime.now(UTC))
        with self.connection() as connection:
            upsert_region(connection, Region(code=COMMUNITY, name="Ferry Road", level=Level.COMMUNITY))
            for _ in range(2):
                make_home(connection, community=COMMUNITY, address="3 Ferry Road")

    @contextmanager
    def connection(self) -> Iterator[Connection]:
        with psycopg.connect(self.config.database.dsn, autocommit=True) as connection:
            yield connection

    def claim(self, gateway: str = "gw-home-1", at: datetime | None = None) -> str:
        with self.connection() as connection:
            return str(draw_claim(connection, gateway, at or datetime.now(UTC))[0])

    @contextmanager
    def enrolment(self) -> Iterator[None]:
        """The process, listening."""
        with running(work, self.config, "enrolment") as process:
            process.wait_until("listener")
            process.wait_until("database")
            yield

    def listener(self) -> GatewayListener:
        found = prepare_listener(self.config, Path(self.config.data))
        assert found is not None
        return found

    def until_listed(self, serial: int, timeout_s: float = 20.0) -> None:
        """Until the list of revoked certificates has it."""
        deadline = time.monotonic() + timeout_s
        while serial not in self.folder.read_revoked():
            assert time.monotonic() < deadline, "not listed"
            time.sleep(0.05)

    def until_refused(self, kind: str, times: int, timeout_s: float = 20.0) -> None:
        """Until the page of refusals would say so."""
        deadline = time.monotonic() + timeout_s
        while (told := self._refused(kind)) != times:
            assert time.monotonic() < deadline, f"{kind}: {told}"
            time.sleep(0.05)

    def _refused(self, kind: str) -> int:
        with self.connection() as connection:
            row = connection.execute(
                "SELECT coalesce(sum(times), 0)::int FROM refusal WHERE kind = %s", (kind,)
            ).fetchone()
        assert row is not None
        return int(row[0])
