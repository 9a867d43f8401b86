"""A stage's real loop on a thread of the test, stopped as SIGTERM would stop it."""

import tempfile
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import msgspec

from cloud.clock import Clock
from cloud.config import CloudConfig
from cloud.process import Process


class WatchedProcess(Process):
    """Says when a check became well."""

    def __init__(self, name: str, config: CloudConfig, clock: Clock | None = None) -> None:
        super().__init__(name, config, clock or Clock())
        self._well: defaultdict[str, threading.Event] = defaultdict(threading.Event)

    def healthy(self, check: str) -> None:
        super().healthy(check)
        self._well[check].set()

    def wait_until(self, check: str, timeout_s: float = 20) -> None:
        assert self._well[check].wait(timeout_s), f"{self.name}: {check} did not come up"


@contextmanager
def running(
    work: Callable[[Process], None], config: CloudConfig, name: str, clock: Clock | None = None
) -> Iterator[WatchedProcess]:
    """A configuration that names no data folder gets one for the while: never the machine's own."""
    if config.data == CloudConfig().data:
        with tempfile.TemporaryDirectory(prefix="doorstep-stage-") as folder:
            with running(work, msgspec.structs.replace(config, data=folder), name, clock) as process:
                yield process
            return
    process = WatchedProcess(name, config, clock)
    failures: list[BaseException] = []

    def run() -> None:
        try:
            work(process)
        except BaseException as error:  # noqa: BLE001 - raised again below, on the test's own thread
            failures.append(error)

    thread = threading.Thread(target=run, name=name, daemon=True)  # one that never stops fails its test, not the run
    thread.start()
    try:
        yield process
    finally:
        process.ask_to_stop()
        thread.join(20)
        assert not thread.is_alive(), f"{name} did not stop"
        assert not failures, failures
