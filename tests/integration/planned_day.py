"""A community with more homes and visits than fit one nurse, planned by the real planner."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from cloud.config import CloudConfig, Database
from cloud.db.pool import create_async_pool
from cloud.routes_config import Routes
from cloud.visits.routes.planner import Planner
from tests.cloud.web.community import NOW, Community, create_home

_NAMES = ("孙玉兰", "马国强", "胡秀珍", "朱建华", "何淑芬", "郭德明", "罗桂香", "梁志远", "宋美玲")


def create_planned_day(made: Community) -> list[int]:
    """Nine further homes with a visit each, two nurses, one visit that nobody can make; gives the visits, by home."""
    made.run("UPDATE region SET latitude = 32.0600, longitude = 118.7700 WHERE level = 'community'")
    visits = []
    for number, name in enumerate(_NAMES, 4):
        create_home(
            made, number, region="community", name=name, born_on="1940-05-01", address=f"颐和路 {number * 3} 号",
            door_note="", link=f"link-of-{number}",
        )  # fmt: skip
        visits.append(
            made.create_visit(
                f"home-{number}",
                wish=("medicine", "washing", "company", "unwell")[number % 4],
                promised_by=NOW + timedelta(hours=2 + number * 0.6),
            )
        )
    made.run("UPDATE home SET latitude = 32.06 + mod(home_id, 5) * 0.004, longitude = 118.77 + mod(home_id, 7) * 0.004")
    made.run("UPDATE visit SET skills = '{wound}' WHERE visit_id = %s", visits[-1])
    plan(made)
    return visits


def plan(made: Community) -> int:
    """What the visits' process does when something happened; gives how many visits changed."""

    async def follow() -> int:
        async with create_async_pool(made.dsn, "planner", size=1) as pool, pool.connection() as connection:
            return await Planner(CloudConfig(database=Database(dsn=made.dsn), routes=Routes())).follow(connection, NOW)

    with ThreadPoolExecutor(1) as beside:  # the browser's thread has a loop already
        return beside.submit(asyncio.run, follow()).result(60)
