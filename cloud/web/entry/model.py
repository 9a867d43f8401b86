"""Who is looking, and what they may see."""

from dataclasses import dataclass
from datetime import datetime

from cloud.identity.model import Staff


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

    @property
    def may_act_on_alarms(self) -> bool:
        return self.staff.role in ("desk", "nurse")

    @property
    def may_say_whose(self) -> bool:
        return self.staff.role in ("desk", "nurse")

    @property
    def may_visit(self) -> bool:
        return self.staff.role == "nurse"

    @property
    def home_page(self) -> str:
        return "/today" if self.staff.role == "nurse" else "/board"
