"""Ruuvi data format 5: the maker's own vectors, and there and back."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.adverts.ruuvi import RuuviAdvert, decode_ruuvi, encode_ruuvi
from protocols.errors import ProtocolError, ReservedValue, Truncated

LENGTH = 24
MAC = "CB:B8:33:4C:88:4F"
# github.com/ruuvi/ruuvi-sensor-protocols, dataformat_05.md @ 4b3a5078: its four test vectors
VALID = bytes.fromhex("0512FC5394C37C0004FFFC040CAC364200CDCBB8334C884F")
MAXIMUM = bytes.fromhex("057FFFFFFEFFFE7FFF7FFF7FFFFFDEFEFFFECBB8334C884F")
MINIMUM = bytes.fromhex("058001000000008001800180010000000000CBB8334C884F")
INVALID = bytes.fromhex("058000FFFFFFFF800080008000FFFFFFFFFFFFFFFFFFFFFF")
VECTORS = [
    (VALID, RuuviAdvert(24.3, 53.49, 100_044, (4, -4, 1036), 2977, 4, 66, 205, MAC)),
    (MAXIMUM, RuuviAdvert(163.835, 163.835, 115_534, (32767, 32767, 32767), 3646, 20, 254, 65534, MAC)),
    (MINIMUM, RuuviAdvert(-163.835, 0.0, 50_000, (-32767, -32767, -32767), 1600, -40, 0, 0, MAC)),
    (INVALID, RuuviAdvert(None, None, None, (None, None, None), None, None, None, None, None)),
]


@pytest.mark.parametrize(("data", "advert"), VECTORS, ids=["valid", "maximum", "minimum", "invalid"])
def test_the_makers_vectors_go_both_ways(data: bytes, advert: RuuviAdvert) -> None:
    assert decode_ruuvi(data) == advert
    assert encode_ruuvi(advert) == data


@given(st.binary(min_size=LENGTH - 1, max_size=LENGTH - 1))
def test_whatever_a_tag_says_goes_there_and_back(fields: bytes) -> None:
    data = b"\x05" + fields
    assert encode_ruuvi(decode_ruuvi(data)) == data


@given(st.integers(0, LENGTH - 1))
def test_any_cut_is_truncated(length: int) -> None:
    with pytest.raises(Truncated):
        decode_ruuvi(VALID[:length])


@given(st.binary(max_size=40))
def test_any_bytes_are_an_advert_or_a_protocol_error(data: bytes) -> None:
    try:
        decode_ruuvi(data)
    except ProtocolError:
        return
    assert data[0] == 5
    assert len(data) >= LENGTH


@pytest.mark.parametrize("data_format", [0x02, 0x03, 0x06, 0x08, 0xC5, 0xE1, 0xFF])
def test_other_formats_are_refused(data_format: int) -> None:
    with pytest.raises(ReservedValue, match=f"format {data_format}"):
        decode_ruuvi(bytes((data_format,)) + VALID[1:])


def test_what_follows_is_not_read() -> None:
    assert decode_ruuvi(VALID + b"\x00\x01") == decode_ruuvi(VALID)


@pytest.mark.parametrize(
    "beyond",
    [
        {"temperature_c": -163.84},
        {"temperature_c": 163.84},
        {"humidity_percent": 163.8375},
        {"humidity_percent": -0.01},
        {"pressure_pa": 115_535},
        {"pressure_pa": 49_999},
        {"acceleration_mg": (0, 0, -32768)},
        {"battery_mv": 3647},
        {"tx_power_dbm": 22},
        {"movements": 255},
        {"sequence": 65535},
    ],
)
def test_no_value_is_mistaken_for_an_absent_one(beyond: dict[str, float]) -> None:
    with pytest.raises(OverflowError):
        encode_ruuvi(replace(decode_ruuvi(VALID), **beyond))  # type: ignore[arg-type]  # one field of any type


@pytest.mark.parametrize("address", ["", "CB:B8:33", "no address"])
def test_address_of_another_form_is_refused(address: str) -> None:
    with pytest.raises(ValueError, match="not a Bluetooth address"):
        encode_ruuvi(replace(decode_ruuvi(VALID), address=address))
