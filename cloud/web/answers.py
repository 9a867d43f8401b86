"""One body, two ways in: JSON from scripts and programs, form fields from a page without scripts."""

from typing import Annotated, Any, TypeVar

from fastapi import Request
from fastapi.encoders import jsonable_encoder
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from pydantic import AfterValidator, BaseModel, StringConstraints, ValidationError
from starlette.datastructures import FormData

from cloud.web.render import see_other

MAX_BODY_BYTES = 65_536
B = TypeVar("B", bound=BaseModel)


def _storable(text: str) -> str:
    return text.replace("\0", "").strip()  # PostgreSQL's text holds no NUL


Line = Annotated[str, StringConstraints(max_length=500), AfterValidator(_storable)]
"""One line that somebody wrote."""
Code = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z_]{0,39}$")]
"""One of our own words, as `labels` knows them."""


def is_json(request: Request) -> bool:
    """Whether the request speaks JSON, so that its answer should."""
    return request.headers.get("content-type", "").partition(";")[0].strip() == "application/json"


async def posted(request: Request, kind: type[B]) -> B:
    """The request's body as `kind`. Raises RequestValidationError, which is answered with 422."""
    try:
        if is_json(request):
            return kind.model_validate_json(await request.body() or b"{}")
        return kind.model_validate(_fields(await request.form(), kind))
    except ValidationError as error:
        raise RequestValidationError(error.errors(include_url=False, include_context=False)) from error


def accepts(kind: type[BaseModel]) -> dict[str, Any]:
    """What OpenAPI says of a route that reads its body by `posted`."""
    schema = kind.model_json_schema()
    return {
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {"schema": schema},
                "application/x-www-form-urlencoded": {"schema": schema},
            },
        }
    }


def done(request: Request, data: object, then: str) -> Response:
    """`data` for a program; for a form, the page `then`."""
    return JSONResponse(jsonable_encoder(data)) if is_json(request) else see_other(then)


def _fields(form: FormData, kind: type[BaseModel]) -> dict[str, Any]:
    """Form fields as values: several of one name where `kind` has a list, an empty one left out."""
    fields: dict[str, Any] = {}
    for name, field in kind.model_fields.items():
        given = [value for value in form.getlist(name) if isinstance(value, str) and value != ""]
        if given:
            fields[name] = given if "list" in str(field.annotation) else given[-1]
    return fields
