"""Letters on their way to the database: sorted into lanes, and taken from each in batches.

All letters of a gateway go down one lane, so that lanes never wait for each other's rows and a home's letters keep
their order. While the database stores the batch of one lane, another opens its own.
"""

import queue
import threading
import time
from collections.abc import Callable

from prometheus_client import Gauge

from cloud.mqtt import Letter

WAITING = Gauge("doorstep_ingest_waiting_letters", "Letters taken from the broker and not yet in a batch")

_LOOK_FOR_STOP_S = 0.25
_BYTES_OF_READING = 200  # of a reading in JSON, nearly
_BYTES_OF_MESSAGE = 250  # of what stands around them
_Lane = queue.SimpleQueue[Letter]


class Lanes:
    """How many letters may wait is bounded by who puts them in."""

    def __init__(self, count: int, most_readings: int, linger_s: float) -> None:
        """A batch has at most about `most_readings`, and waits `linger_s` for company."""
        self._lanes: list[_Lane] = [queue.SimpleQueue() for _ in range(count)]
        self._most_bytes = most_readings * _BYTES_OF_READING  # readings are counted so: the letters are not opened yet
        self._linger_s = linger_s

    def put(self, letter: Letter) -> None:
        gateway = letter.topic.rpartition("/")[0]
        self._lanes[hash(gateway) % len(self._lanes)].put(letter)

    def drive(self, stop: threading.Event, settle: Callable[[list[Letter]], None]) -> None:
        """Gives every lane's batches to `settle`, each lane on a thread of its own, until `stop` is set.

        Raises what the first lane raised, when all have ended.
        """
        failures: list[Exception] = []

        def empty(lane: _Lane) -> None:
            try:
                while not (stop.is_set() or failures):
                    batch = self._gather(lane)
                    WAITING.set(sum(other.qsize() for other in self._lanes))
                    if batch:
                        settle(batch)
            except Exception as error:  # noqa: BLE001 - carried to the thread that waits below
                failures.append(error)

        threads = [threading.Thread(target=empty, args=(lane,), name="lane", daemon=True) for lane in self._lanes]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if failures:
            raise failures[0]

    def _gather(self, lane: _Lane) -> list[Letter]:
        """What is waiting, and what comes soon after the first; empty when nothing came."""
        try:
            batch = [lane.get(timeout=_LOOK_FOR_STOP_S)]
        except queue.Empty:
            return []
        size = _size(batch[0])
        until = time.monotonic() + self._linger_s
        while size < self._most_bytes:
            try:
                batch.append(lane.get_nowait())
            except queue.Empty:
                try:
                    batch.append(lane.get(timeout=max(until - time.monotonic(), 0)))
                except queue.Empty:
                    break
            size += _size(batch[-1])
        return batch


def _size(letter: Letter) -> int:
    return max(len(letter.payload) - _BYTES_OF_MESSAGE, _BYTES_OF_READING)
