"""Messages of controllers in the field, our own, and what must not be read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.alarm.kinds import SCAIP_DEVICE_TYPE, SCAIP_STATUS, AlarmKind
from protocols.alarm.states import AlarmState, StepNotAllowed
from protocols.errors import DecodeError, ProtocolError, Truncated
from protocols.scaip.answers import after_answer
from protocols.scaip.messages import (
    NO_VOICE,
    MessageType,
    Request,
    Response,
    StatusNumber,
    decode_request,
    decode_response,
    encode_request,
    encode_response,
)

# Seen from controllers of Essence, Possum, Tele Alarm and Doro, as an open telecare switch (a FreeSWITCH session server
# with a SCAIP communicator) notes them in its comments: the blank before Doro's number and the short codes are theirs.
FIELD = [
    ("<mrq><ref>00001A85</ref><cha>0</cha><mty>PI</mty><cid>26317</cid><dty>02</dty><did>00</did><crd>no-voice:</crd>"
     "<stc>102</stc></mrq>",
     Request(reference="00001A85", controller="26317", device_type="0002", message_type=MessageType.HEARTBEAT,
             status="0102", device="00", caller=NO_VOICE)),
    ("<mrq><mty>PI</mty><ref>1998218577</ref><cid>10149471</cid><dty>2</dty></mrq>",
     Request(reference="1998218577", controller="10149471", device_type="0002", message_type=MessageType.HEARTBEAT)),
    ("<mrq><ref>00001883</ref><cha>0</cha><mty>ME</mty><cid>26317</cid><dty>02</dty><did>00</did>"
     "<crd>gsm:+37284463906</crd><stc>010</stc></mrq>",
     Request(reference="00001883", controller="26317", device_type="0002", status="0010", device="00",
             caller="gsm:+37284463906")),
    ("<mrq><ref>1193308443</ref><cid>10149471</cid><dty>3</dty><stc>10</stc><crd>gsm:</crd></mrq>",
     Request(reference="1193308443", controller="10149471", device_type="0003", status="0010", caller="gsm:")),
    ("<mrq><ref>yhexGeV5E49zglfi</ref><cid>999998</cid><dty>0004</dty><mty>ME</mty><stc>0010</stc><lco>002</lco>"
     "<crd>gsm:</crd><cha>0</cha></mrq>",
     Request(reference="yhexGeV5E49zglfi", controller="999998", device_type="0004", status="0010", place="002",
             caller="gsm:")),
    ("<mrq><ref>803137200003</ref><mty>ME</mty><cid> 8031372</cid><dty>0004</dty><stc>0010</stc><crd>gsm:+</crd></mrq>",
     Request(reference="803137200003", controller="8031372", device_type="0004", status="0010", caller="gsm:+")),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), FIELD)
def test_message_of_the_field(text: str, expected: Request) -> None:
    assert decode_request(text.encode()) == expected
    assert decode_request(b'<?xml version="1.0" encoding="UTF-8"?>\r\n' + text.encode() + b"\r\n") == expected


@pytest.mark.parametrize(("text", "_expected"), FIELD)
def test_message_that_is_cut_short_is_truncated_wherever(text: str, _expected: Request) -> None:
    data = text.encode()
    for end in range(len(data)):
        with pytest.raises(Truncated):
            decode_request(data[:end])


def test_position_is_skipped_and_a_position_in_words_kept() -> None:
    request = decode_request(
        b"<mrq><ref>A</ref><cid>1</cid><dty>0003</dty><lge><geo>59.3,18.0</geo></lge><ite>b &amp; c</ite></mrq>"
    )
    assert request.text == "b & c"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("<scaip><ref>A</ref></scaip>", "<scaip> where <mrq> is expected"),
        ("<mrq><cid>1</cid><dty>3</dty></mrq>", "ref is missing"),
        ("<mrq><ref>A</ref><cid>1</cid></mrq>", "dty is missing"),
        ("<mrq><ref>A</ref><cid>one</cid><dty>3</dty></mrq>", "cid 'one'"),
        ("<mrq><ref>A</ref><cid>1</cid><dty>00003</dty></mrq>", "dty '00003' is no code"),
        ("<mrq><ref>A</ref><cid>1</cid><dty>3</dty><mty>XX</mty></mrq>", "mty 'XX'"),
        ("<mrq><ref><cid>1</cid></ref></mrq>", "<cid> lies within <ref>"),
        ('<!DOCTYPE mrq [<!ENTITY a "aaaa">]><mrq><ref>&a;</ref></mrq>', "a document type"),
        ('<!DOCTYPE mrq SYSTEM "file:///etc/passwd"><mrq></mrq>', "a document type"),
        ("<mrq><ref>&a;</ref></mrq>", "not XML"),
        ("<mrq></mrq><mrq></mrq>", "not XML"),
        ("<mrq>" + "<ref>A</ref>" * 1000 + "</mrq>", "at most 4096"),
    ],
)
def test_message_that_is_refused(text: str, said: str) -> None:
    with pytest.raises(DecodeError) as refused:
        decode_request(text.encode())
    assert said in str(refused.value)


@given(st.binary(max_size=200) | st.text(max_size=120).map(lambda text: f"<mrs><ref>{text}".encode("utf-8", "replace")))
def test_any_bytes_are_a_message_or_a_protocol_error(data: bytes) -> None:
    for decode in (decode_request, decode_response):
        try:
            decode(data)
        except DecodeError as error:
            assert 0 <= error.offset <= len(data)  # noqa: PT017 - either way is right


texts = st.text(st.characters(blacklist_categories=("Cs", "Cc"), blacklist_characters="\ufffe\uffff"), min_size=1,
                max_size=128).filter(lambda text: text == text.strip())  # fmt: skip


@given(st.from_regex(r"[0-9A-Za-z]{1,16}", fullmatch=True), st.sampled_from(list(AlarmKind)), texts)
def test_what_is_written_is_read(reference: str, kind: AlarmKind, text: str) -> None:
    request = Request(
        reference=reference, controller="00000001", device_type=SCAIP_DEVICE_TYPE[kind],
        status=SCAIP_STATUS[kind].raised, device="7", place="011", caller=NO_VOICE, text=text,
    )  # fmt: skip
    assert decode_request(encode_request(request)) == request
    response = Response(reference=reference, status=StatusNumber.HOLD, text=text, media="1", heartbeat="2")
    assert decode_response(encode_response(response)) == response


@pytest.mark.parametrize(
    ("text", "said"),
    [("<mrs><ref>A</ref></mrs>", "snu is missing"), ("<mrs><ref>A</ref><snu>9</snu></mrs>", "snu 9 is not known")],
)
def test_answer_that_is_refused(text: str, said: str) -> None:
    with pytest.raises(ProtocolError, match=said):
        decode_response(text.encode())


def test_answers_walk_the_one_table() -> None:
    sent = AlarmState.SENT
    assert after_answer(sent, StatusNumber.OK) is after_answer(sent, StatusNumber.HOLD) is AlarmState.AT_CENTRE
    assert after_answer(AlarmState.AT_CENTRE, StatusNumber.OK) is AlarmState.AT_CENTRE
    assert after_answer(sent, StatusNumber.BUSY) is after_answer(sent, StatusNumber.NOT_TREATED)
    assert after_answer(sent, StatusNumber.BUSY) is AlarmState.STILL_TRYING
    assert after_answer(sent, StatusNumber.BAD_FORMAT) is sent
    with pytest.raises(StepNotAllowed):
        after_answer(AlarmState.CLOSED, StatusNumber.OK)
