"""Choosing how pages look, on the account page."""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import Response

from cloud.web.entry.current import signed_in
from cloud.web.entry.model import Viewer
from cloud.web.looks import keep
from cloud.web.render import see_other

router = APIRouter(include_in_schema=False)


@router.post("/account/looks")
async def choose_looks(
    request: Request,
    viewer: Annotated[Viewer, Depends(signed_in)],  # noqa: ARG001 - asks who is there
    size: Annotated[Literal["usual", "large"], Form()] = "usual",
    glucose_unit: Annotated[Literal["", "mmol/L", "mg/dL"], Form()] = "",
) -> Response:
    """In this browser; another keeps its own."""
    return keep(request, see_other("/account#looks"), large=size == "large", glucose_unit=glucose_unit)
