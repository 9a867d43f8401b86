"""The part of the configuration that says how hours of volunteers are kept."""

from typing import Annotated

import msgspec

BankName = Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9-]{1,40}$")]


class Partner(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Another bank with which hours are exchanged. Both sides name each other."""

    name: BankName
    """As that bank calls itself (its time_bank.name)."""
    address: str
    """Of its centre, such as https://centre.example: messages go to /time-bank/messages there."""
    public_key: Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9+/]{43}=$")]
    """What `doorstep-cloud time-bank key` prints over there."""


class TimeBank(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    name: BankName = "doorstep"
    """By which partners know this bank."""
    key: str = "time-bank.key"
    """File of the key that signs what goes to partners, made at the first start; a relative path starts at `data`."""
    expire_months: Annotated[int, msgspec.Meta(ge=0)] = 0
    """Hours that nobody used so many months after they came go; 0: none ever does."""
    transfer_hours: Annotated[float, msgspec.Meta(gt=0)] = 72.0
    """What a partner did not agree to within so long is given back."""
    poll_s: Annotated[float, msgspec.Meta(gt=0)] = 60.0
    partners: list[Partner] = msgspec.field(default_factory=list)
