"""The elder's page on a tablet on the wall and on a phone: nothing to scroll for, nothing small."""

from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.cloud.web.community import LINK, NOW, Community, create_day
from tests.cloud.web.running import Site
from tests.system.browser.conftest import PHONE, TABLET, TABLET_LYING, OpenPage, sign_in

pytestmark = pytest.mark.system


def fits(page: Page) -> bool:
    return bool(
        page.evaluate(
            "document.documentElement.scrollWidth <= innerWidth && document.documentElement.scrollHeight <= innerHeight"
        )
    )


def small_words(page: Page) -> list[str]:
    """What stands there in type that is not read at three metres."""
    found: list[str] = page.evaluate("""[...document.querySelectorAll("main *")].filter((element) =>
        element.checkVisibility() && [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim())
        && parseFloat(getComputedStyle(element).fontSize) < 28).map((element) => element.outerHTML)""")
    return found


@pytest.fixture
def busy_site(site: Site, community: Community) -> Site:
    """Somebody comes today, and yesterday's visit waits for a word."""
    community.create_visit("home-1", state="accepted", nurse="nurse", wish="washing")
    before = community.create_visit("home-1", state="filed", nurse="nurse2", asked_at=NOW - timedelta(days=1))
    community.create_report(before, "nurse2", NOW - timedelta(hours=20))
    return site


def test_an_elder_asks_for_somebody(site: Site, community: Community, open_page: OpenPage, pictures: Path) -> None:
    tablet = open_page(TABLET)
    tablet.goto(f"{site.address}/e/{LINK}")
    tablet.get_by_text("I want somebody to come").click()
    expect(tablet.locator(".pictures a")).to_have_count(6)
    assert fits(tablet)
    tablet.screenshot(path=pictures / "elder-wishes.png")
    for button in tablet.locator(".pictures a, .want-button").all():
        box = button.bounding_box()
        assert box is not None
        assert min(box["width"], box["height"]) >= 72
    tablet.get_by_text("Not now").click()
    expect(tablet.get_by_text("No visit is planned for today.")).to_be_visible()
    tablet.get_by_text("I want somebody to come").click()
    tablet.get_by_role("link", name="My medicine").click()
    expect(tablet.get_by_role("heading", name="Is somebody to come?")).to_be_visible()
    tablet.screenshot(path=pictures / "elder-confirm.png")
    assert fits(tablet)
    tablet.get_by_role("button", name="Yes, please come").click()
    expect(tablet.get_by_text("You asked: My medicine")).to_be_visible()
    expect(tablet.get_by_text("Somebody comes by 13:12")).to_be_visible()
    expect(tablet.get_by_text("I want somebody to come")).to_have_count(0)
    assert community.run("SELECT wish, state FROM visit") == [("medicine", "proposed")]


@pytest.mark.parametrize(("size", "name"), [(TABLET, "elder.png"), (TABLET_LYING, "elder-lying.png")])
def test_a_busy_day_fits_the_wall(
    busy_site: Site, open_page: OpenPage, pictures: Path, size: tuple[int, int], name: str
) -> None:
    tablet = open_page(size)
    tablet.goto(f"{busy_site.address}/e/{LINK}")
    expect(tablet.get_by_text("comes by 11:30")).to_be_visible()
    expect(tablet.get_by_text("How was the visit by 赵立新?")).to_be_visible()
    assert fits(tablet)
    tablet.screenshot(path=pictures / name)
    assert small_words(tablet) == []


def test_an_elder_is_told_what_always_works(site: Site, community: Community, open_page: OpenPage) -> None:
    phone = open_page(PHONE, language="zh-CN")
    phone.goto(f"{site.address}/e/{LINK}")
    phone.get_by_text("我想有人来").click()
    phone.get_by_role("link", name="想找人聊聊").click()
    phone.wait_for_url("**/want/company")  # loaded: from then on the page keeps its forms where they are
    phone.route("**/requests", lambda route: route.abort())
    phone.get_by_role("button", name="好，请来人").click()
    expect(phone.get_by_role("alert").first).to_have_text(
        "刚才没有成功，请再试一次。如果马上需要帮助，请按您的呼叫按钮。"
    )
    phone.unroute("**/requests")
    phone.get_by_role("button", name="好，请来人").click()
    expect(phone.get_by_text("前会有人来")).to_be_visible()


def test_a_spoken_word_is_recorded_and_heard_by_the_nurse(
    site: Site, community: Community, open_page: OpenPage, pictures: Path
) -> None:
    visit = community.create_visit("home-1", state="assessed", nurse="nurse")
    community.create_report(visit, "nurse", NOW - timedelta(hours=2))
    community.run("INSERT INTO assessment (visit_id, face, assessed_at) VALUES (%s, 4, %s)", visit, NOW)
    community.run(
        "INSERT INTO consent (elder_id, purpose, given_by, how, staff_id, given_at) "
        "VALUES (%s, 'voice', 'elder', 'signed', %s, %s)",
        community.elders["home-1"], community.staff["desk"], NOW,
    )  # fmt: skip
    tablet = open_page(TABLET)
    tablet.goto(f"{site.address}/e/{LINK}")
    tablet.get_by_role("button", name="Speak a word").click()
    listening = tablet.get_by_role("button", name="I am listening")
    expect(listening).to_be_visible()
    tablet.screenshot(path=pictures / "elder-speaks.png")
    with tablet.expect_response("**/voice") as answer:
        listening.click()
    assert answer.value.status == 201
    expect(tablet.get_by_role("button", name="Thank you. Speak again")).to_be_visible()
    nurse = open_page(PHONE)
    sign_in(nurse, site, "nurse")
    nurse.goto(f"{site.address}/visits/{visit}")
    heard = """new Promise((heard, silent) => {
        const word = document.querySelector("audio");
        word.onloadedmetadata = () => heard(true);
        word.onerror = () => silent(word.error);
        word.load();
    })"""
    assert nurse.evaluate(heard)


def test_what_was_reads_large(site: Site, community: Community, open_page: OpenPage, pictures: Path) -> None:
    create_day(community)
    tablet = open_page(TABLET)
    tablet.goto(f"{site.address}/e/{LINK}/earlier")
    expect(tablet.get_by_role("heading", name="My measurements")).to_be_visible()
    assert tablet.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert small_words(tablet) == []
    tablet.screenshot(path=pictures / "elder-earlier.png", full_page=True)
