"""What holds for the replies of every OneTouch meter on a cable."""

from collections.abc import Callable
from datetime import datetime

import pytest

from protocols.errors import Truncated, UnexpectedReply
from protocols.reading import Unit
from protocols.serial.lifescan import ultraeasy, verio_iq

AT = datetime(2026, 11, 22, 7, 30)


@pytest.mark.parametrize(
    ("decode", "reply"),
    [
        (ultraeasy.decode_version_reply, ultraeasy.encode_version_reply("P02.00.0025/05/07")),
        *(
            pair
            for model in (ultraeasy, verio_iq)
            for pair in (
                (model.decode_unit_reply, model.encode_unit_reply(Unit.MG_DL)),
                (model.decode_clock_reply, model.encode_clock_reply(AT)),
                (model.decode_count_reply, model.encode_count_reply(17)),
                (model.decode_record_reply, model.encode_record_reply(AT, 105)),
            )
        ),
    ],
)
def test_replies_are_exact(decode: Callable[[bytes], object], reply: bytes) -> None:
    for length in range(len(reply)):
        with pytest.raises(Truncated):
            decode(reply[:length])
    with pytest.raises(UnexpectedReply, match="1 bytes too many"):
        decode(reply + b"\0")
