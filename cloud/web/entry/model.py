"""Who is looking, and what they may see."""

from dataclasses import dataclass
from datetime import datetime

from cloud.db.sight import Sight
from cloud.identity.model import Staff
from cloud.identity.rights import Right, rights_of
from cloud.web.entry.access import NEEDED


@dataclass(frozen=True)
class Viewer:
    staff: Staff
    regions: frozenset[int]
    """Their region and everything below it."""
    region_name: str
    began_at: datetime
    """When they signed in, by the wall's clock."""
    second_factor: bool
    """Whether they showed more than a password."""

    scopes: frozenset[Right] | None = None
    """What the token allows of their rights; None: it is they themselves."""
    api_token_id: int | None = None
    """Of the token by which a program acts for them."""

    @property
    def sight(self) -> Sight:
        """What the database shows them."""
        return Sight(self.staff.role, self.staff.staff_id, self.regions)

    def may(self, right: Right) -> bool:
        return right in rights_of(self.staff.role) and (self.scopes is None or right in self.scopes)

    def may_open(self, path: str) -> bool:
        """Whether the page at `path`, a route's pattern, is theirs to see."""
        needed = NEEDED.get(f"GET {path}")
        return needed is not None and self.may(needed)

    @property
    def may_act_on_alarms(self) -> bool:
        return self.may(Right.ACT_ON_CALLS)

    @property
    def may_act_on_demands(self) -> bool:
        return self.may(Right.ACT_ON_DEMANDS)

    @property
    def may_say_whose(self) -> bool:
        return self.may(Right.SAY_WHOSE)

    @property
    def may_visit(self) -> bool:
        return self.may(Right.GO)

    @property
    def home_page(self) -> str:
        """Where their work begins."""
        first = "/today" if self.staff.role == "nurse" else "/board"
        return next((path for path in (first, "/today", "/fleet", "/volunteer") if self.may_open(path)), "/account")
