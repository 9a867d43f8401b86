"""The desk in Chromium: an alarm is seen, taken, answered and closed with the keyboard alone."""

import re
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from playwright.sync_api import Page, expect

from cloud.mqtt import Subscriber
from protocols.alarm.kinds import AlarmKind
from protocols.telemetry.messages import AlarmMessage, encode
from protocols.telemetry.topics import ALARM, topic
from tests.cloud.web.centre import WebCentre
from tests.cloud.web.community import NOW, PASSWORD, Community, create_day, create_home
from tests.cloud.web.running import Site, running_alarms
from tests.system.browser.conftest import DESK, PHONE, OpenPage, sign_in

pytestmark = pytest.mark.system
WAIT_S = 10.0


@pytest.fixture
def gateway(web_centre: WebCentre) -> Iterator[Subscriber]:
    with Subscriber(web_centre.broker.url, "test-gateway") as connected:
        assert connected.wait_connected(WAIT_S)
        yield connected


def press(gateway: Subscriber, home: str) -> str:
    alarm = str(uuid4())
    send(gateway, home, alarm)
    return alarm


def send(gateway: Subscriber, home: str, alarm: str, attempt: int = 1) -> None:
    message = AlarmMessage(
        alarm=alarm,
        kind=AlarmKind.PERSONAL_TRIGGER,
        device="ble:C0:FF:EE:00:01:04",
        raised_at=NOW,
        attempt=attempt,
    )
    assert gateway.publish(topic(home, ALARM), encode(message)).wait(WAIT_S)


def send_until_stored(gateway: Subscriber, home: str, alarm: str, community: Community) -> None:
    """As a gateway does until the centre answers: the worker may still be on its way to the broker."""
    deadline = time.monotonic() + WAIT_S
    attempt = 1
    while not community.run("SELECT 1 FROM alarm WHERE alarm_id = %s", alarm):
        assert time.monotonic() < deadline, "the alarm was not stored"
        attempt += 1
        send(gateway, home, alarm, attempt)
        time.sleep(0.2)


def open_board(page: Page, site: Site, login: str) -> None:
    """Waits until live events are heard."""
    sign_in(page, site, login)
    with page.expect_response("**/events"):
        page.goto(f"{site.address}/board")


def test_an_alarm_by_keyboard_alone(
    web_centre: WebCentre, community: Community, gateway: Subscriber, open_page: OpenPage, tmp_path: Path
) -> None:
    site = web_centre.site
    desk, colleague = open_page(DESK), open_page(DESK)
    desk.goto(f"{site.address}/login?next=/board")
    desk.keyboard.type("desk")
    desk.keyboard.press("Tab")
    desk.keyboard.type(PASSWORD)
    with desk.expect_response("**/events"):
        desk.keyboard.press("Enter")
    open_board(colleague, site, "nurse")
    expect(desk.get_by_text("Nobody calls").first).to_be_visible()

    alarm = press(gateway, "gw-home-1")  # nobody stores it yet
    row = desk.locator(f"#alarm-{alarm}")
    expect(row).to_contain_text("王秀英")
    expect(row).to_contain_text("not yet stored")
    expect(colleague.locator(f"#alarm-{alarm}")).to_be_visible()

    with running_alarms(tmp_path, community.dsn, web_centre.broker.url, site.clock):
        send_until_stored(gateway, "gw-home-1", alarm, community)
        alarm = press(gateway, "gw-home-2")
        send_until_stored(gateway, "gw-home-2", alarm, community)
        row = desk.locator(f"#alarm-{alarm}")
        expect(row).to_contain_text("At home: the centre has it")
        expect(desk).to_have_title("(2) Board · Doorstep")
        desk.keyboard.press("k")  # to the newest
        expect(row).to_have_class(re.compile("chosen"))
        desk.keyboard.press("t")
        expect(row).to_contain_text("At home: 周建国 has it")
        expect(colleague.locator(f"#alarm-{alarm}")).to_contain_text("周建国 has it")
        desk.keyboard.press("w")
        expect(row.get_by_role("button", name="8 min")).to_be_visible()
        desk.keyboard.press("2")
        expect(row).to_contain_text("on the way, 8 min")
        expect(desk.locator(".visit-row")).to_contain_text("李德福")
        desk.keyboard.press("c")
        desk.keyboard.press("r")
        expect(row).to_have_count(0)
        expect(desk.get_by_text("1 closed in the last 2 hours")).to_be_visible()
    closed = community.run("SELECT state, close_reason, minutes FROM alarm WHERE alarm_id = %s", alarm)
    assert closed == [("closed", "real", 8)]


