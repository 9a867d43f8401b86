"""For all tests: how thoroughly Hypothesis looks, and logs that no test leaves pointed at its own output."""

import os
from collections.abc import Iterator

import pytest
import structlog
from hypothesis import settings

# The same examples at every run: what is red today was red yesterday. To look for new ones is the work of ./dev fuzz.
settings.register_profile("quick", max_examples=15, deadline=None, derandomize=True)
settings.register_profile("thorough", max_examples=100, deadline=None, derandomize=True)
settings.load_profile(os.environ.get("DOORSTEP_HYPOTHESIS", "thorough"))


@pytest.fixture(autouse=True)
def unconfigured_logs() -> Iterator[None]:
    """A command that a test runs configures the logs of this process, perhaps onto a stream that closes."""
    yield
    structlog.reset_defaults()
