"""A line of the audit."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class What(StrEnum):
    SAW_RECORD = "saw_record"
    SAW_VISIT = "saw_visit"
    SAW_DEMAND = "saw_demand"
    SAW_PICTURE = "saw_picture"
    SAW_CARD = "saw_card"
    SAW_LETTERS = "saw_letters"
    TOOK_CALL = "took_call"
    ANSWERED_CALL = "answered_call"
    SENT_SOMEBODY = "sent_somebody"
    NOTED = "noted"
    CLOSED_CALL = "closed_call"
    MOVED_VISIT = "moved_visit"
    TOOK_DEMAND = "took_demand"
    MOVED_DEMAND = "moved_demand"
    REPORTED = "reported"
    SAID_WHOSE = "said_whose"
    SAW_CONSENTS = "saw_consents"
    CHANGED_CONSENTS = "changed_consents"
    CHANGED_LIMITS = "changed_limits"
    SAW_REGISTER = "saw_register"
    SAW_NUMBERS = "saw_numbers"
    CHANGED_REGISTER = "changed_register"
    MOVED_ELDER = "moved_elder"
    ASSESSED_ABILITY = "assessed_ability"
    DREW_LINK = "drew_link"
    REPLAYED_LETTER = "replayed_letter"
    ASKED_DATA = "asked_data"
    ASKED_COPY = "asked_copy"
    TOOK_COPY = "took_copy"
    SAW_FAMILY_PAGE = "saw_family_page"
    OPENED_LINK = "opened_link"
    LEFT_LINK = "left_link"
    ASKED_VISIT = "asked_visit"
    SAID_WISH = "said_wish"
    TOOK_BACK_VISIT = "took_back_visit"
    ASSESSED = "assessed"
    MADE_HOME = "made_home"
    DREW_CLAIM = "drew_claim"
    CHANGED_SETTINGS = "changed_settings"
    CHANGED_PUSHES = "changed_pushes"
    CHANGED_VOLUNTEER = "changed_volunteer"
    CHANGED_HOURS = "changed_hours"
    CHANGED_SIGN_IN = "changed_sign_in"
    SIGNED_IN = "signed_in"
    SIGNED_OUT = "signed_out"


NOBODY_OF_STAFF = 0
"""Stands in place of a number of staff where an elder or one of their family did it, by their link."""


@dataclass(frozen=True)
class Actor:
    """Who did it: somebody of staff, an elder by their own link, or one of the family by theirs."""

    staff_id: int = NOBODY_OF_STAFF
    api_token_id: int | None = None
    """Of the token by which a program did it for them."""
    elder_id: int | None = None
    """Whose link it is; None: it is somebody of staff."""
    relative_id: int | None = None
    """Who of the family; None: it is the elder's own."""


@dataclass(frozen=True)
class Line:
    audit_id: int
    at: datetime
    staff_id: int
    api_token_id: int | None
    elder_id: int | None
    what: str
    subject: str
    previous: bytes
    digest: bytes


@dataclass(frozen=True)
class Look:
    """What an elder is shown of a line."""

    at: datetime
    name: str
    """Of the person; empty where they are no longer here, and where it was the elder."""
    role: str | None
    """Of staff; `elder` or `family` where it was by a link."""
    what: str
    by_program: bool
