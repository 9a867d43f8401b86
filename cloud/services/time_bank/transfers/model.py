"""A transfer, as one of both sides keeps it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

Way = Literal["out", "in"]
TransferState = Literal["offered", "accepted", "refused", "given_back", "committed", "done"]


@dataclass(frozen=True, kw_only=True)
class Transfer:
    transfer_id: UUID
    way: str
    """A Way."""
    bank: str
    account_id: int
    other_code: str
    minutes: int
    state: str
    """A TransferState. Out: offered, then committed and done, or refused or given back. In: accepted, then done or
    given back."""
    asked_at: datetime
    ends_at: datetime
