"""A message of a controller (`mrq`) and its answer (`mrs`): the tags that we write and read; others are kept out.

Codes are figures, whose leading zeros controllers in the field leave out or not: they are read either way.
"""

import re
from dataclasses import dataclass
from enum import StrEnum

from protocols.errors import DecodeError
from protocols.scaip.tags import decode_tags, encode_tags

VERSION = "01.00"
NO_VOICE = "no-voice:"
"""The caller's address (crd) of a controller that can be spoken through by nobody."""

_REFERENCE = re.compile(r"[0-9A-Za-z]{1,16}")
_CONTROLLER = re.compile(r"[0-9]{1,16}")
_LONGEST_STATUS_TEXT = 128
_DEVICE_DIGITS, _STATUS_DIGITS, _PLACE_DIGITS = 4, 4, 3


class MessageType(StrEnum):
    MESSAGE = "ME"
    RESET = "RE"
    INFORMATION = "IN"
    HEARTBEAT = "PI"


class StatusNumber(StrEnum):
    """`snu`: what the receiving centre did with a message."""

    OK = "0"
    TOO_LONG = "1"
    BAD_FORMAT = "2"
    WRONG_DATA = "3"
    HOLD = "4"
    """It has the alarm and nobody is free yet."""
    NOT_TREATED = "5"
    """Nobody there treats it: the next action is the controller's."""
    BUSY = "6"
    TAG_MISSING = "7"


@dataclass(frozen=True, kw_only=True)
class Request:
    reference: str
    """The same in each attempt of one message: 1 to 16 letters and figures."""
    controller: str
    """Of the home: 1 to 16 figures."""
    device_type: str
    """Four figures (protocols.alarm.kinds.SCAIP_DEVICE_TYPE)."""
    message_type: MessageType = MessageType.MESSAGE
    status: str | None = None
    """Four figures (SCAIP_STATUS)."""
    device: str | None = None
    """1 to 8 characters."""
    place: str | None = None
    """Three figures: 011 a bathroom, 042 a hall ..."""
    caller: str | None = None
    text: str | None = None
    """Additional information (ite), at most 128 characters."""


@dataclass(frozen=True, kw_only=True)
class Response:
    reference: str
    status: StatusNumber
    text: str = ""
    media: str | None = None
    """`mre`: how the centre wants to speak."""
    heartbeat: str | None = None
    """`hbi`: the interval that it wants."""


def encode_request(request: Request) -> bytes:
    """Raises ValueError for a value that its tag cannot hold."""
    if not _REFERENCE.fullmatch(request.reference) or not _CONTROLLER.fullmatch(request.controller):
        raise ValueError("reference: 1 to 16 letters and figures, controller: 1 to 16 figures")
    tags = {
        "ref": request.reference,
        "ver": VERSION,
        "mty": request.message_type.value,
        "cid": request.controller,
        "dty": _code(request.device_type, _DEVICE_DIGITS),
        "did": _text(request.device, 8),
        "crd": request.caller,
        "stc": None if request.status is None else _code(request.status, _STATUS_DIGITS),
        "lco": None if request.place is None else _code(request.place, _PLACE_DIGITS),
        "ite": _text(request.text, _LONGEST_STATUS_TEXT),
    }
    return encode_tags("mrq", {name: text for name, text in tags.items() if text is not None})


def decode_request(data: bytes) -> Request:
    """Raises DecodeError; Truncated where the message ends too soon."""
    tags = decode_tags(data, "mrq")
    kind = tags.get("mty", MessageType.MESSAGE)
    if kind not in MessageType.__members__.values():
        raise DecodeError(f"mty {kind[:20]!r} is none of ME, RE, IN, PI", offset=0)
    return Request(
        reference=_matching(tags, "ref", _REFERENCE),
        controller=_matching(tags, "cid", _CONTROLLER),
        device_type=_read_code(tags, "dty", _DEVICE_DIGITS) or _missing("dty"),
        message_type=MessageType(kind),
        status=_read_code(tags, "stc", _STATUS_DIGITS),
        device=tags.get("did") or None,
        place=_read_code(tags, "lco", _PLACE_DIGITS),
        caller=tags.get("crd") or None,
        text=tags.get("ite") or None,
    )


def encode_response(response: Response) -> bytes:
    """Raises ValueError for a value that its tag cannot hold."""
    if not _REFERENCE.fullmatch(response.reference):
        raise ValueError("reference: expected 1 to 16 letters and figures")
    tags = {
        "ref": response.reference,
        "snu": response.status.value,
        "ste": _text(response.text or None, _LONGEST_STATUS_TEXT),
        "mre": response.media,
        "hbi": response.heartbeat,
    }
    return encode_tags("mrs", {name: text for name, text in tags.items() if text is not None})


def decode_response(data: bytes) -> Response:
    """Raises DecodeError; Truncated where the message ends too soon."""
    tags = decode_tags(data, "mrs")
    number = _matching(tags, "snu", re.compile(r"[0-9]{1,5}")).lstrip("0") or "0"
    if number not in StatusNumber.__members__.values():
        raise DecodeError(f"snu {number} is not known", offset=0)
    return Response(
        reference=_matching(tags, "ref", _REFERENCE),
        status=StatusNumber(number),
        text=tags.get("ste", ""),
        media=tags.get("mre") or None,
        heartbeat=tags.get("hbi") or None,
    )


def _matching(tags: dict[str, str], name: str, form: re.Pattern[str]) -> str:
    text = tags.get(name)
    if text is None:
        return _missing(name)
    if not form.fullmatch(text):
        raise DecodeError(f"{name} {text[:20]!r} is not of the form {form.pattern}", offset=0)
    return text


def _missing(name: str) -> str:
    raise DecodeError(f"{name} is missing", offset=0)


def _read_code(tags: dict[str, str], name: str, digits: int) -> str | None:
    text = tags.get(name)
    if not text:
        return None
    if not (text.isascii() and text.isdecimal() and len(text) <= digits):
        raise DecodeError(f"{name} {text[:20]!r} is no code of at most {digits} figures", offset=0)
    return text.zfill(digits)


def _code(text: str, digits: int) -> str:
    if not (text.isascii() and text.isdecimal() and len(text) == digits):
        raise ValueError(f"{text[:20]!r}: a code of {digits} figures is expected")
    return text


def _text(text: str | None, longest: int) -> str | None:
    if text is not None and not 1 <= len(text) <= longest:
        raise ValueError(f"{text[:20]!r}: expected 1 to {longest} characters")
    return text
