"""Every page by every role, on a real database and a real web process."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cloud.web.community import LINK, Community, create_community, create_day
from tests.cloud.web.running import Site, running_site

pytestmark = pytest.mark.integration


@pytest.fixture
def community(database: str) -> Community:
    return create_community(database)


@pytest.fixture
def site(tmp_path: Path, community: Community) -> Iterator[Site]:
    with running_site(tmp_path, community.dsn) as running:
        yield running


def test_every_page_shows(site: Site, community: Community) -> None:
    made = create_day(community)
    elder = community.elders["home-1"]
    with site.signed_in("nurse") as nurse:
        for path in ("/board", "/today", f"/visits/{made['severe']}", f"/elders/{elder}", f"/elders/{elder}?days=365"):
            for lang in ("en", "zh"):
                answer = nurse.get(path, params={"lang": lang} if "?" not in path else None)
                assert answer.status_code == 200, (path, answer.text[-2000:])
    with site.visitor() as tablet:
        assert tablet.get(f"/e/{LINK}").status_code == 200
