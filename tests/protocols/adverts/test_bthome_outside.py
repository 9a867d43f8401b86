"""bthome-ble, written by others, on the far side: it reads what we write, and we read what it writes."""

import pytest
from bleak.backends.device import BLEDevice
from bthome_ble.bthome_v2_encryption import encrypt_payload
from bthome_ble.const import MEAS_TYPES
from bthome_ble.parser import BTHomeBluetoothDeviceData
from habluetooth import BluetoothServiceInfoBleak
from hypothesis import given
from hypothesis import strategies as st

from protocols.adverts.bthome import BTHOME_UUID, decode_bthome, encode_bthome
from protocols.adverts.bthome_objects import (
    BATTERY,
    BUTTON,
    HUMIDITY,
    MOTION,
    OBJECT_TYPES,
    PACKET_ID,
    TEMPERATURE,
    ButtonPress,
    Form,
)
from protocols.reading import Metric

MAC = "54:48:E6:8F:80:A5"
KEY = bytes.fromhex("231d39c1d7cc1ab1aee224cd096db932")

hundredths = st.integers(-4000, 8500).map(lambda raw: raw / 100)


def outside_values(service_data: bytes, bind_key: bytes | None = None) -> dict[str, object]:
    """What bthome-ble makes of `service_data`: sensors, binary sensors and events by name."""
    device = BTHomeBluetoothDeviceData(bindkey=bind_key)
    update = device.update(
        BluetoothServiceInfoBleak(
            name="sensor",
            address=MAC,
            rssi=-60,
            manufacturer_data={},
            service_data={BTHOME_UUID: service_data},
            service_uuids=[BTHOME_UUID],
            source="",
            device=BLEDevice(MAC, "sensor", {}),
            advertisement=None,
            connectable=False,
            time=0,
            tx_power=None,
        )
    )
    values: dict[str, object] = {key.key: value.native_value for key, value in update.entity_values.items()}
    values |= {key.key: value.native_value for key, value in update.binary_entity_values.items()}
    values |= {key.key: event.event_type for key, event in update.events.items()}
    return values


def test_table_has_the_lengths_of_theirs() -> None:
    theirs = {
        object_id: meas.data_length
        for object_id, meas in MEAS_TYPES.items()
        if meas.data_format not in ("string", "raw", "command")
    }
    ours = {object_id: kind.length for object_id, kind in OBJECT_TYPES.items() if kind.length}
    assert ours == theirs
    assert set(OBJECT_TYPES) == set(MEAS_TYPES)


def test_table_has_the_factors_and_signs_of_theirs() -> None:
    for object_id, kind in OBJECT_TYPES.items():
        theirs = MEAS_TYPES[object_id]
        if kind.form in (Form.UNSIGNED, Form.SIGNED):
            assert float(kind.factor) == theirs.factor, hex(object_id)
            assert (kind.form is Form.SIGNED) == (theirs.data_format == "signed_integer"), hex(object_id)


@given(hundredths, st.integers(0, 10_000).map(lambda raw: raw / 100), st.booleans(), st.integers(0, 100))
def test_they_read_our_shower_sensor(temperature: float, humidity: float, motion: bool, battery: int) -> None:
    data = encode_bthome(
        [(PACKET_ID, 1), (BATTERY, battery), (TEMPERATURE, temperature), (HUMIDITY, humidity), (MOTION, motion)]
    )
    values = outside_values(data)
    assert values["temperature"] == temperature
    assert values["humidity"] == humidity
    assert values["motion"] is motion
    assert values["battery"] == battery


@pytest.mark.parametrize(
    ("press", "event"),
    [
        (ButtonPress.PRESS, "press"),
        (ButtonPress.DOUBLE, "double_press"),
        (ButtonPress.TRIPLE, "triple_press"),
        (ButtonPress.LONG, "long_press"),
        (ButtonPress.LONG_DOUBLE, "long_double_press"),
        (ButtonPress.LONG_TRIPLE, "long_triple_press"),
        (ButtonPress.HOLD, "hold_press"),
    ],
)
def test_they_read_our_encrypted_button(press: ButtonPress, event: str) -> None:
    data = encode_bthome(
        [(PACKET_ID, 7), (BATTERY, 88), (BUTTON, press)], trigger_based=True, mac=MAC, bind_key=KEY, counter=4711
    )
    values = outside_values(data, KEY)
    assert values["button"] == event
    assert values["battery"] == 88


@given(hundredths, st.integers(0, (1 << 32) - 1))
def test_we_read_what_they_encrypt(temperature: float, counter: int) -> None:
    plain = bytes((TEMPERATURE,)) + round(temperature * 100).to_bytes(2, "little", signed=True)
    sent = encrypt_payload(
        data=plain,
        mac=bytes.fromhex(MAC.replace(":", "")),
        uuid16=b"\xd2\xfc",
        sw_version=b"\x41",
        count_id=counter.to_bytes(4, "little"),
        key=KEY,
    )
    advert = decode_bthome(sent[2:], mac=MAC, bind_key=KEY)
    assert advert.measurements == ((Metric.AMBIENT_TEMPERATURE, temperature),)
    assert advert.counter == counter
