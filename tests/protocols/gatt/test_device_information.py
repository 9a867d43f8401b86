import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.errors import DecodeError, ReservedValue, Truncated
from protocols.gatt.battery import decode_battery_level, encode_battery_level
from protocols.gatt.blood_pressure_feature import (
    BloodPressureFeature,
    decode_blood_pressure_feature,
    encode_blood_pressure_feature,
)
from protocols.gatt.device_information import (
    PnpId,
    SystemId,
    decode_pnp_id,
    decode_system_id,
    decode_text,
    encode_pnp_id,
    encode_system_id,
    encode_text,
)
from protocols.gatt.glucose_feature import GlucoseFeature, decode_glucose_feature, encode_glucose_feature

u16 = st.integers(0, 0xFFFF)


@pytest.mark.parametrize(
    ("data", "text"),
    [(b"OMRON", "OMRON"), (b"X4 Smart\0\0", "X4 Smart"), (b" 0123 ", "0123"), ("血糖仪".encode(), "血糖仪"), (b"", "")],
)
def test_text_is_cut_of_its_padding(data: bytes, text: str) -> None:
    assert decode_text(data) == text


def test_text_that_is_not_utf8_is_refused_where_it_goes_wrong() -> None:
    with pytest.raises(DecodeError) as raised:
        decode_text(b"AB\xff")
    assert raised.value.offset == 2


@given(st.text().map(lambda text: text.strip("\0 \t\r\n")))
def test_text_goes_there_and_back(text: str) -> None:
    assert decode_text(encode_text(text)) == text


@given(st.builds(PnpId, st.integers(0, 0xFF), u16, u16, u16))
def test_pnp_id_goes_there_and_back(pnp_id: PnpId) -> None:
    packet = encode_pnp_id(pnp_id)
    assert decode_pnp_id(packet) == pnp_id
    with pytest.raises(Truncated):
        decode_pnp_id(packet[:-1])


def test_pnp_id_bytes() -> None:
    assert decode_pnp_id(bytes.fromhex("01 0e02 0100 1001")) == PnpId(1, 0x020E, 0x0001, 0x0110)


@given(st.builds(SystemId, st.integers(0, (1 << 40) - 1), st.integers(0, (1 << 24) - 1)))
def test_system_id_goes_there_and_back(system_id: SystemId) -> None:
    packet = encode_system_id(system_id)
    assert decode_system_id(packet) == system_id
    with pytest.raises(Truncated):
        decode_system_id(packet[:-1])


def test_system_id_of_an_address_holds_its_maker_at_the_end() -> None:
    """Device Information Service 1.1, section 3.9: address 00:80:98:C0:FF:EE expands with FF FE in its middle."""
    assert decode_system_id(bytes.fromhex("eeffc0feff988000")) == SystemId(0xFFFEC0FFEE, 0x008098)


@pytest.mark.parametrize("percent", [0, 57, 100])
def test_battery_level(percent: int) -> None:
    assert decode_battery_level(encode_battery_level(percent)) == percent


def test_battery_level_that_cannot_be() -> None:
    with pytest.raises(ReservedValue):
        decode_battery_level(b"\x65")
    with pytest.raises(Truncated):
        decode_battery_level(b"")
    with pytest.raises(ValueError, match="not between 0 and 100"):
        encode_battery_level(101)


@given(u16)
def test_features_keep_bits_that_they_do_not_know(bits: int) -> None:
    assert decode_glucose_feature(encode_glucose_feature(GlucoseFeature(bits))) == bits
    assert decode_blood_pressure_feature(encode_blood_pressure_feature(BloodPressureFeature(bits))) == bits


def test_features_are_two_bytes() -> None:
    assert decode_glucose_feature(b"\x20\x02") == GlucoseFeature.RESULT_HIGH_LOW_DETECTION | GlucoseFeature.TIME_FAULT
    for decode in (decode_glucose_feature, decode_blood_pressure_feature):
        with pytest.raises(Truncated):
            decode(b"\x00")
