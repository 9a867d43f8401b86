"""The dispatcher's page in Chromium: dragged with a mouse, worked by keyboard, read on a phone."""

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
