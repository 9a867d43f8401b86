"""What `doorstep-edge devices` and `read` say, and which models `auto` tries."""

import json
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console
from typer.testing import CliRunner

from edge.catalogue import Catalogue, Transport, find_catalogue, load_catalogue
from edge.cli import app
from edge.home_zone import home_zone
from edge.readout.lines import json_line, text_line
from edge.readout.read_meter import ReadMeter
from edge.readout.scan import OnAir, conclusion, on_air_table
from edge.readout.serial_port import TRIED_BY_AUTO, models_to_try
from protocols.configuration import ConfigurationError
from protocols.reading import Flag, Meal, Metric, Reading, Unit
from tests.edge.conftest import CATALOGUE

AT = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)
HI = Reading(
    device="serial:m",
    metric=Metric.GLUCOSE,
    value=600.0,
    unit=Unit.MG_DL,
    measured_at=AT,
    received_at=AT,
    device_time=datetime(2026, 3, 1, 16, 0),
    sequence=7,
    flags=(Flag.ABOVE_RANGE,),
    meal=Meal.FASTING,
)
DANGEROUS = {
    "inflates a cuff": (b"\x51\x43",),
    "sets a clock": (b"\x51\x33", b"\xc2\xa1", b"DMT", b"$tim", b"\x05\x20\x01", b"\x03\x20\x01"),
    "erases": (b"\x51\x52", b"\x05\x1a", b"\x03\x1a", b"DMZ"),
}
"""Words of the protocols that `auto` might meet."""


@pytest.fixture
def catalogue() -> Catalogue:
    return load_catalogue(CATALOGUE)


def test_devices_lists_every_model_with_its_proof(catalogue: Catalogue) -> None:
    rows = json.loads(CliRunner().invoke(app, ["devices", "--json"], catch_exceptions=False).stdout)
    assert [row["model"] for row in rows] == list(catalogue)
    assert all(row["proven_against"] and row["transport"] in set(Transport) for row in rows)
    table = CliRunner(env={"COLUMNS": "100"}).invoke(app, ["devices"], catch_exceptions=False).stdout
    assert all(name in table for name in catalogue)


def test_what_is_on_the_air_can_be_typed_from_a_narrow_terminal() -> None:
    cuff = OnAir(
        "C0:FF:EE:00:0B:07", "BLESmart_322T0123", -50, "sphygmomanometer", ("omron-hem-7322t", "omron-hem-7361t")
    )
    meter = OnAir("C0:FF:EE:00:0B:02", "Cuff", None, "sphygmomanometer", ("bluetooth-blood-pressure",))
    with StringIO() as terminal:
        Console(file=terminal, width=80).print(on_air_table([cuff, meter]))
        shown = terminal.getvalue()
    assert all(model in shown for model in (*cuff.models, *meter.models))
    assert conclusion([cuff, meter]).endswith("doorstep-edge read --ble C0:FF:EE:00:0B:07")
    assert "switch a meter on" in conclusion([])


def test_json_line_has_every_field_and_text_line_shows_the_bound() -> None:
    line = json.loads(json_line(HI))
    assert line["metric"] == "glucose"
    assert line["value"] == 600.0
    assert line["unit"] == "mg/dL"
    assert line["device_time"] == "2026-03-01T16:00:00"
    assert line["measured_at"] == "2026-03-01T08:00:00Z"
    assert (line["flags"], line["sequence"], line["meal"], line["user_slot"]) == (["above_range"], 7, "fasting", None)
    assert ">600 mg/dL" in text_line(HI)
    assert text_line(HI).endswith("2026-03-01 16:00:00  above_range fasting")


def test_auto_begins_with_the_cable_that_is_plugged_in(catalogue: Catalogue) -> None:
    assert models_to_try(catalogue, "10c4:85a7")[0] == "onetouch-verio-iq"
    assert set(models_to_try(catalogue, "10c4:ea60")[:2]) == {"sd-codefree", "glucomen-areo"}
    assert set(models_to_try(catalogue, "1a61:ffff")[:2]) == {"freestyle-optium", "freestyle-lite"}, "of that vendor"
    tried = [catalogue[name].driver for name in models_to_try(catalogue, None)]
    assert tried == list(TRIED_BY_AUTO)


def test_model_that_is_not_there_is_refused_with_those_that_are() -> None:
    refused = CliRunner().invoke(app, ["read", "--port", "/dev/null", "--driver", "abacus"])
    assert refused.exit_code == 2
    assert "onetouch-ultra2" in refused.stderr
    assert "bluetooth-glucose" not in refused.stderr


def test_catalogue_beside_the_configuration_goes_first(tmp_path: Path) -> None:
    assert find_catalogue(tmp_path).name == "devices.toml"
    own = tmp_path / "devices.toml"
    own.touch()
    assert find_catalogue(tmp_path) == own


def test_zone_of_the_home(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    assert home_zone().key == "Asia/Tokyo"
    assert home_zone("Asia/Shanghai").key == "Asia/Shanghai"
    with pytest.raises(ConfigurationError, match="Mars"):
        home_zone("Mars/Base")


@pytest.mark.parametrize(
    ("offset_s", "words"),
    [
        (None, "it tells no clock"),
        (0.4, "its clock is right"),
        (-59.4, "its clock is right to the minute"),
        (-95, "its clock is 95 s slow"),
        (200, "its clock is 3 min 20 s fast"),
        (-25200.4, "its clock is 7 h slow"),
        (1047605, "its clock is 12 d 3 h fast"),
    ],
)
def test_a_clock_is_said_as_people_say_it(offset_s: float | None, words: str) -> None:
    read = ReadMeter("contour", "7150-1", 5, 1, offset_s)
    title = "Bayer and Ascensia Contour on the serial cable"
    said = f"{title} 7150-1: 5 records, 1 of them control solution; {words}"
    assert read.sentence(load_catalogue(CATALOGUE)) == said
