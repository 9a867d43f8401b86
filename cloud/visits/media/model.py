"""A photo or a spoken word."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from cloud.errors import CloudError


class BadMedium(CloudError, ValueError):
    """A sentence of why it is not kept. Nothing of it is."""


class MediumKind(StrEnum):
    PHOTO = "photo"
    """Of a nurse."""
    VOICE = "voice"
    """Of the elder, about the visit."""


@dataclass(frozen=True)
class Medium:
    """One that is kept, without its content."""

    medium_id: UUID
    kind: str
    media_type: str
    taken_at: datetime
    who: str | None
    """None: the elder."""


@dataclass(frozen=True)
class Content:
    media_type: str
    data: bytes = field(repr=False)
