"""An elder's entry for other programs. Numbers of identity are told to none."""

from datetime import date, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel

from cloud.identity.rights import Right
from cloud.registry.elders import store
from cloud.registry.elders.abilities import store as abilities
from cloud.web.entry.current import signed_in
from cloud.web.entry.model import Viewer
from cloud.web.services import services_of

router = APIRouter()
SignedIn = Annotated[Viewer, Depends(signed_in)]


class RegisterContact(BaseModel):
    name: str
    relation: str
    phone: str


class RegisterAssessment(BaseModel):
    ability_id: int
    scale: str
    assessed_on: date
    answers: dict[str, int]
    grounds: list[str]
    points: int
    level: int
    """0: nothing is lost."""
    by: str
    beside: str


class RegisterEntry(BaseModel):
    elder_id: int
    code: str
    name: str
    born_on: date | None
    sex: str | None
    language: str | None
    home_code: str
    community: str
    address: str
    door_note: str
    dwelling: str | None
    storey: int | None
    lift: bool | None
    lives_with: list[str]
    household: str
    religion: str | None
    diet: list[str]
    food_note: str
    payers: list[str] | None
    """Null for those whose work it is not."""
    payer_note: str | None
    ability_level: int | None
    version: int
    changed_at: datetime | None
    contacts: list[RegisterContact]
    """In the order in which they are called."""
    assessments: list[RegisterAssessment]
    """The newest first; those that were struck stay away."""


@router.get("/api/v1/elders/{elder_id}/register")
async def register_entry(request: Request, elder_id: int, viewer: SignedIn) -> RegisterEntry:
    async with services_of(request).pool.connection() as conn:
        entry = await store.entry(conn, elder_id)
        contacts = await store.contacts(conn, entry.elder_id)
        assessed = await abilities.assessments(conn, entry.elder_id)
    values = vars(entry)
    if not viewer.may(Right.REGISTER_CHANGE):
        values = values | {"payers": None, "payer_note": None}
    return RegisterEntry(
        **{name: values[name] for name in RegisterEntry.model_fields if name in values},
        contacts=[RegisterContact(**vars(one)) for one in contacts],
        assessments=[
            RegisterAssessment(**{name: vars(one)[name] for name in RegisterAssessment.model_fields})
            for one in assessed
            if not one.struck
        ],
    )
