"""A nurse's way on a phone, from the list to the filed report."""

import re
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.cloud.web.community import LINK, NOW, PASSWORD, Community, create_day
from tests.cloud.web.running import Site
from tests.system.browser.conftest import DESK, PHONE, TABLET, OpenPage, sign_in

pytestmark = pytest.mark.system


def test_from_the_list_to_the_elders_word(
    site: Site, community: Community, open_page: OpenPage, pictures: Path
) -> None:
    made = create_day(community)
    phone = open_page(PHONE)
    phone.goto(f"{site.address}/login")
    phone.locator("#login").fill("nurse")
    phone.locator("#password").fill(PASSWORD)
    phone.locator("button.main-action").click()
    phone.wait_for_url("**/today")
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
    tablet.screenshot(path=pictures / "elder-zh.png")
    tablet.get_by_role("button", name="很好").click()
    expect(tablet.get_by_text("谢谢。您说：很好。")).to_be_visible()

    phone.reload()
    expect(phone.get_by_text("The elder said: Very good")).to_be_visible()
    phone.goto(f"{site.address}/today")
    expect(phone.get_by_text("1 finished")).to_be_visible()


def test_a_half_typed_report_outlives_the_session(site: Site, community: Community, open_page: OpenPage) -> None:
    alert = community.create_alert("home-1", [])
    visit = community.create_visit("home-1", alert, state="at_the_door", nurse="nurse")
    phone = open_page(PHONE)
    sign_in(phone, site, "nurse")
    phone.goto(f"{site.address}/visits/{visit}")
    phone.get_by_label("there was nothing").check()
    phone.get_by_label("Well, as usual").check()
    phone.get_by_label("One line for the next who comes").fill("Tea was good")
    phone.get_by_role("button", name="tomorrow").click()
    expect(phone.get_by_text("is kept on this phone until it is filed")).to_be_visible()
    community.run("DELETE FROM session")

    phone.get_by_role("button", name="File report").click()
    problem = phone.locator("#report .problem")
    expect(problem).to_contain_text("You are no longer signed in. Nothing was sent; what you entered is kept here.")
    problem.get_by_role("link", name="Sign in").click()
    expect(phone.get_by_text("Your session has ended.")).to_be_visible()
    phone.locator("#login").fill("nurse")
    phone.locator("#password").fill(PASSWORD)
    phone.locator("button.main-action").click()
    phone.wait_for_url(f"**/visits/{visit}")

    expect(phone.get_by_label("there was nothing")).to_be_checked()
    expect(phone.get_by_label("Well, as usual")).to_be_checked()
    expect(phone.get_by_label("One line for the next who comes")).to_have_value("Tea was good")
    expect(phone.get_by_role("button", name="tomorrow")).to_have_attribute("aria-pressed", "true")
    phone.get_by_role("button", name="File report").click()
    expect(phone.get_by_role("heading", name="Report filed")).to_be_visible()
    filed = community.run("SELECT findings, note, verdict, next_on FROM visit_report")
    assert filed == [(["well"], "Tea was good", "false", (NOW + timedelta(days=1)).date())]
    assert phone.evaluate("sessionStorage.length") == 0


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
    sign_in(page, site, "nurse")
    with page.expect_response("**/events"):
        page.goto(f"{site.address}/today")
    expect(page.get_by_text("No visits are waiting")).to_be_visible()
    visit = community.create_visit("home-2")
    community.run("SELECT pg_notify('doorstep_visit', %s)", str(visit))
    expect(page.locator(".card")).to_contain_text("李德福")
    others = community.create_visit("home-1", state="accepted", nurse="nurse2")
    community.run("SELECT pg_notify('doorstep_visit', %s)", str(others))
    expect(page.get_by_text("1 with colleagues")).to_be_visible()
    community.run(
        "UPDATE visit SET state = 'accepted', nurse_id = %s WHERE visit_id = %s", community.staff["nurse2"], visit
    )
    community.run("SELECT pg_notify('doorstep_visit', %s)", str(visit))
    expect(page.locator("[data-whose=nobodys] .card")).to_have_count(0)  # a colleague has it: it leaves the list
    page.locator("#others summary").click()
    expect(page.locator("[data-whose=colleagues] .card")).to_have_count(2)  # asked for as it is opened
    community.run("DELETE FROM session")
    community.run("UPDATE visit SET state = 'proposed', nurse_id = NULL WHERE visit_id = %s", visit)
    community.run("SELECT pg_notify('doorstep_visit', %s)", str(visit))
    page.wait_for_url("**/login?next=/today")


def test_the_record_in_both_languages(site: Site, community: Community, open_page: OpenPage, pictures: Path) -> None:
    create_day(community)
    for language, scheme, name in (("en-GB", "light", "record.png"), ("zh-CN", "dark", "record-zh-night.png")):
        page = open_page(DESK, language, scheme)
        sign_in(page, site, "desk")
        page.goto(f"{site.address}/elders/{community.elders['home-1']}?days=90")
        expect(page.locator("svg.paper.wide")).to_be_visible()
        page.screenshot(path=pictures / name)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_limit_opens_its_value_and_source(site: Site, community: Community, open_page: OpenPage) -> None:
    create_day(community)
    page = open_page(DESK)
    sign_in(page, site, "desk")
    page.goto(f"{site.address}/elders/{community.elders['home-1']}")
    page.locator("svg.paper.wide").get_by_role("link", name="Limit Sys 180").click()
    entry = page.locator("#limit-systolic-180-0")
    expect(entry).to_be_visible()
    expect(entry).to_contain_text("Systolic pressure 180 mmHg: Severe pressure, repeated; Severe pressure")
    expect(entry).to_contain_text(re.compile("Source: .*American Family Physician"))
