"""Back-tests of many elders on Dask: worker processes of this machine, or those of a cluster by its address.

A task is a few elders; a worker reads their histories itself and gives back alerts, so no reading passes the scheduler.
On a cluster each worker needs this version of Doorstep and its own DOORSTEP_DSN: no address and no password is sent.
"""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

import psycopg
from dask import config as dask_config
from distributed import Client, LocalCluster, as_completed

from cloud.db.pool import connection_settings
from cloud.detection.backtest import store
from cloud.detection.backtest.model import Lived
from cloud.detection.backtest.replay import history_since, replay
from cloud.detection.judging import metrics_looked_at
from cloud.detection.limits import Limits
from cloud.errors import CloudError

DSN_VARIABLE = "DOORSTEP_DSN"
_ELDERS_OF_TASK = 20
_CONNECT_S = 15


class ClusterFailed(CloudError):
    """The cluster does not answer, or a worker of it cannot work; the message says why."""


@dataclass(frozen=True)
class Question:
    """What all tasks of one back-test share."""

    limits: Limits
    begin: datetime
    end: datetime
    fresh: timedelta
    consented: bool = False
    """Of those only who agreed to research."""

    @property
    def since(self) -> datetime:
        """Where the histories begin."""
        return history_since(self.limits, self.begin)


def backtest(dsn: str, question: Question, *, scheduler: str | None = None, workers: int | None = None) -> list[Lived]:
    """The alerts raised in the question's time, of all elders, oldest of each elder first.

    `scheduler` is a Dask address (tcp://HOST:PORT or tls://HOST:PORT); None: `workers` processes of this machine, as
    many as it has cores. Raises ClusterFailed, and DatabaseAway where the database does not answer here.
    """
    with psycopg.connect(dsn, **connection_settings("backtest")) as connection:
        elders = store.elders(connection, question.since, question.end, consented=question.consented)
    tasks = [elders[place : place + _ELDERS_OF_TASK] for place in range(0, len(elders), _ELDERS_OF_TASK)]
    if not tasks:
        return []
    found: list[Lived] = []
    with _client(scheduler, min(workers or os.cpu_count() or 1, len(tasks))) as client:
        here = None if scheduler else dsn
        futures = client.map(_live_again, tasks, question=question, dsn=here, pure=False)
        for future in as_completed(futures):
            try:
                found += future.result()
            except (psycopg.Error, LookupError) as error:
                raise ClusterFailed(f"a worker gave up: {error}") from error
    return sorted(found)


def _live_again(elders: Sequence[int], question: Question, dsn: str | None) -> list[Lived]:
    """Runs on a worker. `dsn` None: the worker's own."""
    address = dsn or os.environ.get(DSN_VARIABLE)
    if address is None:
        raise LookupError(f"{DSN_VARIABLE} is not set on this worker; name there the database that it is to read")
    with psycopg.connect(address, **connection_settings("backtest")) as connection:
        connection.read_only = True
        histories = store.histories(
            connection, elders, metrics_looked_at(question.limits), question.since, question.end
        )
    return [
        lived
        for history in histories
        for lived in replay(history, question.limits, question.begin, question.end, fresh=question.fresh)
    ]


@contextmanager
def _client(scheduler: str | None, workers: int) -> Iterator[Client]:
    quiet = {"distributed.worker.memory.terminate": False, "logging.distributed": "error"}
    with dask_config.set(quiet):
        if scheduler is not None:
            try:
                client = Client(scheduler, timeout=_CONNECT_S)
            except (OSError, TimeoutError, ValueError) as error:
                raise ClusterFailed(f"no Dask scheduler answers at {scheduler}: {error}") from error
            with client:
                yield client
            return
        with (
            LocalCluster(
                n_workers=workers,
                threads_per_worker=1,
                processes=True,
                host="127.0.0.1",
                dashboard_address="127.0.0.1:0",  # None would be port 8787, and a second back-test would not start
                worker_dashboard_address=None,
            ) as cluster,
            Client(cluster) as client,
        ):
            yield client
