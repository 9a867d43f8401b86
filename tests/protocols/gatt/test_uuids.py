"""Our numbers against the assigned numbers as bleak, written by others, names them."""

import pytest
from bleak.uuids import uuidstr_to_str

from protocols.gatt import uuids


@pytest.mark.parametrize(
    ("uuid", "name"),
    [
        (uuids.CURRENT_TIME_SERVICE, "Current Time Service"),
        (uuids.GLUCOSE_SERVICE, "Glucose"),
        (uuids.DEVICE_INFORMATION_SERVICE, "Device Information"),
        (uuids.BATTERY_SERVICE, "Battery Service"),
        (uuids.BLOOD_PRESSURE_SERVICE, "Blood Pressure"),
        (uuids.DATE_TIME, "Date Time"),
        (uuids.GLUCOSE_MEASUREMENT, "Glucose Measurement"),
        (uuids.BATTERY_LEVEL, "Battery Level"),
        (uuids.SYSTEM_ID, "System ID"),
        (uuids.MODEL_NUMBER, "Model Number String"),
        (uuids.SERIAL_NUMBER, "Serial Number String"),
        (uuids.FIRMWARE_REVISION, "Firmware Revision String"),
        (uuids.HARDWARE_REVISION, "Hardware Revision String"),
        (uuids.SOFTWARE_REVISION, "Software Revision String"),
        (uuids.MANUFACTURER_NAME, "Manufacturer Name String"),
        (uuids.CURRENT_TIME, "Current Time"),
        (uuids.GLUCOSE_MEASUREMENT_CONTEXT, "Glucose Measurement Context"),
        (uuids.BLOOD_PRESSURE_MEASUREMENT, "Blood Pressure Measurement"),
        (uuids.INTERMEDIATE_CUFF_PRESSURE, "Intermediate Cuff Pressure"),
        (uuids.BLOOD_PRESSURE_FEATURE, "Blood Pressure Feature"),
        (uuids.PNP_ID, "PnP ID"),
        (uuids.GLUCOSE_FEATURE, "Glucose Feature"),
        (uuids.RECORD_ACCESS_CONTROL_POINT, "Record Access Control Point"),
        (uuids.CLIENT_CHARACTERISTIC_CONFIGURATION, "Client Characteristic Configuration"),
    ],
)
def test_assigned_number(uuid: str, name: str) -> None:
    assert uuidstr_to_str(uuid) == name
