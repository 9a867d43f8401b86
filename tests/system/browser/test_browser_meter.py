"""A nurse's own meter fills the report in: the page reads its records as the gateway's own codecs write them."""

from datetime import datetime

import pytest
from playwright.sync_api import Page, expect

from protocols.gatt.blood_pressure import BloodPressureMeasurement, encode_blood_pressure_measurement
from protocols.gatt.glucose import ConcentrationUnit, GlucoseMeasurement, encode_glucose_measurement
from protocols.reading import Unit
from tests.cloud.web.community import Community
from tests.cloud.web.running import Site
from tests.system.browser.conftest import PHONE, OpenPage, sign_in

pytestmark = pytest.mark.system

AT = datetime(2026, 11, 22, 9, 5)
PRESSURES = [
    (BloodPressureMeasurement(176, 94, 121, pulse_per_min=71), {"systolic": 176, "diastolic": 94, "pulse": 71}),
    (BloodPressureMeasurement(18.4, 11.2, 13.6, unit=Unit.KPA, time_stamp=AT), {"systolic": 138, "diastolic": 84}),
    (BloodPressureMeasurement(float("nan"), float("nan"), float("nan")), {}),
]
GLUCOSES = [
    (GlucoseMeasurement(7, AT, concentration=0.00126), "mmol/L", {"glucose": 7}),
    (GlucoseMeasurement(7, AT, 5, concentration=0.0061, unit=ConcentrationUnit.MOL_PER_L), "mmol/L", {"glucose": 6.1}),
    (GlucoseMeasurement(7, AT, concentration=0.0061, unit=ConcentrationUnit.MOL_PER_L), "mg/dL", {"glucose": 110}),
    (GlucoseMeasurement(7, AT), "mg/dL", {}),
]
READ = """async ([name, bytes, unit]) => {
  const values = await import("/static/meter-values.js");
  return values[name](new DataView(new Uint8Array(bytes).buffer), unit);
}"""
# A cuff at the browser's own interface: no phone is here whose radio could have one.
CUFF = """(bytes) => {
  const values = new EventTarget();
  values.startNotifications = async () => {
    values.value = new DataView(new Uint8Array(bytes).buffer);
    values.dispatchEvent(new Event("characteristicvaluechanged"));
  };
  const service = { uuid: "00001810-0000-1000-8000-00805f9b34fb", getCharacteristic: async () => values };
  const gatt = { connect: async () => ({ getPrimaryServices: async () => [service] }), disconnect() {} };
  Object.defineProperty(navigator, "bluetooth", { value: { requestDevice: async () => ({ gatt }) } });
}"""


@pytest.fixture
def phone(site: Site, open_page: OpenPage) -> Page:
    page = open_page(PHONE)
    sign_in(page, site, "nurse")
    return page


def test_records_are_read_as_the_codecs_write_them(site: Site, phone: Page) -> None:
    phone.goto(f"{site.address}/today")
    for pressure, expected in PRESSURES:
        sent = list(encode_blood_pressure_measurement(pressure))
        assert phone.evaluate(READ, ["bloodPressure", sent, ""]) == expected
    for glucose, unit, found in GLUCOSES:
        assert phone.evaluate(READ, ["glucose", list(encode_glucose_measurement(glucose)), unit]) == found


def test_a_cuff_fills_the_report_in(site: Site, community: Community, phone: Page) -> None:
    visit = community.create_visit("home-1", state="at_the_door", nurse="nurse")
    sent = list(encode_blood_pressure_measurement(PRESSURES[0][0]))
    phone.add_init_script(f"({CUFF})({sent})")
    phone.goto(f"{site.address}/visits/{visit}")
    phone.get_by_role("button", name="Read from my meter").click()
    expect(phone.get_by_label("Systolic pressure")).to_have_value("176")
    phone.get_by_role("button", name="File report").click()
    expect(phone.get_by_role("heading", name="Report filed")).to_be_visible()
    found = community.run("SELECT metric, value FROM reading WHERE device_id = 0 ORDER BY metric")
    assert found == [("diastolic", 94.0), ("pulse", 71.0), ("systolic", 176.0)]
