"""The dispatcher's page in Chromium: dragged with a mouse, worked by keyboard, read on a phone."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.cloud.web.community import Community
from tests.cloud.web.running import Site
from tests.integration.planned_day import create_planned_day, plan
from tests.system.browser.conftest import DESK, PHONE, OpenPage, sign_in

pytestmark = pytest.mark.system


def test_a_visit_is_dragged_priced_and_moved_and_the_same_goes_by_keyboard(
    site: Site, community: Community, open_page: OpenPage, pictures: Path
) -> None:
    visits = create_planned_day(community)
    page = open_page(DESK)
    sign_in(page, site, "desk")
    page.goto(f"{site.address}/dispatch")
    expect(page.locator(".block")).to_have_count(len(visits) - 1)
    page.screenshot(path=pictures / "dispatch.png")
    block = page.locator(f"#block-{visits[2]} > svg > rect")
    nurse = int(page.locator(f"#block-{visits[2]}").get_attribute("data-nurse") or 0)
    other = community.staff["nurse" if nurse == community.staff["nurse2"] else "nurse2"]
    row = page.locator(f"rect.row[data-nurse='{other}']").bounding_box()
    here = block.bounding_box()
    assert row is not None
    assert here is not None
    page.mouse.move(here["x"] + 10, here["y"] + 10)
    page.mouse.down()
    page.mouse.move(here["x"] + 200, row["y"] + 30, steps=4)
    page.mouse.move(here["x"] + 420, row["y"] + 30, steps=4)
    page.mouse.up()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("On the road")).to_be_visible()
    page.screenshot(path=pictures / "dispatch-move.png")
    dialog.get_by_role("button", name="Do it").click()
    expect(dialog).to_be_hidden()
    assert community.one("SELECT pinned_to FROM visit WHERE visit_id = %s", visits[2]) == other
    plan(community)
    expect(page.locator(f"#block-{visits[2]}[data-nurse='{other}']")).to_be_visible()
    page.locator(f"#block-{visits[0]}").focus()
    page.keyboard.press("Enter")
    expect(dialog.get_by_role("heading", level=1)).to_contain_text("孙玉兰")
    dialog.get_by_label("Nurse").select_option(str(other))
    dialog.get_by_label("At the door at").fill("16:30")
    dialog.get_by_role("button", name="What would it cost?").press("Enter")
    expect(dialog.get_by_text("Promises broken")).to_be_visible()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()


def test_on_a_phone_routes_are_lists(site: Site, community: Community, open_page: OpenPage, pictures: Path) -> None:
    create_planned_day(community)
    page = open_page(PHONE, "zh-CN")
    sign_in(page, site, "desk")
    page.goto(f"{site.address}/dispatch")
    expect(page.locator(".day-grid")).to_be_hidden()
    expect(page.locator(".route-lists li").first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.screenshot(path=pictures / "dispatch-zh-phone.png")
    page.locator(".route-lists a").first.click()
    expect(page.get_by_role("dialog").get_by_role("heading", level=1)).to_be_visible()
    page.screenshot(path=pictures / "dispatch-move-zh-phone.png")


def test_days_off_are_noted_and_visits_asked_for_on_pages(
    site: Site, community: Community, open_page: OpenPage, pictures: Path
) -> None:
    visits = create_planned_day(community)
    away, elder = community.staff["nurse"], community.elders["home-1"]
    community.run("UPDATE staff SET skills = '{injection,wound}' WHERE login = 'nurse2'")
    page = open_page(PHONE, "zh-CN")
    sign_in(page, site, "desk")
    page.goto(f"{site.address}/dispatch/absences")
    page.get_by_label("护士").select_option(str(away))
    page.get_by_role("button", name="登记").click()
    expect(page.locator(".days-off")).to_contain_text("由周建国登记")
    page.get_by_label("护士").select_option(str(away))
    page.get_by_role("button", name="登记").click()
    expect(page.locator(".problem:visible")).to_contain_text("已经请假")
    page.screenshot(path=pictures / "days-off-zh-phone.png", full_page=True)
    plan(community)
    of_others = "SELECT count(*) FROM visit WHERE visit_id = ANY(%s) AND nurse_id = %s"
    assert community.one(of_others, visits, away) == 0
    page.locator(".days-off").get_by_role("button").click()
    expect(page.locator(".days-off form")).to_have_count(0)

    desktop = open_page(DESK)
    sign_in(desktop, site, "desk")
    desktop.goto(f"{site.address}/elders/{elder}")
    desktop.get_by_role("link", name="Visits to come, and asking for one").click()
    asking = desktop.locator("form[action$='/visits']")
    asking.get_by_label("Or in your own words").fill("change the dressing")
    asking.get_by_label("On a day of its own").fill("2026-11-25")
    asking.get_by_label("not before").fill("10:00")
    asking.get_by_label("at the latest by").fill("12:00")
    asking.get_by_label("wound").check()
    asking.get_by_label("The family asked for it").check()
    asking.get_by_role("button", name="Ask for it").click()
    expect(desktop.locator(".awaited")).to_contain_text("asked for by the family")
    rhythm = desktop.locator("form[action$='/regular']").first
    rhythm.get_by_label("Every how many days").fill("7")
    rhythm.get_by_role("button", name="Set this rhythm").click()
    expect(desktop.get_by_text("Somebody comes every 7 days")).to_be_visible()
    desktop.screenshot(path=pictures / "elder-visits.png", full_page=True)
    found = community.run("SELECT wish, asked_by, skills, from_at, promised_by FROM visit WHERE elder_id = %s", elder)
    ten = datetime(2026, 11, 25, 2, tzinfo=UTC)
    assert found == [("change the dressing", "family", ["wound"], ten, ten + timedelta(hours=2))]
    desktop.get_by_role("button", name="End this rhythm").click()
    expect(desktop.get_by_text("Nobody comes by itself")).to_be_visible()
