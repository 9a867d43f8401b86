"""`send_sms`: how any stage of the centre has a text sent."""

import re

from cloud.db.pool import AsyncConnection
from cloud.sms import store
from cloud.sms.model import LONGEST_TEXT, BadText

_NUMBER = re.compile(r"\+[1-9][0-9]{4,14}")
_SPACING = str.maketrans("", "", " -()./\t\N{NO-BREAK SPACE}")


async def send_sms(connection: AsyncConnection, to: str, text: str, *, give_up_after_s: float = 3600.0) -> int:
    """Puts a text into the outbox, in the caller's transaction; the number of its row, for `store.get`.

    It is tried until the network takes it, at most for `give_up_after_s` of wall time. The text must name nobody:
    texts are read by whoever holds the phone, and by the network. Raises BadText.
    """
    number = e164(to)
    if not text.strip() or len(text) > LONGEST_TEXT:
        raise BadText(f"text: expected 1 to {LONGEST_TEXT} characters, got {len(text)}")
    if "\0" in text:
        raise BadText("text: a zero character cannot be kept; leave it out")
    return await store.add(connection, number, text, give_up_after_s)


def e164(number: str) -> str:
    """`number` without spaces and dashes. Raises BadText where it is not +, country and number."""
    bare = number.translate(_SPACING)
    if not _NUMBER.fullmatch(bare):
        raise BadText("number: expected + and the country's code first, such as +8613800000000")
    return bare
