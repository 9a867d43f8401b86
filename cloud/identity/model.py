"""Staff and what they may do."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Role(StrEnum):
    NURSE = "nurse"
    DESK = "desk"
    INSTALLER = "installer"
    DOCTOR = "doctor"
    ADMINISTRATOR = "administrator"
    VOLUNTEER = "volunteer"


@dataclass(frozen=True)
class Staff:
    staff_id: int
    login: str
    name: str
    role: Role
    region_id: int
    """They see the elders of this region and of all regions below it."""


@dataclass(frozen=True)
class Session:
    staff: Staff
    began_at: datetime
    second_factor: bool
    """Whether more than a password was shown."""
    region_name: str
    regions: frozenset[int]
    """Their region and all below it."""
