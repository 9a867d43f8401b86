"""A mark that only our own pages can put into a form: made of the session's token, which no other site can read.

The guard asks for it beside the check of where a request comes from: a browser that says nothing of that, or says it
wrongly, still cannot be made to act for whoever is signed in. JSON needs none: no other site makes a browser send it.
"""

import hashlib
import hmac
import re
from urllib.parse import parse_qs

from jinja2.ext import Extension
from markupsafe import Markup

SESSION_COOKIE = "doorstep-session"
FIELD = "csrf"
HEADER = "x-csrf-token"
_FORM = re.compile(r'<form\b[^>]*\bmethod="post"[^>]*>')
_MOST_FIELDS = 500


def csrf_of(session: str) -> str:
    """The mark that belongs to the session with this token."""
    return hmac.new(session.encode(), b"doorstep form", hashlib.sha256).hexdigest()


def csrf_field(session: str) -> Markup:
    """For a form; nothing where nobody is signed in, since then there is nothing to protect."""
    return Markup('<input type="hidden" name="{}" value="{}">').format(FIELD, csrf_of(session)) if session else Markup()


def fits(session: str, shown: str) -> bool:
    return hmac.compare_digest(csrf_of(session).encode(), shown.encode())


def shown_in(form: bytes) -> str:
    """The mark in a form's body; empty where there is none."""
    try:
        return parse_qs(form.decode("latin-1"), max_num_fields=_MOST_FIELDS).get(FIELD, [""])[-1]
    except ValueError:
        return ""


class MarkedForms(Extension):
    """Puts the mark into every form that posts, so that none is forgotten."""

    def preprocess(self, source: str, name: str | None, filename: str | None = None) -> str:  # noqa: ARG002 - Jinja's
        return _FORM.sub(lambda form: form[0] + "{{ csrf_field }}", source)
