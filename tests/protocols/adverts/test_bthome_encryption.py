import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.adverts.bthome import BindKeyNeeded, PlaintextRefused, decode_bthome, encode_bthome
from protocols.adverts.bthome_encryption import decrypt, encrypt
from protocols.adverts.bthome_objects import BUTTON, HUMIDITY, TEMPERATURE, ButtonPress
from protocols.errors import ChecksumMismatch, ProtocolError, Truncated
from protocols.reading import Metric

# bthome.io/encryption
MAC = "54:48:E6:8F:80:A5"
KEY = bytes.fromhex("231d39c1d7cc1ab1aee224cd096db932")
COUNTER = 0x00112233
SERVICE_DATA = bytes.fromhex("41e445f3c9962b332211006c7c4519")  # behind the UUID d2fc

keys = st.binary(min_size=16, max_size=16)
counters = st.integers(0, (1 << 32) - 1)
macs = st.binary(min_size=6, max_size=6).map(lambda address: address.hex(":").upper())


def test_the_published_advertisement_is_read() -> None:
    advert = decode_bthome(SERVICE_DATA, mac=MAC, bind_key=KEY)
    assert advert.encrypted
    assert advert.counter == COUNTER
    assert advert.measurements == ((Metric.AMBIENT_TEMPERATURE, 25.06), (Metric.HUMIDITY, 50.55))


def test_the_published_advertisement_is_written() -> None:
    objects = [(HUMIDITY, 50.55), (TEMPERATURE, 25.06)]  # any order; ids go out ascending
    assert encode_bthome(objects, mac=MAC, bind_key=KEY, counter=COUNTER) == SERVICE_DATA


@given(macs, keys, counters, st.sampled_from(ButtonPress), st.booleans())
def test_press_goes_there_and_back(mac: str, key: bytes, counter: int, press: ButtonPress, trigger: bool) -> None:
    data = encode_bthome([(BUTTON, press)], trigger_based=trigger, mac=mac, bind_key=key, counter=counter)
    advert = decode_bthome(data, mac=mac, bind_key=key)
    assert advert.buttons == (press,)
    assert advert.counter == counter
    assert advert.trigger_based == trigger
    assert advert.encrypted


@pytest.mark.parametrize("place", range(len(SERVICE_DATA) * 8))
def test_no_bit_can_be_changed(place: int) -> None:
    changed = bytearray(SERVICE_DATA)
    changed[place // 8] ^= 1 << place % 8
    with pytest.raises(ProtocolError) as raised:
        decode_bthome(bytes(changed), mac=MAC, bind_key=KEY)
    if place >= 8:  # behind the information byte, whose bits say how to read the rest
        assert raised.type is ChecksumMismatch


def test_other_key_and_other_address_are_refused() -> None:
    with pytest.raises(ChecksumMismatch):
        decode_bthome(SERVICE_DATA, mac=MAC, bind_key=bytes(16))
    with pytest.raises(ChecksumMismatch):
        decode_bthome(SERVICE_DATA, mac="54:48:E6:8F:80:A6", bind_key=KEY)


def test_address_in_the_data_is_the_one_of_the_nonce() -> None:
    """A device whose own address is random sends the one its key belongs to."""
    plain, information = bytes.fromhex("02ca09"), 0x43
    sealed = encrypt(plain, key=KEY, address=bytes.fromhex("5448e68f80a5"), information=information, counter=1)
    data = bytes((information,)) + bytes.fromhex("a5808fe64854") + sealed[:-4] + b"\1\0\0\0" + sealed[-4:]
    advert = decode_bthome(data, mac="11:22:33:44:55:66", bind_key=KEY)
    assert advert.measurements == ((Metric.AMBIENT_TEMPERATURE, 25.06),)


def test_plaintext_of_a_device_with_a_key_is_refused() -> None:
    with pytest.raises(PlaintextRefused, match=MAC):
        decode_bthome(bytes.fromhex("443a01"), mac=MAC, bind_key=KEY)


def test_encrypted_advertisement_without_a_key() -> None:
    with pytest.raises(BindKeyNeeded, match=MAC):
        decode_bthome(SERVICE_DATA, mac=MAC, bind_key=None)


@pytest.mark.parametrize("length", range(len(SERVICE_DATA)))
def test_cut_advertisement(length: int) -> None:
    """Below counter and tag it is seen to be cut; above, what is left has a wrong tag."""
    with pytest.raises(Truncated if length < 9 else ChecksumMismatch):
        decode_bthome(SERVICE_DATA[:length], mac=MAC, bind_key=KEY)


@pytest.mark.parametrize("key", [b"", bytes(15), bytes(32)])
def test_key_of_wrong_length_is_refused(key: bytes) -> None:
    with pytest.raises(ValueError, match="16 bytes"):
        decode_bthome(SERVICE_DATA, mac=MAC, bind_key=key)


def test_encoding_needs_mac_and_counter() -> None:
    with pytest.raises(ValueError, match="mac and counter"):
        encode_bthome([(BUTTON, 1)], mac=MAC, bind_key=KEY)
    with pytest.raises(ValueError, match="mac and counter"):
        encode_bthome([(BUTTON, 1)], bind_key=KEY, counter=1)


@given(st.binary(max_size=40), keys, st.binary(min_size=6, max_size=6), counters)
def test_decrypt_undoes_encrypt(plain: bytes, key: bytes, address: bytes, counter: int) -> None:
    sealed = encrypt(plain, key=key, address=address, information=0x41, counter=counter)
    assert len(sealed) == len(plain) + 4
    assert decrypt(sealed, key=key, address=address, information=0x41, counter=counter) == plain


@given(st.binary(max_size=3))
def test_less_than_a_tag_is_refused(sealed: bytes) -> None:
    with pytest.raises(ChecksumMismatch):
        decrypt(sealed, key=KEY, address=bytes(6), information=0x41, counter=0)
