"""The card of who calls, in Chromium: it opens by itself, is worked by keys, and fits a desk and a phone."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.cloud.web.community import NOW, Community, create_day
from tests.cloud.web.running import Site
from tests.system.browser.conftest import DESK, PHONE, OpenPage
from tests.system.browser.test_browser_access import faults
from tests.system.browser.test_browser_board import open_board

pytestmark = pytest.mark.system


def add_steps(community: Community, alarm: object) -> None:
    """What a stored alarm has: its first step, told."""
    community.run(
        "INSERT INTO alarm_event (alarm_id, state, at, told_home_at) VALUES (%s, 'at_centre', %s, %s)", alarm, NOW, NOW
    )


def test_a_call_opens_its_card_and_keys_work_it(site: Site, community: Community, open_page: OpenPage) -> None:
    create_day(community)
    community.run("UPDATE alarm SET state = 'closed', close_reason = 'test', closed_at = %s, taken_by = 1", NOW)
    desk = open_page(DESK)
    open_board(desk, site, "desk")
    card = desk.locator("#card")
    expect(card).to_be_hidden()
    expect(desk.locator("#sound")).to_be_visible()
    expect(desk.locator("#sound")).to_contain_text("press here")
    desk.locator("#sound").click()
    expect(desk.locator("#sound")).to_be_hidden()

    alarm = community.create_alarm("gw-home-1")
    add_steps(community, alarm)
    expect(card).to_be_visible()
    for said in ("王秀英", "颐和路 12 号", "Nobody has it yet", "The centre has your call"):
        expect(card).to_contain_text(said)
    first = card.locator(".contacts a").first
    expect(first).to_have_attribute("href", re.compile("^tel:"))
    desk.keyboard.press("t")
    expect(card).to_contain_text("周建国 has it")
    expect(card.locator(".heard")).to_contain_text("A person has your call")
    desk.locator(f"#card-note-{alarm}").focus()
    desk.keyboard.type("daughter called, she is on her way")
    desk.keyboard.press("Enter")
    expect(card.locator(".heard")).to_contain_text("daughter called, she is on her way")
    card.get_by_role("button", name="Send somebody").focus()
    desk.keyboard.press("Enter")
    expect(card).to_contain_text("Somebody is sent: the visit")
    expect(desk.locator(".visit-row").first).to_contain_text("王秀英")
    desk.locator("body").click(position={"x": 5, "y": 5})
    desk.keyboard.press("e")
    expect(card).to_be_hidden()
    desk.keyboard.press("e")
    expect(card).to_be_visible()
    expect(desk.locator("#card-name")).to_be_focused()
    assert community.run("SELECT count(*) > 0 FROM alarm_card_view WHERE alarm_id = %s", alarm) == [(True,)]
    visit = community.run("SELECT priority, kind FROM visit WHERE alarm_id = %s", alarm)
    assert visit == [("now", "alarm")]


def test_the_card_fits_and_is_read_by_everybody(
    site: Site, community: Community, open_page: OpenPage, pictures: Path
) -> None:
    create_day(community)
    alarm = community.one("SELECT alarm_id FROM alarm WHERE state = 'at_centre' ORDER BY heard_at DESC LIMIT 1")
    add_steps(community, alarm)
    for size, language, scheme, name in (
        (DESK, "en-GB", "light", "card.png"),
        (DESK, "zh-CN", "dark", "card-zh-night.png"),
        (PHONE, "en-GB", "light", "card-phone.png"),
    ):
        page = open_page(size, language, scheme)
        open_board(page, site, "desk")
        page.keyboard.press("j")  # lets the page sound, and takes its notice away
        page.locator(f'[data-card-of="{alarm}"]').click()
        expect(page.locator("#card-name")).to_be_visible()
        page.screenshot(path=pictures / name)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert faults(page) == []
    page = open_page(PHONE, "zh-CN")
    open_board(page, site, "desk")
    page.goto(f"{site.address}/alarms/{alarm}")
    expect(page.locator(".card")).to_contain_text("可致电")
    assert faults(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_only_the_own_community_sees_a_card(site: Site, community: Community) -> None:
    alarm = community.create_alarm("gw-home-1")
    with site.signed_in("stranger") as stranger, site.visitor() as visitor:
        for where in (f"/alarms/{alarm}", f"/alarms/{alarm}/card"):
            assert stranger.get(where).status_code == 404
            assert visitor.get(where, follow_redirects=False).status_code == 303
        assert stranger.post(f"/api/v1/alarms/{alarm}/note", json={"note": "x"}).status_code == 404
    assert community.run("SELECT count(*) FROM alarm_card_view") == [(0,)]
