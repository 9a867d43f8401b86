"""Real servers and a real browser for whole trips."""

import os
import shutil
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, sync_playwright

from tests.cloud.web.community import NOW, PASSWORD
from tests.cloud.web.running import Site
from tests.integration.conftest import community, postgres, site, template, web_centre

__all__ = ["community", "postgres", "site", "template", "web_centre"]  # of the integration tests, used here as well

PHONE = (390, 844)
DESK = (1440, 900)
TABLET = (800, 1280)
TABLET_LYING = (1280, 800)
_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-fake-device-for-media-stream",  # a microphone that beeps, and nobody who has to let it in
    "--use-fake-ui-for-media-stream",
]
_WAIT_MS = 15_000

OpenPage = Callable[..., Page]


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Named by $CHROMIUM, or the distribution's on the path, or else Playwright's own."""
    program = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=_ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def open_page(chromium: Browser) -> Iterator[OpenPage]:
    """Makes pages of a size, language and scheme; at the end no page may have complained on its console."""
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def create_page(size: tuple[int, int], language: str = "en-GB", scheme: str = "light") -> Page:
        context = chromium.new_context(
            viewport={"width": size[0], "height": size[1]},
            locale=language,
            color_scheme="dark" if scheme == "dark" else "light",
            timezone_id="Asia/Shanghai",
            has_touch=size == PHONE,
        )
        context.set_default_timeout(_WAIT_MS)
        contexts.append(context)
        page = context.new_page()
        page.clock.set_system_time(NOW + timedelta(hours=13 if scheme == "dark" else 0))  # the desk is dark by the hour
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda message: _note(message, complaints))
        return page

    yield create_page
    for context in contexts:
        context.close()
    assert complaints == []


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """Where screenshots go: docs/pictures when DOORSTEP_PICTURES is set, else nowhere that stays."""
    if not os.environ.get("DOORSTEP_PICTURES"):
        return tmp_path
    folder = Path(__file__).parents[3] / "docs" / "pictures"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def sign_in(page: Page, site: Site, login: str) -> None:
    """Gives the page's browser a session; the login page has tests of its own."""
    answer = page.request.post(
        f"{site.address}/api/v1/session",
        data={"login": login, "password": PASSWORD},
        headers={"origin": site.address},
    )
    assert answer.ok


_EXPECTED = ("status of 40", "net::ERR_FAILED", "net::ERR_INTERNET_DISCONNECTED")  # asked for by the tests


def _note(message: ConsoleMessage, complaints: list[str]) -> None:
    expected = any(text in message.text for text in _EXPECTED)
    if message.type in ("error", "warning") and not expected:
        complaints.append(message.text)
