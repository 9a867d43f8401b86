"""Who is looking, and what they may see."""

from dataclasses import dataclass

from cloud.identity.model import Staff


@dataclass(frozen=True)
class Viewer:
    staff: Staff
    regions: frozenset[int]
    """Their region and everything below it."""
    region_name: str

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
