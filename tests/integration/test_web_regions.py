"""Figures of regions: rolled up the tree, hidden where small, and only for those whose regions they are."""

import csv
import io
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from psycopg.errors import CheckViolation

from tests.cloud.web.community import NOW, Community
from tests.cloud.web.running import Site

pytestmark = pytest.mark.integration

PROMISED = NOW - timedelta(days=2)
STREETS = {"宁海路街道": 3, "华侨路街道": 40, "湖南路街道": 25}
"""Elders of each street that are made beside those of the community."""


def create_streets(made: Community) -> dict[str, int]:
    """Their ids; all in the district. Each elder had one visit promised two days ago, every fifth of them came late."""
    district = made.regions["district"]
    found = {"宁海路街道": made.regions["street"]}
    for number, name in enumerate(list(STREETS)[1:], start=2):
        found[name] = made.one(
            "INSERT INTO region (code, name, level, parent_id) VALUES (%s, %s, 'street', %s) RETURNING region_id",
            f"32010600{number}", name, district,
        )  # fmt: skip
    for name, count in STREETS.items():
        made.run(
            """
            WITH h AS (INSERT INTO home (code, region_id, address) SELECT %s || '-' || n, %s, 'x'
                       FROM generate_series(1, %s) n RETURNING home_id, code),
                 e AS (INSERT INTO elder (code, home_id, name) SELECT code, home_id, code FROM h RETURNING elder_id),
                 v AS (INSERT INTO visit (elder_id, kind, asked_by, wish, priority, state, nurse_id, asked_at,
                                          promised_by)
                       SELECT elder_id, 'request', 'staff', 'medicine', 'today', 'closed', %s, %s, %s
                       FROM e RETURNING visit_id)
            INSERT INTO visit_event (visit_id, state, at)
            SELECT visit_id, 'at_the_door', %s + CASE WHEN row_number() OVER () %% 5 = 0 THEN 1 ELSE -1 END
                   * INTERVAL '9 minutes' FROM v
            """,
            name, found[name], count, made.staff["nurse"], PROMISED, PROMISED, PROMISED,
        )  # fmt: skip
    return found


def move(made: Community, elder: str, home: str) -> None:
    """Just now."""
    made.run(
        "WITH m AS (SELECT elder_id, o.home_id, o.region_id, n.home_id AS to_home, n.region_id AS to_region "
        "FROM elder e JOIN home o USING (home_id), home n WHERE e.code = %s AND n.code = %s), "
        "u AS (UPDATE elder SET home_id = m.to_home FROM m WHERE m.elder_id = elder.elder_id) "
        "INSERT INTO elder_move (elder_id, from_home_id, to_home_id, from_region_id, to_region_id, moved_at) "
        "SELECT elder_id, home_id, to_home, region_id, to_region, %s FROM m",
        elder, home, NOW,
    )  # fmt: skip


def test_figures_are_rolled_up_and_small_ones_hidden(site: Site, community: Community) -> None:
    streets = create_streets(community)
    with site.signed_in("admin") as admin:
        answer: dict[str, Any] = admin.get("/api/v1/regions", params={"days": 7}).raise_for_status().json()
        lines = {line["name"]: line for line in answer["below"]}
        # three of the street and three of its community: six
        assert {name: line["elders"] for name, line in lines.items()} == {
            "宁海路街道": 6, "华侨路街道": 40, "湖南路街道": 25,
        }  # fmt: skip
        assert answer["whole"]["elders"] == 71
        assert (lines["华侨路街道"]["due"], lines["华侨路街道"]["kept_share"]) == (40, 0.8)
        below = admin.get("/api/v1/regions", params={"region": streets["宁海路街道"], "days": 7}).json()
        assert below["whole"]["elders"] == 6
        assert [(line["itself"], line["elders"]) for line in below["below"]] == [(False, None), (True, None)]
        shown = admin.get("/regions", params={"days": 7}).raise_for_status().text
        assert "华侨路街道" in shown
        rows = list(csv.DictReader(io.StringIO(admin.get("/regions.csv?days=7").raise_for_status().text)))
        assert [row["elders"] for row in rows if row["level"] == "all"] == ["71"]
        assert admin.get("/api/v1/regions", params={"region": community.regions["elsewhere"]}).status_code == 404
        move(community, "华侨路街道-1", "湖南路街道-1")
        after = {line["name"]: line for line in admin.get("/api/v1/regions", params={"days": 7}).json()["below"]}
        assert [after[name]["elders"] for name in list(STREETS)[1:]] == [39, 26]
        assert after["华侨路街道"]["due"] == 40  # what was promised there was promised there
    with site.signed_in("desk") as desk:  # of the street
        assert desk.get("/api/v1/regions").json()["name"] == "宁海路街道"
        assert desk.get("/api/v1/regions", params={"region": streets["华侨路街道"]}).status_code == 404


def test_what_lies_below_moves_with_a_region(database: str) -> None:
    with psycopg.connect(database, autocommit=True) as connection:
        ids: dict[str, int] = {}
        for code, parent in (("p", None), ("a", "p"), ("b", "p"), ("a1", "a"), ("a1x", "a1")):
            row = connection.execute(
                "INSERT INTO region (code, name, level, parent_id) VALUES (%s, %s, 'street', %s) RETURNING region_id",
                (code, code, ids.get(parent or "")),
            ).fetchone()
            assert row
            ids[code] = row[0]
        connection.execute("UPDATE region SET parent_id = %s WHERE code = 'a1'", (ids["b"],))

        def below(code: str) -> set[str]:
            query = "SELECT code FROM region WHERE path <@ (SELECT path FROM region WHERE code = %s)"
            return {name for (name,) in connection.execute(query, (code,)).fetchall()}

        assert below("b") == {"b", "a1", "a1x"}
        assert below("a") == {"a"}
        assert below("p") == set(ids)
        with pytest.raises(CheckViolation, match="within itself"):
            connection.execute("UPDATE region SET parent_id = %s WHERE code = 'b'", (ids["a1x"],))
