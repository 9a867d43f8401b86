"""For all tests: how thoroughly Hypothesis looks, and logs that no test leaves pointed at its own output."""

import faulthandler
import os
import threading
from collections.abc import Iterator

import pytest
import structlog
from hypothesis import settings

# The same examples at every run: what is red today was red yesterday. To look for new ones is the work of ./dev fuzz.
settings.register_profile("quick", max_examples=15, deadline=None, derandomize=True)
settings.register_profile("thorough", max_examples=100, deadline=None, derandomize=True)
settings.load_profile(os.environ.get("DOORSTEP_HYPOTHESIS", "thorough"))


_LAST_WORDS_S = 10


def pytest_unconfigure() -> None:
    """A thread that a test left running would keep the interpreter, and whoever waits for it, for ever."""
    left = [thread for thread in threading.enumerate() if not thread.daemon and thread is not threading.main_thread()]
    for thread in left:
        thread.join(_LAST_WORDS_S)
    if any(thread.is_alive() for thread in left):
        faulthandler.dump_traceback(all_threads=True)
        os._exit(3)


@pytest.fixture(autouse=True)
def unconfigured_logs() -> Iterator[None]:
    """A command that a test runs configures the logs of this process, perhaps onto a stream that closes."""
    yield
    structlog.reset_defaults()
