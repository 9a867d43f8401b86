"""What every request can reach: made once at start, kept on the application."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path

from fastapi import Request

from cloud.alarms.journal import DeskJournal
from cloud.clock import Clock
from cloud.config import CloudConfig
from cloud.db.pool import AsyncPool
from cloud.db.replica import Replica
from cloud.identity.oidc.provider import Provider
from cloud.identity.sealing import Seal
from cloud.process import Health
from cloud.registry.elders.identity.keys import IdentityKeys, open_identity_keys
from cloud.web.consent.copy_maker import CopyMaker
from cloud.web.evidence.limit_lines import LimitLines
from cloud.web.language import Language, load_languages
from cloud.web.live.hearing import Hearing
from cloud.web.live.hub import Hub
from cloud.web.shared.answers import Answers
from cloud.web.standby.database_watch import DatabaseWatch
from cloud.web.standby.memory import Memory
from cloud.web.values import Measures

STATIC = Path(__file__).parent / "static"


@dataclass
class Services:
    config: CloudConfig
    clock: Clock
    pool: AsyncPool
    replica: Replica
    """Reads for pages that change nothing; the primary where there is none."""
    hub: Hub
    hearing: Hearing
    limit_lines: LimitLines
    health: Health
    watch: DatabaseWatch
    journal: DeskJournal | None
    memory: Memory
    seal: Seal
    answers: Answers
    provider: Provider | None = None
    """By which staff may sign in too."""
    copies: CopyMaker | None = None
    """Makes what elders and families get of their data."""
    languages: dict[str, Language] = field(default_factory=load_languages)

    @cached_property
    def identity_keys(self) -> IdentityKeys:
        """Opened at the first use. Raises KeyRefused."""
        return open_identity_keys(self.config.identity_key)

    @property
    def measures(self) -> Measures:
        return Measures(self.config.web.glucose_unit)

    @property
    def now(self) -> datetime:
        return self.clock.now()

    @property
    def speed(self) -> float:
        """Simulated seconds a wall second; 1 outside demonstrations and trials."""
        return 1 / self.clock.wall_duration(timedelta(seconds=1)).total_seconds()


def services_of(request: Request) -> Services:
    services: Services = request.app.state.services
    return services
