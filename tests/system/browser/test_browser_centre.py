"""The centre's pages in Chromium: numbers lead to rows, what was seen is no news, a record prints."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.cloud.web.community import Community, create_day
from tests.cloud.web.running import Site
from tests.integration.test_web_board_rows import create_busy_day
from tests.integration.test_web_quality import create_weeks
from tests.system.browser.conftest import DESK, PHONE, OpenPage, sign_in

pytestmark = pytest.mark.system


def fits(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= innerWidth"))


def test_numbers_lead_to_their_rows_and_news_ends_when_seen(
    site: Site, community: Community, open_page: OpenPage, pictures: Path
) -> None:
    create_busy_day(community)
    page = open_page(DESK)
    sign_in(page, site, "desk")
    page.goto(f"{site.address}/board")
    expect(page.locator(".news")).to_contain_text("Since you last looked")
    page.get_by_text("By community").click()
    page.screenshot(path=pictures / "board-numbers.png")
    page.get_by_role("link", name="1 late").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Promised visits 1")
    expect(page.locator(".visit-row.late")).to_have_count(1)
    assert fits(page)
    with page.expect_response("**/events"):  # its scripts have begun
        page.get_by_role("link", name="Board").first.click()
    page.keyboard.press("s")
    expect(page.locator(".news")).to_contain_text("Nothing changed since you last looked")
    phone = open_page(PHONE, "zh-CN")
    sign_in(phone, site, "desk")
    phone.goto(f"{site.address}/board/rows?of=news")
    expect(phone.get_by_text("没有", exact=True)).to_be_visible()
    phone.goto(f"{site.address}/board/rows?of=alerts")
    assert fits(phone)
    phone.screenshot(path=pictures / "board-rows-zh-phone.png")


def test_quality_by_days_and_community(site: Site, community: Community, open_page: OpenPage, pictures: Path) -> None:
    create_weeks(community)
    page = open_page(DESK)
    sign_in(page, site, "admin")
    page.goto(f"{site.address}/quality?days=30")
    expect(page.get_by_role("heading", level=1)).to_contain_text(re.compile(r"\d+ % of \d+ promises kept"))
    page.screenshot(path=pictures / "quality.png", full_page=True)
    page.locator("select[name=region]").select_option(label="颐和路社区")
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_text("Quality · 颐和路社区")).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("link", name="As a table (CSV)").click()
    assert download.value.suggested_filename.startswith("quality-2026-")
    phone = open_page(PHONE, "zh-CN", "dark")
    sign_in(phone, site, "desk")
    phone.goto(f"{site.address}/quality")
    assert fits(phone)
    phone.screenshot(path=pictures / "quality-zh-phone.png")


def test_a_record_prints_black_on_white(site: Site, community: Community, open_page: OpenPage) -> None:
    create_day(community)
    page = open_page(DESK, "en-GB", "dark")
    sign_in(page, site, "nurse")
    page.goto(f"{site.address}/elders/{community.elders['home-1']}")
    printed = page.pdf(format="A4", margin={"top": "12mm", "right": "12mm", "bottom": "12mm", "left": "12mm"})
    assert len(re.findall(rb"/Type\s*/Page\b", printed)) == 1  # with two alerts that have their reasons and a report
    page.emulate_media(media="print")
    assert page.evaluate("getComputedStyle(document.querySelector('.sheet')).backgroundColor") == "rgb(255, 255, 255)"
    assert page.locator(".paper.wide").is_visible()
    assert not page.locator(".paper.narrow").is_visible()
