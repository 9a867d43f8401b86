"""How this reader wants pages: large type, and glucose in their unit. Kept in their browser alone."""

from fastapi import Request
from fastapi.responses import Response

from cloud.web.services import services_of
from cloud.web.values import MG_DL, MMOL_L, Measures

TYPE_COOKIE = "doorstep-type"
GLUCOSE_COOKIE = "doorstep-glucose"
LARGE = "large"
_UNITS = {"mmol": MMOL_L, "mg": MG_DL}
"""As the cookie says it: a slash is not for cookies."""
_YEAR_S = 365 * 86400


def measures_of(request: Request) -> Measures:
    """The reader's unit of glucose, or else the centre's."""
    unit = _UNITS.get(request.cookies.get(GLUCOSE_COOKIE, ""))
    return Measures(unit) if unit else services_of(request).measures


def wants_large(request: Request) -> bool:
    return request.cookies.get(TYPE_COOKIE) == LARGE


def keep(request: Request, answer: Response, *, large: bool, glucose_unit: str) -> Response:
    """`glucose_unit` empty: the centre's."""
    code = next((code for code, unit in _UNITS.items() if unit == glucose_unit), "")
    for name, value in ((TYPE_COOKIE, LARGE if large else ""), (GLUCOSE_COOKIE, code)):
        secure = services_of(request).config.web.secure_cookies
        if value:
            answer.set_cookie(name, value, max_age=_YEAR_S, httponly=True, samesite="lax", secure=secure)
        else:
            answer.delete_cookie(name, httponly=True, samesite="lax", secure=secure)
    return answer
