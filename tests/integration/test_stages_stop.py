"""Stages that live in asyncio end when they are asked to, whatever happens to their connections in that moment."""

import random
import threading
from collections.abc import Callable

import psycopg
import pytest

from cloud.alarms.worker import work as alarms
from cloud.config import Broker, CloudConfig, Database
from cloud.local.broker import LocalBroker
from cloud.process import Process
from cloud.visits.worker import work as visits
from tests.integration.stage import running

pytestmark = pytest.mark.integration

ROUNDS = 5
_CUT = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
    "WHERE datname = current_database() AND application_name LIKE 'doorstep-%'"
)


@pytest.mark.parametrize("work", [alarms, visits])
def test_a_stage_stops_while_its_database_goes_away(
    work: Callable[[Process], None], database: str, broker: LocalBroker
) -> None:
    config = CloudConfig(database=Database(dsn=database), broker=Broker(url=broker.url))
    pauses = random.Random(1)

    def cut() -> None:
        with psycopg.connect(database, autocommit=True) as connection:
            for _ in range(5):
                connection.execute(_CUT)
                threading.Event().wait(pauses.random() * 0.005)

    for _ in range(ROUNDS):
        with running(work, config, "stage") as process:
            process.wait_until("database")
            cutting = threading.Thread(target=cut, daemon=True)
            cutting.start()
            threading.Event().wait(pauses.random() * 0.01)
        cutting.join()
