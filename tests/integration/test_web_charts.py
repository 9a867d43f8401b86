"""Charts of very much: ninety days and ten thousand readings on a page that stays small, and says all there is."""

import random
import re
import zlib
from datetime import timedelta

import psycopg
import pytest

from tests.cloud.web.community import NOW, OUTSIDE, Community, create_readings
from tests.cloud.web.running import Site
from tests.integration.test_web_pages import words

pytestmark = pytest.mark.integration
MOST_BYTES = 100_000
"""Of the page as it travels."""


def create_many(made: Community, count: int = 10_000) -> None:
    """Glucose every 13 minutes, with one lowest and one highest that nothing else comes near, and meals."""
    chance = random.Random(3)
    device, elder = made.devices["home-1/glucometer"], made.elders["home-1"]
    with (
        psycopg.connect(made.dsn, autocommit=True) as connection,
        connection.cursor() as cursor,
        cursor.copy(
            "COPY reading (device_id, metric, record_key, measured_at, value, elder_id, received_at, gateway_id, "
            "epoch, outbox_number, meal) FROM STDIN"
        ) as rows,
    ):
        for number in range(count):
            at = NOW - timedelta(minutes=13 * number)
            value = 41.0 if number == 4321 else 333.0 if number == 7777 else chance.gauss(130, 15)
            meal = ("before_meal", "after_meal", None)[number % 3]
            rows.write_row((device, "glucose", number + 1, at, value, elder, at, "gw-home-1", 2, number + 1, meal))


def test_ninety_days_of_ten_thousand_readings(site: Site, community: Community) -> None:
    create_many(community)
    community.create_alert("home-1", [OUTSIDE], raised_at=NOW - timedelta(days=3))
    with (
        site.signed_in("nurse") as nurse,
        nurse.stream(
            "GET", f"/elders/{community.elders['home-1']}?days=90", headers={"accept-encoding": "gzip"}
        ) as answer,
    ):
        travelled = b"".join(answer.iter_raw())
    page = zlib.decompress(travelled, wbits=31).decode()
    assert len(travelled) <= MOST_BYTES
    said = words(page)
    assert re.search(r"99\d\d values from 2.3 to 18.5", said)
    assert "Mean before meals" in said
    assert "In this time: 1 thing noticed, 0 visits made." in said
    days = re.findall(r"<li>(Glucose [^<]*, mean of [^<]*)</li>", page)
    assert len(days) == 91, "day by day beneath it"
    assert any("2.3 to" in day for day in days)
    top, bottom = (edge(page) for edge in (min_y, max_y))
    assert bottom - top > 120, "the lowest and the highest are drawn at the edges of their panel"


def dots(page: str) -> list[float]:
    cloud = re.search(r'class="cloud series-0" d="([^"]*)"', page)
    assert cloud is not None
    return [float(y) for y in re.findall(r"M[\d.]+ ([\d.]+)h0", cloud[1])]


def min_y(page: str) -> float:
    return min(dots(page))


def max_y(page: str) -> float:
    return max(dots(page))


def test_a_usual_month_says_each_reading(site: Site, community: Community) -> None:
    create_readings(community, "home-1", days=20)
    with site.signed_in("nurse") as nurse:
        page = nurse.get(f"/elders/{community.elders['home-1']}?days=30").text
    assert 'class="cloud' not in page
    assert "All 1" in words(page)
    assert "Nothing was noticed in this time, and no visit was made." in words(page)
