"""axe-core finds nothing serious on any page in either scheme; elders' pages keep a contrast of 7:1 at every size."""

from collections.abc import Iterator
from datetime import timedelta
from importlib.resources import files
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.cloud.web.community import LINK, NOW, Community, create_day
from tests.cloud.web.running import Site
from tests.system.browser.conftest import DESK, PHONE, TABLET, OpenPage, sign_in

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
def test_staff_pages(site: Site, community: Community, open_page: OpenPage, scheme: str) -> None:
    made = create_day(community)
    alert = community.create_alert("home-3", [], cause="pulse")
    door = community.create_visit("home-3", alert, state="at_the_door", nurse="nurse")
    community.create_visit("home-1", wish="washing", promised_by=NOW - timedelta(hours=20))  # late
    community.create_alarm("gw-home-1", "taken", taken_by="desk", taken_at=NOW)
    community.run(
        "INSERT INTO dead_letter (topic, payload, digest, reason) VALUES ('doorstep/v1/x', 'bytes', 'd', 'broken')"
    )
    desk, phone, admin = (
        open_page(DESK, "en-GB", scheme),
        open_page(PHONE, "zh-CN", scheme),
        open_page(DESK, "en-GB", scheme),
    )
    found = list(look(desk, [f"{site.address}/login?next=/board"]))
    for page, login in ((desk, "desk"), (phone, "nurse"), (admin, "admin")):
        sign_in(page, site, login)
    elder = community.elders["home-1"]
    found += look(desk, [f"{site.address}{path}" for path in ("/board", f"/elders/{elder}", "/unsure", "/nowhere")])
    found += look(
        phone, [f"{site.address}{path}" for path in ("/today", f"/visits/{made['severe']}", f"/visits/{door}")]
    )
    found += look(admin, [f"{site.address}/dead-letters"])
    assert found == []


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
