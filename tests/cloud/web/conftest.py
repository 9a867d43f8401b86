"""Languages and a reader for the pages' pure parts."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from cloud.web.language import Language, load_languages
from cloud.web.values import Measures
from cloud.web.words import Sayer


@pytest.fixture(scope="session")
def english() -> Language:
    return load_languages()["en"]


@pytest.fixture(scope="session")
def chinese() -> Language:
    return load_languages()["zh"]


@pytest.fixture
def nanjing() -> ZoneInfo:
    return ZoneInfo("Asia/Shanghai")


@pytest.fixture
def now() -> datetime:
    """09:12 in Nanjing."""
    return datetime(2026, 11, 22, 1, 12, tzinfo=UTC)


@pytest.fixture
def sayer(english: Language, nanjing: ZoneInfo, now: datetime) -> Sayer:
    return Sayer(english, Measures("mmol/L"), nanjing, now)
