"""What templates of volunteers and hours are given beside their own, and what is said where hours are missing."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from fastapi import Request

from cloud.errors import Conflict
from cloud.services.time_bank.model import NotEnough
from cloud.web.render import language_of
from cloud.web.services import services_of
from cloud.web.volunteers import words


def said(request: Request) -> dict[str, Any]:
    """Tables of words, and `hours`, which says minutes."""
    return {
        "words": words,
        "hours": partial(words.hours_said, language_of(request)),
        "banks": [one.name for one in services_of(request).config.time_bank.partners],
    }


@contextmanager
def spent_already(request: Request) -> Iterator[None]:
    """Says in the reader's language that an account has not enough."""
    try:
        yield
    except NotEnough as error:
        raise Conflict(language_of(request).gettext("There are not enough hours on the account.")) from error
