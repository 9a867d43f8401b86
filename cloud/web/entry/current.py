"""Who is looking: the session's cookie and the regions behind it."""

from datetime import UTC, datetime

from fastapi import Request

from cloud.identity.store import staff_of_session
from cloud.web.entry.model import Viewer
from cloud.web.entry.store import regions_below
from cloud.web.errors import NotSignedIn
from cloud.web.services import services_of

COOKIE = "doorstep-session"


async def signed_in(request: Request) -> Viewer:
    """The viewer of this request. Raises NotSignedIn."""
    viewer = await viewer_of(request)
    if viewer is None:
        raise NotSignedIn
    return viewer


async def viewer_of(request: Request) -> Viewer | None:
    token = request.cookies.get(COOKIE)
    if not token:
        return None
    async with services_of(request).pool.connection() as conn:
        staff = await staff_of_session(conn, token, wall_now())
        if staff is None:
            return None
        name, regions = await regions_below(conn, staff.region_id)
    return Viewer(staff, regions, name)


def wall_now() -> datetime:
    """Sessions are for people and end by the wall's clock, also where the day is lived faster."""
    return datetime.now(UTC)
