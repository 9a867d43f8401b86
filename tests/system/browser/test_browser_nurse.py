"""A nurse's way on a phone, from the list to the filed report, and the elder's word on it."""

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.cloud.web.community import LINK, NOW, PASSWORD, Community, create_community, create_day
from tests.cloud.web.running import Site, running_site
from tests.system.browser.conftest import DESK, PHONE, TABLET, OpenPage

pytestmark = pytest.mark.system


@pytest.fixture
def community(database: str) -> Community:
    return create_community(database)


@pytest.fixture
def site(tmp_path: Path, community: Community) -> Iterator[Site]:
    with running_site(tmp_path, community.dsn) as running:
        yield running


def sign_in(page: Page, site: Site, login: str) -> None:
    page.goto(f"{site.address}/login")
    page.locator("#login").fill(login)
    page.locator("#password").fill(PASSWORD)
    page.locator("button.main-action").click()
    page.wait_for_url(re.compile("/(today|board)$"))


def test_from_the_list_to_the_elders_word(
    site: Site, community: Community, open_page: OpenPage, pictures: Path
) -> None:
    made = create_day(community)
    phone = open_page(PHONE)
    sign_in(phone, site, "nurse")
    expect(phone.locator(".card").first).to_contain_text("Sys 184 mmHg, twice since 07:40; usual 138 to 152")
    phone.screenshot(path=pictures / "today.png")

    phone.get_by_role("button", name="Accept").click()
    phone.wait_for_url(f"**/visits/{made['severe']}")
    expect(phone.get_by_text("last visit")).to_be_visible()
    expect(phone.locator("svg.paper.narrow")).to_be_visible()
    phone.screenshot(path=pictures / "visit.png")
    phone.get_by_role("button", name="Start").click()
    phone.get_by_role("button", name="At the door").click()

    phone.get_by_label("the alert told the truth").check()
    phone.get_by_label("Medicine missed").check()
    phone.get_by_label("Talked it through").check()
    phone.get_by_label("One line for the next who comes").fill("药盒换了新的 <b>")
    phone.get_by_role("button", name="tomorrow").click()
    phone.locator("#report").screenshot(path=pictures / "report.png")
    phone.get_by_role("button", name="File report").click()
    expect(phone.get_by_role("heading", name="Report filed")).to_be_visible()
    expect(phone.get_by_text("药盒换了新的 <b>")).to_be_visible()
    report = community.run(
        "SELECT findings, actions, verdict, next_on FROM visit_report WHERE visit_id = %s", made["severe"]
    )
    assert report == [(["medicine_missed"], ["talked"], "right", (NOW + timedelta(days=1)).date())]

    tablet = open_page(TABLET, language="zh-CN")
    tablet.goto(f"{site.address}/e/{LINK}")
    expect(tablet.get_by_text("陈晓梅这次来，您觉得怎么样？")).to_be_visible()
    tablet.screenshot(path=pictures / "elder.png")
    tablet.get_by_role("button", name="很好").click()
    expect(tablet.get_by_text("谢谢。您说：很好。")).to_be_visible()

    phone.reload()
    expect(phone.get_by_text("The elder said: Very good")).to_be_visible()
    phone.goto(f"{site.address}/today")
    expect(phone.get_by_text("1 finished")).to_be_visible()


def test_two_nurses_and_one_visit(site: Site, community: Community, open_page: OpenPage) -> None:
    visit = community.create_visit("home-1")
    first, second = open_page(PHONE), open_page(PHONE)
    sign_in(first, site, "nurse")
    sign_in(second, site, "nurse2")
    for page in (first, second):
        page.goto(f"{site.address}/visits/{visit}")
    first.get_by_role("button", name="Accept").click()
    expect(first.get_by_role("button", name="Start")).to_be_visible()
    second.get_by_role("button", name="Accept").click()
    expect(second.get_by_role("alert")).to_contain_text("Somebody was faster. 陈晓梅 has this visit: accepted.")
    second.goto(f"{site.address}/today")
    expect(second.get_by_text("1 with colleagues")).to_be_visible()


def test_the_list_keeps_itself_fresh(site: Site, community: Community, open_page: OpenPage) -> None:
    page = open_page(PHONE)
    with page.expect_response("**/events"):
        sign_in(page, site, "nurse")
    expect(page.get_by_text("No visits are waiting")).to_be_visible()
    visit = community.create_visit("home-2")
    community.run("SELECT pg_notify('doorstep_visit', %s)", str(visit))
    expect(page.locator(".card")).to_contain_text("李德福")


def test_the_record_in_both_languages(site: Site, community: Community, open_page: OpenPage, pictures: Path) -> None:
    create_day(community)
    for language, scheme, name in (("en-GB", "light", "record.png"), ("zh-CN", "dark", "record-zh.png")):
        page = open_page(DESK, language, scheme)
        sign_in(page, site, "desk")
        page.goto(f"{site.address}/elders/{community.elders['home-1']}?days=90")
        expect(page.locator("svg.paper.wide")).to_be_visible()
        page.screenshot(path=pictures / name, full_page=True)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_an_elder_asks_for_somebody(site: Site, community: Community, open_page: OpenPage, pictures: Path) -> None:
    tablet = open_page(TABLET)
    tablet.goto(f"{site.address}/e/{LINK}")
    tablet.get_by_text("I want somebody to come").click()
    expect(tablet.locator(".pictures button")).to_have_count(6)
    tablet.screenshot(path=pictures / "elder-wishes.png")
    for button in tablet.locator(".pictures button, .want-button").all():
        box = button.bounding_box()
        assert box is not None
        assert min(box["width"], box["height"]) >= 72
    tablet.get_by_role("button", name="My medicine").click()
    expect(tablet.get_by_text("You asked: My medicine. Somebody comes, 13:12 at the latest.")).to_be_visible()
    expect(tablet.get_by_text("I want somebody to come")).to_have_count(0)
    assert community.run("SELECT wish, state FROM visit") == [("medicine", "proposed")]
