"""Every decoder and every session can be fuzzed, and the worst bytes that come to mind do no harm."""

import pytest

from tests.fuzz.targets import Target, find_targets, fuzz_decoder

TARGETS = find_targets()
ODD = (b"", b"\0", b"\xff" * 64, bytes(range(256)), b"\x02\x06\x08\x03\xc2\x62", b"\x00" * 300)


@pytest.mark.parametrize("target", TARGETS.values(), ids=TARGETS)
def test_odd_bytes_are_refused_or_decoded(target: Target) -> None:
    for data in ODD:
        target(data)


def test_what_is_no_protocol_error_is_a_finding() -> None:
    def decode(data: bytes) -> int:
        return data[3]

    with pytest.raises(IndexError):
        fuzz_decoder(decode, [(bytes, {})], b"")
