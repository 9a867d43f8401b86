import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.adverts.bthome import decode_bthome, encode_bthome
from protocols.adverts.bthome_objects import (
    BATTERY,
    BUTTON,
    HUMIDITY,
    MOTION,
    OBJECT_TYPES,
    PACKET_ID,
    TEMPERATURE,
    VOLUME_FLOW_RATE,
    WET,
    ButtonPress,
    Form,
)
from protocols.errors import ProtocolError, ReservedValue, Truncated
from protocols.reading import Metric

MAC = "C0:FF:EE:00:00:03"


@st.composite
def object_values(draw: st.DrawFn) -> tuple[int, float | bytes]:
    object_id = draw(st.sampled_from(sorted(OBJECT_TYPES)))
    object_type = OBJECT_TYPES[object_id]
    match object_type.form:
        case Form.BYTES:
            return object_id, draw(st.binary(min_size=object_type.length, max_size=object_type.length))
        case Form.COUNTED:
            return object_id, draw(st.binary(max_size=20))
        case Form.COMMAND:
            return object_id, draw(st.binary(min_size=1, max_size=8))
        case Form.SIGNED:
            limit = 1 << 8 * object_type.length - 1
            return object_id, object_type.value(draw(st.integers(-limit, limit - 1)))
        case Form.UNSIGNED:
            return object_id, object_type.value(draw(st.integers(0, (1 << 8 * object_type.length) - 1)))


def test_shower_sensor() -> None:
    objects: list[tuple[int, float | bytes]] = [
        (PACKET_ID, 9),
        (BATTERY, 93),
        (TEMPERATURE, 23.97),
        (HUMIDITY, 63.27),
        (MOTION, 1),
    ]
    data = encode_bthome(objects)
    assert data == bytes.fromhex("40 0009 015d 025d09 03b718 2101")
    advert = decode_bthome(data, mac=MAC, bind_key=None)
    assert advert.packet_id == 9
    assert advert.measurements == (
        (Metric.DEVICE_BATTERY, 93.0),
        (Metric.AMBIENT_TEMPERATURE, 23.97),
        (Metric.HUMIDITY, 63.27),
        (Metric.MOTION, 1.0),
    )
    assert not advert.trigger_based
    assert advert.others == ()
    assert advert.unread == b""


@given(st.lists(object_values(), max_size=8), st.booleans())
def test_objects_go_there_and_back(objects: list[tuple[int, float | bytes]], trigger: bool) -> None:
    data = encode_bthome(objects, trigger_based=trigger)
    advert = decode_bthome(data, mac=MAC, bind_key=None)
    assert advert.unread == b""
    assert advert.trigger_based == trigger
    in_order = sorted(objects, key=lambda item: item[0])
    assert [value for _, value in advert.measurements] == pytest.approx(
        [value for object_id, value in in_order if OBJECT_TYPES[object_id].metric]
    )
    packet_ids = [value for object_id, value in in_order if object_id == PACKET_ID]
    assert advert.packet_id == (packet_ids[-1] if packet_ids else None)
    kept = len(advert.measurements) + len(advert.others) + len(advert.buttons) + len(packet_ids)
    assert kept == len(objects)


@given(st.lists(object_values(), min_size=1, max_size=4), st.data())
def test_any_cut_inside_an_object_is_truncated(objects: list[tuple[int, float | bytes]], data: st.DataObject) -> None:
    """A packet has no length of its own: a cut between two objects cannot be seen."""
    whole = encode_bthome(objects)
    in_order = sorted(objects, key=lambda item: item[0])
    boundaries = {len(encode_bthome(in_order[:count])) for count in range(len(in_order) + 1)}
    length = data.draw(st.integers(0, len(whole) - 1))
    if length in boundaries:
        decode_bthome(whole[:length], mac=MAC, bind_key=None)
    else:
        with pytest.raises(Truncated):
            decode_bthome(whole[:length], mac=MAC, bind_key=None)


@given(st.binary(max_size=40), st.none() | st.binary(min_size=16, max_size=16))
def test_any_bytes_are_an_advert_or_a_protocol_error(data: bytes, bind_key: bytes | None) -> None:
    try:
        decode_bthome(data, mac=MAC, bind_key=bind_key)
    except ProtocolError:
        return


