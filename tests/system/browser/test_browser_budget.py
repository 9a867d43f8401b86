"""The first page of everybody: 100 kB at most, and usable within a second over a slow phone's net."""

import time

import pytest
from playwright.sync_api import Browser, CDPSession, Page

from tests.cloud.web.community import LINK, Community, create_day
from tests.cloud.web.running import Site
from tests.system.browser.conftest import DESK, PHONE, sign_in

pytestmark = pytest.mark.system
MOST_BYTES = 100_000
MOST_MS = 1000
SLOW = {"offline": False, "latency": 150, "downloadThroughput": 1_600_000 / 8, "uploadThroughput": 750_000 / 8}
"""A usual mobile net as Lighthouse takes it."""


def visit(page: Page, session: CDPSession, address: str) -> tuple[int, float]:
    """Bytes that travelled, and milliseconds until the page is there and its scripts have begun; nothing is cached."""
    received: list[int] = []
    session.on("Network.loadingFinished", lambda event: received.append(int(event["encodedDataLength"])))
    page.goto(address, wait_until="load")
    usable = page.evaluate("performance.getEntriesByType('navigation')[0].domContentLoadedEventEnd")
    return sum(received), float(usable)


@pytest.mark.parametrize(
    ("login", "start"),
    [
        ("", "/login"),
        ("", f"/e/{LINK}"),
        ("desk", "/board"),
        ("nurse", "/today"),
        ("admin", "/board"),
        ("admin", "/quality"),
        ("admin", "/fleet"),
    ],
)
def test_the_first_page_is_light_and_quick(
    site: Site, community: Community, chromium: Browser, login: str, start: str
) -> None:
    create_day(community)
    width, height = DESK if login in ("desk", "admin") else PHONE
    context = chromium.new_context(viewport={"width": width, "height": height})  # with a clock of its own: it measures
    page = context.new_page()
    if login:
        sign_in(page, site, login)
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    session.send("Network.setCacheDisabled", {"cacheDisabled": True})
    session.send("Network.emulateNetworkConditions", SLOW)
    tries = []
    for _ in range(3):  # the machine that tests does other things as well: the quickest time says what the page costs
        began = time.monotonic()
        tries.append(visit(page, session, f"{site.address}{start}"))
        if tries[-1][1] <= MOST_MS or time.monotonic() - began > 10:
            break
    context.close()
    assert max(size_bytes for size_bytes, _ in tries[:1]) <= MOST_BYTES, tries
    assert min(ms for _, ms in tries) <= MOST_MS, tries
