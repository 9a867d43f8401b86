"""axe-core finds nothing serious on elders' pages in either scheme, which keep a contrast of 7:1 at every size.

The other pages: test_browser_walk.
"""

from collections.abc import Iterator
from datetime import timedelta
from importlib.resources import files
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.cloud.web.community import LINK, NOW, Community
from tests.cloud.web.running import Site
from tests.system.browser.conftest import TABLET, OpenPage

pytestmark = pytest.mark.system
AXE = (files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")
_SEVEN_TO_ONE = """axe.configure({checks: [{id: "color-contrast-enhanced",
    options: {contrastRatio: {normal: {expected: 7}, large: {expected: 7}}}}]})"""


def faults(page: Page, *, elder: bool = False) -> list[str]:
    """What axe calls serious or critical: rule, place and why."""
    page.evaluate(AXE)
    rules = {}
    if elder:
        page.evaluate(_SEVEN_TO_ONE)
        rules = {"color-contrast-enhanced": {"enabled": True}}
    found: dict[str, Any] = page.evaluate("(rules) => axe.run({resultTypes: ['violations'], rules})", rules)
    return [
        f"{page.url}: {one['id']}: {node['target']}: {node['failureSummary']}"
        for one in found["violations"]
        if one["impact"] in ("serious", "critical")
        for node in one["nodes"]
    ]


def look(page: Page, addresses: list[str], *, elder: bool = False) -> Iterator[str]:
    for address in addresses:
        page.goto(address)
        page.locator("details").evaluate_all("(folds) => folds.forEach((fold) => { fold.open = true })")
        yield from faults(page, elder=elder)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_elders_pages(site: Site, community: Community, open_page: OpenPage, scheme: str) -> None:
    community.create_visit("home-1", state="accepted", nurse="nurse", wish="washing")
    community.create_visit("home-2")
    before = community.create_visit("home-1", state="filed", nurse="nurse2", asked_at=NOW - timedelta(days=1))
    community.create_report(before, "nurse2", NOW - timedelta(hours=20))
    tablet = open_page(TABLET, "en-GB", scheme)
    links = (LINK, "another-link", "a-third-link", "no-link")
    addresses = [f"{site.address}/e/{link}" for link in links]
    found = [fault for address in addresses for fault in closed(tablet, address)]
    found += look(tablet, addresses[2:3], elder=True)  # with the six pictures open
    assert found == []


def closed(page: Page, address: str) -> list[str]:
    page.goto(address)
    return faults(page, elder=True)
