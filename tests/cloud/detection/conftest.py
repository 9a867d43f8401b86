"""The limits that we ship, and a fixed now."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from cloud.detection.limits import Limits, load_limits

LIMITS = Path(__file__).parents[3] / "configs" / "limits.toml"


@pytest.fixture(scope="session")
def limits() -> Limits:
    return load_limits(LIMITS)


@pytest.fixture
def now() -> datetime:
    return datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
