"""Numbers as people write them, and what is no number."""

import pytest

from cloud.sms.model import BadText, masked
from cloud.sms.outbox import e164


@pytest.mark.parametrize("written", ["+8613800000000", "+86 138 0000 0000", "+86-138-0000-0000", "+86 (138) 00000000"])
def test_number_is_taken_as_people_write_it(written: str) -> None:
    assert e164(written) == "+8613800000000"


@pytest.mark.parametrize(
    "written", ["", "13900000000", "+0138", "+86", "+86138000000001234", "+86x", "+８６１３８００００００００", "*#06#"]
)
def test_what_is_no_number_is_refused(written: str) -> None:
    with pytest.raises(BadText, match=r"expected \+ and the country's code"):
        e164(written)


def test_a_number_in_a_log_is_its_end_only() -> None:
    assert masked("+8613800000123") == "...123"
    assert masked("10") == "..."
