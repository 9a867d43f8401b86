"""The fields of a form, or of the same as JSON; and the answer where something in them is not right."""

import json
from collections.abc import Awaitable, Callable, Mapping

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response

from cloud.web.answers import is_json

_MOST = 60


async def fields_from(request: Request) -> dict[str, list[str]]:
    """By name. JSON is an object of texts, numbers, truths and lists of those. Raises RequestValidationError."""
    if not is_json(request):
        form = await request.form(max_fields=200)
        return {name: [one for one in form.getlist(name) if isinstance(one, str)] for name in form}
    try:
        body = json.loads(await request.body() or b"{}")
    except ValueError as error:
        raise RequestValidationError([_fault("body", "this is no JSON")]) from error
    if not isinstance(body, dict) or len(body) > _MOST:
        raise RequestValidationError([_fault("body", "expected an object of fields")])
    return {
        str(name): [_text(one) for one in (value if isinstance(value, list) else [value])]
        for name, value in body.items()
    }


async def refused(request: Request, wrong: Mapping[str, str], shown: Callable[[], Awaitable[Response]]) -> Response:
    """To a person their form again with a sentence at each field, by `shown`; to a program 422."""
    if is_json(request):
        raise RequestValidationError([_fault(name, sentence) for name, sentence in wrong.items()])
    return await shown()


def _fault(name: str, sentence: str) -> dict[str, object]:
    return {"type": "value_error", "loc": ("body", name), "msg": sentence, "input": None}


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value if isinstance(value, str) else json.dumps(value)
