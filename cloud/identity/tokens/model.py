"""A token of a program."""

from dataclasses import dataclass
from datetime import datetime

from cloud.identity.model import Staff
from cloud.identity.rights import Right

PREFIX = "doorstep_"
"""Every token begins so: a person who finds one in a file, or a program that looks for such, sees what it is."""


@dataclass(frozen=True)
class Token:
    """As it is listed; the secret is shown once, when it is made."""

    api_token_id: int
    login: str
    name: str
    scopes: list[str]
    made_at: datetime
    ends_at: datetime
    used_at: datetime | None
    revoked_at: datetime | None


@dataclass(frozen=True)
class Program:
    """Who is behind a token, and what it may do of what they may."""

    api_token_id: int
    staff: Staff
    scopes: frozenset[Right]
    made_at: datetime
