"""Staff and what they may do."""

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    NURSE = "nurse"
    DESK = "desk"
    ADMINISTRATOR = "administrator"


@dataclass(frozen=True)
class Staff:
    staff_id: int
    login: str
    name: str
    role: Role
    region_id: int
    """They see the elders of this region and of all regions below it."""
