"""The UPSPack's lines: those that its owners showed, cut, joined and damaged."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.errors import DecodeError, ProtocolError
from protocols.serial.upspack import UpsLines, UpsReport, decode_upspack

SHOWN = {
    # indigo plugin "pibeacon", comment of its author
    b"$ SmartUPS V1.00,Vin GOOD,BATCAP 84,Vout 5204 $": UpsReport("V1.00", True, 84, 5204),
    # raspberrypi.stackexchange.com/questions/108882, with the frame of the manual around it
    b"$ SmartUPS V1.00,Vin NG,BATCAP 61, Vout 5141 $": UpsReport("V1.00", False, 61, 5141),
}
MAINS, BATTERY = SHOWN


@pytest.mark.parametrize(("line", "report"), SHOWN.items())
def test_lines_of_real_packs(line: bytes, report: UpsReport) -> None:
    assert decode_upspack(line) == report


@pytest.mark.parametrize("wrong", [b"", MAINS[:-1], MAINS[2:], MAINS.replace(b"84", b"184"), b"$ SmartUPS V1 $"])
def test_other_lines_are_refused(wrong: bytes) -> None:
    with pytest.raises(DecodeError):
        decode_upspack(wrong)


@given(st.binary(max_size=80))
def test_any_bytes_decode_or_are_refused(line: bytes) -> None:
    try:
        decode_upspack(line)
    except ProtocolError:
        return


@given(st.lists(st.sampled_from([MAINS, BATTERY]), max_size=8), st.lists(st.integers(1, 30), min_size=1), st.data())
def test_reports_come_whole_however_the_bytes_are_cut(lines: list[bytes], cuts: list[int], data: st.DataObject) -> None:
    stream = b"5141 $\r\n" + b"".join(line + data.draw(st.sampled_from([b"\r\n", b"\n"])) for line in lines)
    reader, found, place = UpsLines(), [], 0
    while place < len(stream):
        length = cuts[place % len(cuts)]
        found += reader.receive(stream[place : place + length])
        place += length
    assert found == [SHOWN[line] for line in lines]


def test_noise_without_an_end_is_not_kept() -> None:
    reader = UpsLines()
    for _ in range(1000):
        assert reader.receive(b"x" * 100) == []
    assert reader.receive(b"\n" + MAINS + b"\n") == [SHOWN[MAINS]]
