"""A Ruuvi tag's advertisements on the sensors' way: thinned, once each, a shower told, a low battery said."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from bleak.backends.device import BLEDevice
from bleak.backends.scanner import AdvertisementData

from edge.clock import Clock
from edge.figures import Figures
from edge.outbox import Outbox
from edge.sources.ble_scanner import BleScanner, Listeners
from edge.sources.radio_watch import RadioWatch
from edge.sources.ruuvi_decoder import LOW_BATTERY
from edge.sources.sensor import SensorListener
from firmware_sim.lives.bathroom import bathroom_air
from protocols.adverts.bthome import BTHOME_UUID
from protocols.adverts.ruuvi import RUUVI_COMPANY, RuuviAdvert, encode_ruuvi
from protocols.reading import Metric, Reading, Unit
from tests.edge.test_listeners import Offered, create_device

ADDRESS = "CB:B8:33:4C:88:4F"
DEVICE = create_device(ADDRESS, "shower_sensor", "ruuvi-tag")
SAID = RuuviAdvert(24.3, 53.49, 100_044, (4, -4, 1036), 2977, 4, 66, 205, ADDRESS)
SILENT = RuuviAdvert(None, None, None, (None, None, None), None, None, None, None, None)


class Tag:
    """A tag of the home with everything behind it but the radio."""

    def __init__(self, folder: Path) -> None:
        self.outbox = Outbox(folder / "outbox.db")
        self.figures = Figures((DEVICE,), Clock())
        self.offered: list[Reading] = []
        self.sensor = SensorListener(DEVICE, Offered(self.outbox, self.figures, self.offered), self.figures, Clock())
        self._scanner = BleScanner(
            "", Listeners({ADDRESS: self.sensor}, {}), lambda _trouble: None, Clock(), watch=RadioWatch({})
        )

    def says(self, advert: RuuviAdvert) -> None:
        self.sends({RUUVI_COMPANY: encode_ruuvi(advert)})

    def sends(self, manufacturer_data: dict[int, bytes]) -> None:
        """With service data beside it that is none of a tag's."""
        heard = AdvertisementData(None, manufacturer_data, {BTHOME_UUID: b"\x40\x03\xbf\x13"}, [], None, -60, ())
        self._scanner.heard(BLEDevice(ADDRESS, None, {}), heard)

    @property
    def trouble(self) -> str | None:
        return self.figures.devices()[0].trouble

    def kept(self, metric: Metric) -> list[float]:
        return [reading.value for reading in self.offered if reading.metric is metric]


@pytest.fixture
def tag(tmp_path: Path) -> Iterator[Tag]:
    tag = Tag(tmp_path)
    yield tag
    tag.outbox.close()


def test_a_measurement_is_taken_once_however_often_it_is_sent(tag: Tag) -> None:
    tag.says(SAID)
    tag.says(replace(SAID, humidity_percent=90.0))
    tag.says(replace(SAID, humidity_percent=60.0, sequence=206))
    assert tag.kept(Metric.HUMIDITY) == [53.49, 60.0]
    assert tag.kept(Metric.AMBIENT_TEMPERATURE) == [24.3]
    assert {reading.metric for reading in tag.offered} == {Metric.HUMIDITY, Metric.AMBIENT_TEMPERATURE}


def test_values_that_a_tag_does_not_have_are_no_readings(tag: Tag) -> None:
    tag.says(SILENT)
    assert tag.offered == []
    assert tag.trouble is None
    tag.says(replace(SILENT, temperature_c=21.0))
    tag.says(replace(SILENT, temperature_c=22.0))  # without a sequence nothing is a repetition
    assert tag.kept(Metric.AMBIENT_TEMPERATURE) == [21.0, 22.0]


def test_other_format_is_refused_and_said_until_the_tag_is_understood(tag: Tag) -> None:
    tag.sends({RUUVI_COMPANY: b"\x03" + bytes(13)})
    assert tag.trouble == "its frames cannot be read: Ruuvi data format 3; only format 5 is read (at byte 0)"
    assert tag.figures.devices()[0].heard_at is None
    tag.says(SAID)
    assert tag.trouble is None


def test_other_companies_data_are_not_the_tags(tag: Tag) -> None:
    tag.sends({RUUVI_COMPANY + 1: encode_ruuvi(SAID)})
    assert (tag.offered, tag.trouble) == ([], None)


def test_low_battery_is_said_and_is_no_percentage(tag: Tag) -> None:
    said = [(2500, None), (2499, LOW_BATTERY), (2550, LOW_BATTERY), (2600, None), (2550, None), (1600, LOW_BATTERY)]
    for sequence, (battery_mv, expected) in enumerate(said):
        tag.says(replace(SAID, battery_mv=battery_mv, sequence=sequence))
        assert tag.trouble == expected, battery_mv
    tag.says(replace(SAID, battery_mv=None, sequence=99))
    assert tag.trouble == LOW_BATTERY
    assert tag.figures.devices()[0].battery_percent is None


@pytest.mark.parametrize(
    ("temperature_c", "low_mv"), [(20.0, 2499), (0.0, 2499), (-5.0, 2299), (-20.0, 2299), (-20.005, 1999), (None, 2499)]
)
def test_a_cold_battery_gives_less_and_is_well(tag: Tag, temperature_c: float | None, low_mv: int) -> None:
    cold = replace(SAID, temperature_c=temperature_c)
    tag.says(replace(cold, battery_mv=low_mv + 1))
    assert tag.trouble is None
    tag.says(replace(cold, battery_mv=low_mv))
    assert tag.trouble == LOW_BATTERY


def test_shower_is_told_once(tag: Tag, monkeypatch: pytest.MonkeyPatch) -> None:
    began, minute = datetime(2026, 3, 1, 7, 0, tzinfo=UTC), 0.0
    monkeypatch.setattr(tag.sensor, "_now", lambda: began + timedelta(minutes=minute))
    for sequence in range(240):
        minute = sequence / 4
        humidity, temperature = bathroom_air(minute - 10, 8)
        advert = replace(SAID, humidity_percent=humidity, temperature_c=temperature, sequence=sequence)
        tag.says(advert)
        tag.says(advert)
    (shower,) = [reading for reading in tag.offered if reading.metric is Metric.SHOWER]
    assert shower.value == pytest.approx(8, abs=1)
    assert shower.unit is Unit.MINUTE
