"""Doctors are of another house: they see those who agreed to that. Others of staff see whom their region says."""

from collections.abc import Collection

from cloud.db.pool import AsyncConnection
from cloud.errors import NotFound
from cloud.identity.model import Role
from cloud.privacy import store
from cloud.privacy.purposes import Purpose
from cloud.web.entry.model import Viewer


async def shown_to(conn: AsyncConnection, viewer: Viewer, elder_ids: Collection[int]) -> frozenset[int]:
    """Those of `elder_ids` whom this viewer may see."""
    if viewer.staff.role is not Role.DOCTOR:
        return frozenset(elder_ids)
    return await store.agreeing(conn, elder_ids, Purpose.INSTITUTIONS)


async def must_be_shown(conn: AsyncConnection, viewer: Viewer, elder_id: int) -> None:
    """Raises NotFound, as where there is no such elder."""
    if elder_id not in await shown_to(conn, viewer, (elder_id,)):
        raise NotFound(f"There is no elder {elder_id} in your community.")
