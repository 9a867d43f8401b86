"""Messages as text mode (+CMGF=1) shows and takes them: TS 27.005 section 3."""

from datetime import datetime

from firmware_sim.modem.sim_card import Kept
from protocols.errors import ProtocolError
from protocols.sms.pdu import Deliver, decode_incoming

STATE = {Kept.UNREAD: "REC UNREAD", Kept.READ: "REC READ"}


def decode(content: bytes, character_set: str) -> str:
    """What was typed. Raises ValueError."""
    if character_set == "UCS2":
        return bytes.fromhex(content.decode("ascii")).decode("utf-16-be")
    return content.decode("ascii").replace("\r", "\n")


def shown(prefix: str, state: Kept, pdu: bytes, character_set: str) -> list[str]:
    """The two lines of one message that came; a report has none here."""
    try:
        message = decode_incoming(pdu)
    except ProtocolError:
        return []
    if not isinstance(message, Deliver):
        return [f'{prefix}"{STATE[state]}",6,{message.reference},"{message.recipient}",145']
    text = message.data.text
    if character_set == "UCS2":
        text = text.encode("utf-16-be").hex().upper()
    return [f'{prefix}"{STATE[state]}","{message.sender}",,"{_stamp(message.at)}"', text]


def _stamp(at: datetime | None) -> str:
    """yy/MM/dd,hh:mm:ss and the zone in quarters of an hour."""
    offset = None if at is None else at.utcoffset()
    if at is None or offset is None:
        return ""
    return f"{at:%y/%m/%d,%H:%M:%S}{round(offset.total_seconds() / 900):+03d}"
