"""PDUs against bytes from outside, against an independent library, and whatever Hypothesis thinks of."""

import string
import warnings
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from protocols.errors import ProtocolError, ReservedValue, Truncated
from protocols.sms import gsm7
from protocols.sms.pdu import (
    Deliver,
    Delivery,
    StatusReport,
    Submit,
    decode_hex,
    decode_incoming,
    decode_submit,
    encode_deliver,
    encode_status_report,
    encode_submit,
)
from protocols.sms.user_data import Alphabet, UserData, alphabet_of, split

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from gsmmodem import pdu as gsmmodem_pdu
import contextlib

AT = datetime(2026, 3, 1, 8, 30, 15, tzinfo=timezone(timedelta(hours=8)))
GSM7_LETTERS = "".join(letter for letter in map(chr, range(0x400)) if gsm7.is_gsm7(letter)) + "€"

gsm7_texts = st.text(st.sampled_from(GSM7_LETTERS), max_size=700)
any_texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=400)
numbers = st.text(string.digits, min_size=3, max_size=15).map(lambda digits: f"+{digits}")


def test_a_delivered_message_of_1999() -> None:
    """The worked example of many tutorials: sender 27838890001, 'hellohello'."""
    deliver = decode_incoming(decode_hex("07917283010010F5040BC87238880900F10000993092516195800AE8329BFD4697D9EC37"))
    assert isinstance(deliver, Deliver)
    assert deliver.data == UserData("hellohello")
    assert deliver.service_centre == "+27381000015"
    assert deliver.sender == "27838890001"
    assert deliver.at == datetime(1999, 3, 29, 15, 16, 59, tzinfo=timezone(timedelta(hours=2)))


def test_a_delivered_message_from_the_netherlands() -> None:
    """Published with its meaning among the examples of a PDU toolkit, and in many others."""
    deliver = decode_incoming(
        decode_hex("07911326040000F0040B911346610089F60000208062917314080CC8F71D14969741F977FD07")
    )
    assert isinstance(deliver, Deliver)
    assert (deliver.service_centre, deliver.sender, deliver.data.text) == (
        "+31624000000",
        "+31641600986",
        "How are you?",
    )


def test_a_status_report_of_2007() -> None:
    """amro.blogspot.com/2007/09/receiving-sms-status-report-message.html, with the modem's empty service centre."""
    report = decode_incoming(decode_hex("00" + "06000B910221815716F2709021510121807090215101718000"))
    assert report == StatusReport(
        reference=0,
        recipient="+20121875612",
        at=datetime(2007, 9, 12, 15, 10, 12, tzinfo=timezone(timedelta(hours=2))),
        discharged_at=datetime(2007, 9, 12, 15, 10, 17, tzinfo=timezone(timedelta(hours=2))),
        status=0,
    )
    assert report.delivery is Delivery.DELIVERED


def test_a_submitted_message() -> None:
    """From the tests of a JavaScript library: its 01 01 0b 91 ... 'hello'."""
    pdu = decode_hex("00" + "01010b911732214365f7000005e8329bfd06")
    submit = Submit("+71231234567", UserData("hello"), wants_report=False, reference=1)
    assert decode_submit(pdu) == submit
    assert encode_submit(submit) == pdu


@given(numbers, any_texts, st.integers(0, 255))
def test_gsmmodem_reads_what_we_submit(number: str, text: str, reference: int) -> None:
    assume(all(ord(letter) <= 0xFFFF for letter in text))  # it takes UCS-2 by its word
    for data in split(text, reference):
        read: dict[str, Any] = gsmmodem_pdu.decodeSmsPdu(encode_submit(Submit(number, data)).hex().upper())
        assert (read["type"], read["number"], read["text"]) == ("SMS-SUBMIT", number, data.text)
        if data.part is not None:
            (element,) = read["udh"]
            assert (element.reference, element.parts, element.number) == (
                reference,
                data.part.total,
                data.part.number,
            )


@given(numbers, gsm7_texts)
def test_gsmmodem_reads_what_a_network_delivers(number: str, text: str) -> None:
    assume(not set(text) & set("§\f"))  # at these codes the library differs from the standard's tables
    for data in split(text, 77):
        read = gsmmodem_pdu.decodeSmsPdu(encode_deliver(Deliver(number, AT, data)).hex().upper())
        assert (read["number"], read["text"], read["time"]) == (number, data.text, AT)


@given(numbers, st.text(st.sampled_from(string.ascii_letters + string.digits + " .:+äö€"), min_size=1, max_size=400))
def test_we_read_what_gsmmodem_submits(number: str, text: str) -> None:
    pdus = gsmmodem_pdu.encodeSmsSubmitPdu(number, text, reference=5)
    read = [decode_submit(bytes(pdu.data)) for pdu in pdus]
    assert "".join(submit.data.text for submit in read) == text
    assert {submit.recipient for submit in read} == {number}
    assert all(submit.wants_report for submit in read)