def test_two_desks_take_one_alarm(site: Site, community: Community, open_page: OpenPage) -> None:
    alarm = community.create_alarm()
    first, second = open_page(DESK), open_page(DESK)
    open_board(first, site, "desk")
    open_board(second, site, "nurse")
    stale = second.locator(f"#alarm-{alarm}")
    expect(stale).to_contain_text("Nobody has it yet")
    second.route("**/board/parts", lambda route: route.abort())  # it still believes that the alarm is free
    first.keyboard.press("t")
    expect(first.locator(f"#alarm-{alarm}")).to_contain_text("周建国 has it")
    second.keyboard.press("t")
    expect(stale.get_by_role("alert")).to_contain_text("Somebody was faster. 周建国 has it.")
    second.unroute("**/board/parts")
    second.reload()
    expect(stale).to_contain_text("周建国 has it")
    expect(stale.get_by_role("button", name="Take")).to_have_count(0)


def create_more(community: Community) -> None:
    """A promise broken, one about to be kept, a second silent home and an alarm that is over."""
    community.create_visit("home-3", wish="repair", promised_by=NOW - timedelta(hours=16, minutes=32))
    alert = community.create_alert("home-2", [], cause="hyperglycaemia")
    community.create_visit("home-2", alert, state="travelling", nurse="nurse2", promised_by=NOW + timedelta(minutes=48))
    create_home(
        community, 4, region="community", name="孙玉兰", born_on="1946-02-11", address="北京西路 21 号 201 室",
        door_note="", link="a-fourth-link",
    )  # fmt: skip
    community.run("UPDATE gateway SET heard_at = %s WHERE gateway_id = 'gw-home-4'", NOW - timedelta(minutes=25))
    closed = community.create_alarm(
        "gw-home-1", "taken", taken_by="desk", taken_at=NOW - timedelta(minutes=52),
        heard_at=NOW - timedelta(minutes=53),
    )  # fmt: skip
    community.run(
        "UPDATE alarm SET state = 'closed', close_reason = 'mistake', closed_at = %s WHERE alarm_id = %s",
        NOW - timedelta(minutes=49),
        closed,
    )


def test_keys_explain_themselves_and_pages_fit(
    site: Site, community: Community, open_page: OpenPage, pictures: Path
) -> None:
    create_day(community)
    create_more(community)
    desk = open_page(DESK)
    open_board(desk, site, "desk")
    expect(desk.locator(".alarm")).to_have_count(2)
    expect(desk.locator(".visit-row").first).to_contain_text("Late: promised yesterday 16:40, 16 h over")
    desk.keyboard.press("?")
    expect(desk.get_by_text("somebody is on the way: then 1 to 6")).to_be_visible()
    desk.keyboard.press("?")
    expect(desk.locator("#keys")).to_be_hidden()
    expect(desk.locator("#sound")).to_be_hidden()
    desk.screenshot(path=pictures / "board.png")
    for size, language, scheme, name in (
        (DESK, "zh-CN", "dark", "board-zh-night.png"),
        (PHONE, "en-GB", "light", "board-phone.png"),
    ):
        page = open_page(size, language, scheme)
        open_board(page, site, "desk")
        expect(page.locator(".alarm")).to_have_count(2)
        page.keyboard.press("Escape")  # lets the page sound, and takes its notice away
        expect(page.locator("#sound")).to_be_hidden()
        page.screenshot(path=pictures / name)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_the_sound_begins_with_a_call_and_ends_with_taking(
    site: Site, community: Community, open_page: OpenPage
) -> None:
    page = open_page(DESK)
    page.add_init_script("""
        const start = OscillatorNode.prototype.start;
        OscillatorNode.prototype.start = function (...when) {
            const told = document.documentElement.dataset;
            told.tones = Number(told.tones ?? 0) + 1;
            return start.apply(this, when);
        };
    """)
    open_board(page, site, "desk")
    page.keyboard.press("j")  # lets the page sound
    alarm = community.create_alarm()
    expect(page.locator(f"#alarm-{alarm}")).to_be_visible()
    heard = page.locator("html")
    expect(heard).to_have_attribute(
        "data-tones", re.compile(r"\d")
    )  # wait_for_function needs eval, which the CSP refuses
    page.keyboard.press("t")
    expect(page.locator(f"#alarm-{alarm}")).to_contain_text("周建国 has it")
    before = heard.get_attribute("data-tones")
    page.wait_for_timeout(3000)  # longer than the tone's period
    assert heard.get_attribute("data-tones") == before