@pytest.mark.parametrize("information", [0x00, 0x20, 0x21, 0x60, 0xE4])
def test_other_versions_are_refused(information: int) -> None:
    with pytest.raises(ReservedValue, match=f"version {information >> 5}"):
        decode_bthome(bytes((information, 0x02, 0xCA, 0x09)), mac=MAC, bind_key=None)


@pytest.mark.parametrize(
    ("code", "press"),
    [
        (0x00, ButtonPress.NONE),
        (0x01, ButtonPress.PRESS),
        (0x02, ButtonPress.DOUBLE),
        (0x03, ButtonPress.TRIPLE),
        (0x04, ButtonPress.LONG),
        (0x05, ButtonPress.LONG_DOUBLE),
        (0x06, ButtonPress.LONG_TRIPLE),
        (0x80, ButtonPress.HOLD),
    ],
)
def test_button_events(code: int, press: ButtonPress) -> None:
    assert decode_bthome(bytes((0x44, BUTTON, code)), mac=MAC, bind_key=None).buttons == (press,)


def test_second_of_two_buttons() -> None:
    advert = decode_bthome(bytes.fromhex("44 3a00 3a01"), mac=MAC, bind_key=None)
    assert advert.buttons == (ButtonPress.NONE, ButtonPress.PRESS)


def test_button_event_without_a_name_is_kept_and_is_no_press() -> None:
    advert = decode_bthome(bytes.fromhex("44 3a7f"), mac=MAC, bind_key=None)
    assert advert.buttons == ()
    assert advert.others == ((BUTTON, 127.0),)


@pytest.mark.parametrize(
    ("data", "metric", "value"),
    [
        ("2001", Metric.MOISTURE, 1.0),
        ("2100", Metric.MOTION, 0.0),
        ("1101", Metric.CONTACT, 1.0),
        ("1a01", Metric.CONTACT, 1.0),
        ("2d00", Metric.CONTACT, 0.0),
        ("2e23", Metric.HUMIDITY, 35.0),
        ("45eeff", Metric.AMBIENT_TEMPERATURE, -1.8),
        ("49b400", Metric.FLOW, 3.0),  # 0.18 m3/h
    ],
)
def test_our_metrics_in_our_units(data: str, metric: Metric, value: float) -> None:
    advert = decode_bthome(b"\x40" + bytes.fromhex(data), mac=MAC, bind_key=None)
    assert [found for found, _ in advert.measurements] == [metric]
    assert advert.measurements[0][1] == pytest.approx(value)


def test_flow_is_sent_in_our_unit() -> None:
    assert encode_bthome([(VOLUME_FLOW_RATE, 3.0), (WET, 1)]) == bytes.fromhex("40 2001 49b400")


def test_command_is_an_op_code_and_its_arguments() -> None:
    advert = decode_bthome(bytes.fromhex("44 3b 02 03 1122 6001"), mac=MAC, bind_key=None)
    assert advert.others == ((0x3B, bytes.fromhex("031122")), (0x60, 1.0))


@pytest.mark.parametrize(
    ("object_id", "value", "message"),
    [
        (0xFE, 1, "not in BTHome's table"),
        (0x02, b"\x01\x02", "not of the form"),
        (0x53, 1.0, "not of the form"),
        (0x3C, b"\x01", "not of the form"),
        (0x3B, b"", "not of the form"),
    ],
)
def test_what_cannot_be_said_is_refused(object_id: int, value: float | bytes, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        encode_bthome([(object_id, value)])


@pytest.mark.parametrize(("object_id", "value"), [(0x01, 256), (0x01, -1), (0x02, 327.68)])
def test_value_beyond_its_object_is_refused(object_id: int, value: float) -> None:
    with pytest.raises(OverflowError):
        encode_bthome([(object_id, value)])


@pytest.mark.parametrize("mac", ["", "C0:FF:EE:00:00", "C0-FF-EE-00-00-03", "someone"])
def test_address_that_is_none_is_refused(mac: str) -> None:
    with pytest.raises(ValueError, match="is not a Bluetooth address"):
        decode_bthome(b"\x40", mac=mac, bind_key=None)