@given(numbers, st.integers(0, 255), st.integers(0, 255))
def test_gsmmodem_reads_our_reports(number: str, reference: int, status: int) -> None:
    report = StatusReport(reference, number, AT, AT + timedelta(seconds=9), status)
    read = gsmmodem_pdu.decodeSmsPdu(encode_status_report(report).hex().upper())
    assert (read["type"], read["reference"], read["number"]) == ("SMS-STATUS-REPORT", reference, number)
    assert (read["time"], read["discharge"], read["status"]) == (AT, AT + timedelta(seconds=9), status)


@given(any_texts | gsm7_texts, st.integers(0, 255))
def test_a_text_is_its_parts_and_each_fits(text: str, reference: int) -> None:
    parts = split(text, reference)
    assert "".join(part.text for part in parts) == text
    for part in parts:
        submit = Submit("+8613800000000", part, validity_min=60)
        assert decode_submit(encode_submit(submit)) == submit


@pytest.mark.parametrize(
    ("length", "letter", "parts"),
    [
        (160, "a", 1),
        (161, "a", 2),
        (306, "a", 2),
        (307, "a", 3),
        (80, "€", 1),
        (81, "€", 2),
        (152, "€", 2),
        (70, "护", 1),
        (71, "护", 2),
        (134, "护", 2),
        (135, "护", 3),
        (35, "😀", 1),
        (36, "😀", 2),
        (66, "😀", 2),
    ],
)
def test_how_many_messages_a_text_takes(length: int, letter: str, parts: int) -> None:
    assert len(split(letter * length, 0)) == parts


@given(st.sampled_from([0, 3]), gsm7_texts, st.data())
def test_any_truncation_says_so(kind: int, text: str, data: st.DataObject) -> None:
    report = StatusReport(3, "+8613800000000", AT, AT, 0)
    whole = encode_status_report(report) if kind else encode_deliver(Deliver("+8613800000000", AT, split(text, 1)[0]))
    cut = data.draw(st.integers(0, len(whole) - 1))
    with pytest.raises(Truncated) as error:
        decode_incoming(whole[:cut])
    assert error.value.offset <= cut


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(pdu: bytes) -> None:
    for decode in (decode_incoming, decode_submit):
        with contextlib.suppress(ProtocolError):
            decode(pdu)


@pytest.mark.parametrize(
    ("status", "delivery"),
    [
        (0, Delivery.DELIVERED),
        (1, Delivery.DELIVERED),
        (32, Delivery.STILL_TRYING),
        (48, Delivery.STILL_TRYING),
        (69, Delivery.FAILED),
        (96, Delivery.FAILED),
        (255, Delivery.FAILED),
    ],
)
def test_what_a_status_means(status: int, delivery: Delivery) -> None:
    report = StatusReport(1, "+8613800000000", AT, AT, status)
    read = decode_incoming(encode_status_report(report))
    assert read == report
    assert report.delivery is delivery


def test_a_stamp_that_is_no_time_does_not_cost_the_message() -> None:
    pdu = bytearray(encode_deliver(Deliver("+861", AT, UserData("help"))))
    begin = pdu.index(bytes((0x62, 0x30)))
    pdu[begin : begin + 7] = b"\xff" * 7
    deliver = decode_incoming(bytes(pdu))
    assert isinstance(deliver, Deliver)
    assert (deliver.at, deliver.data.text) == (None, "help")


def test_a_senders_name_is_read() -> None:
    """An alphanumeric address of the network: seven letters, 49 bits, 13 half-octets."""
    address = bytes((13, 0xD0)) + gsm7.pack(gsm7.septets_of("Network"))
    plain = encode_deliver(Deliver("1", AT, UserData("hi")))
    deliver = decode_incoming(plain[:2] + address + plain[5:])
    assert isinstance(deliver, Deliver)
    assert (deliver.sender, deliver.data.text) == ("Network", "hi")


@pytest.mark.parametrize("at", [AT, AT.astimezone(UTC), AT.astimezone(timezone(timedelta(hours=-9, minutes=-30)))])
def test_zones_are_kept(at: datetime) -> None:
    deliver = decode_incoming(encode_deliver(Deliver("10086", at, UserData("x"))))
    assert isinstance(deliver, Deliver)
    assert (deliver.at, deliver.sender) == (at, "10086")
    assert deliver.at is not None
    assert deliver.at.utcoffset() == at.utcoffset()


@pytest.mark.parametrize(
    ("scheme", "alphabet"),
    [
        (0, Alphabet.GSM7),
        (4, Alphabet.OCTETS),
        (8, Alphabet.UCS2),
        (12, Alphabet.GSM7),
        (24, Alphabet.UCS2),
        (200, Alphabet.GSM7),
        (224, Alphabet.UCS2),
        (240, Alphabet.GSM7),
        (245, Alphabet.OCTETS),
        (128, Alphabet.GSM7),
    ],
)
def test_data_coding_schemes(scheme: int, alphabet: Alphabet) -> None:
    assert alphabet_of(scheme) is alphabet


def test_compressed_text_is_refused() -> None:
    with pytest.raises(ReservedValue):
        alphabet_of(0x20)
