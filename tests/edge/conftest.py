"""What the tests of the gateway share."""

import socket
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from edge.outbox import Outbox
from protocols.reading import Metric, Reading, Unit

BEGAN = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)
CATALOGUE = Path(__file__).parents[2] / "configs" / "devices.toml"
KEY = "231d39c1d7cc1ab1aee224cd096db932"

CONFIG = f"""\
gateway = "gw-test"
time_zone = "Asia/Shanghai"
data = "data"
catalogue = "{CATALOGUE}"

[[device]]
name = "ble:C0:FF:EE:00:00:04"
kind = "emergency_button"
model = "bthome-button"
address = "c0:ff:ee:00:00:04"
bind_key = "{KEY}"
"""

ReadingMaker = Callable[..., Reading]


def create_record(place: int = 0, *, device: str = "ble:C0:FF:EE:00:00:01", value: float = 100.0) -> Reading:
    """The reading of record number `place` of a glucometer."""
    at = BEGAN + timedelta(minutes=place)
    return Reading(
        device=device,
        metric=Metric.GLUCOSE,
        value=value,
        unit=Unit.MG_DL,
        measured_at=at,
        received_at=at,
        device_time=at.replace(tzinfo=None),
        sequence=place & 0xFFFF,
    )


@pytest.fixture
def create_reading() -> ReadingMaker:
    """Makes the reading of record number `place` of a glucometer."""
    return create_record


@pytest.fixture
def create_heard() -> ReadingMaker:
    """Makes a humidity that was only heard, `place` minutes after the beginning."""

    def create(place: int = 0) -> Reading:
        at = BEGAN + timedelta(minutes=place)
        return Reading(
            device="ble:C0:FF:EE:00:00:03",
            metric=Metric.HUMIDITY,
            value=60.0,
            unit=Unit.PERCENT,
            measured_at=at,
            received_at=at,
        )

    return create


@pytest.fixture
def outbox(tmp_path: Path) -> Iterator[Outbox]:
    box = Outbox(tmp_path / "outbox.db")
    yield box
    box.close()


@pytest.fixture
def config_file(tmp_path: Path) -> Path:
    """A valid configuration with one button."""
    path = tmp_path / "edge.toml"
    path.write_text(CONFIG, encoding="utf-8")
    return path


@pytest.fixture
def rude_port() -> Iterator[int]:
    """Somebody who hangs up at once: no broker."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def hang_up() -> None:
            while True:
                try:
                    listener.accept()[0].close()
                except OSError:
                    return

        threading.Thread(target=hang_up, daemon=True).start()
        yield int(listener.getsockname()[1])
