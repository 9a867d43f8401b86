"""What waits and why, and which figures are an elder's own: read, sent and taken back on a phone and at the desk."""

from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from cloud.db.pool import own_connection
from cloud.detection.limits import load_limits
from cloud.detection.outcomes.settling import settle
from tests.cloud.detection.conftest import LIMITS
from tests.cloud.web.community import NOW, Community
from tests.cloud.web.running import Site
from tests.integration.test_web_judgement import create_verdicts, reason
from tests.system.browser.conftest import DESK, PHONE, OpenPage, sign_in
from tests.system.browser.test_browser_access import faults

pytestmark = pytest.mark.system


def hold(made: Community) -> None:
    """Two that wait, of one community."""
    for elder, score, days, value in (("home-1", 0.31, 0, 168.0), ("home-2", 0.36, 2, 174.0)):
        alert = made.create_alert(
            elder,
            [reason("raised_pressure", "systolic", value, 160.0)],
            priority="this_week",
            raised_at=NOW - timedelta(days=days, hours=1),
        )
        made.run("UPDATE alert SET held = true, score = %s WHERE alert_id = %s", score, alert)


def looked_at(page: Page, width: int) -> None:
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert faults(page) == []


def test_what_waits_is_read_and_sent(site: Site, community: Community, open_page: OpenPage, pictures: Path) -> None:
    phone, desk = open_page(PHONE, "zh-CN", "dark"), open_page(DESK)
    sign_in(phone, site, "nurse")
    phone.goto(f"{site.address}/held")
    expect(phone.locator(".empty")).to_be_visible()
    looked_at(phone, PHONE[0])
    hold(community)
    phone.reload()
    phone.screenshot(path=pictures / "held-zh-phone.png", full_page=True)
    looked_at(phone, PHONE[0])
    sign_in(desk, site, "desk")
    desk.goto(f"{site.address}/held")
    looked_at(desk, DESK[0])
    desk.screenshot(path=pictures / "held.png")
    expect(desk.locator(".held-list > li")).to_have_count(2)
    desk.locator(".held-list > li").first.get_by_role("button").click()
    expect(desk.locator(".held-list > li")).to_have_count(1)


def test_a_figure_is_taken_back(site: Site, community: Community, open_page: OpenPage, pictures: Path) -> None:
    create_verdicts(community, 3)
    elder = community.elders["home-1"]
    with own_connection(community.dsn, "test") as connection:
        settle(connection, elder, load_limits(LIMITS), NOW)
    page = f"{site.address}/elders/{elder}/limits"
    desk, phone = open_page(DESK), open_page(PHONE, "zh-CN")
    for one, size, login, name in (
        (desk, DESK, "desk", "own-figures.png"),
        (phone, PHONE, "nurse", "own-figures-zh-phone.png"),
    ):
        sign_in(one, site, login)
        one.goto(page)
        one.locator("details").evaluate_all("(folds) => folds.forEach((fold) => { fold.open = true })")
        looked_at(one, size[0])
        one.screenshot(path=pictures / name, full_page=True)
    expect(desk.locator(".take-back")).to_have_count(0)  # the nurses said it: it is theirs to take back
    phone.locator(".take-back input[name=why]").fill("好转")
    phone.locator(".take-back button").click()
    expect(phone.locator(".own-figure")).to_have_count(0)
    expect(phone.locator("#ended")).to_contain_text("好转")
