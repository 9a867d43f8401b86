"""A passkey made and used in a real browser, whose authenticator is Chromium's own virtual one."""

import pytest
from playwright.sync_api import CDPSession, Page

from tests.cloud.web.community import Community
from tests.cloud.web.running import Site
from tests.system.browser.conftest import PHONE, OpenPage, sign_in

pytestmark = [pytest.mark.integration, pytest.mark.system]


def at_localhost(site: Site) -> Site:
    """Browsers know passkeys at names only."""
    return Site(site.address.replace("127.0.0.1", "localhost"), site.process, site.clock)


def add_authenticator(page: Page) -> tuple[CDPSession, str]:
    """A key in the device, whose holder is recognised."""
    devtools = page.context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    made = devtools.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    return devtools, made["authenticatorId"]


def test_a_passkey_opens_without_a_password(open_page: OpenPage, site: Site, community: Community) -> None:
    here = at_localhost(site)
    phone = open_page(PHONE)
    devtools, authenticator = add_authenticator(phone)
    sign_in(phone, here, "nurse")
    phone.goto(f"{here.address}/account")
    phone.fill("#key-name", "我的手机")
    phone.click("#passkey-add button")
    phone.wait_for_selector("#passkeys li:has-text('我的手机')")
    assert community.one("SELECT count(*) FROM passkey WHERE staff_id = %s", community.staff["nurse"]) == 1

    phone.click("text=Sign out everywhere")
    phone.wait_for_url("**/login")
    phone.click("#passkey-sign-in")
    phone.wait_for_url("**/today")
    assert community.one("SELECT second_factor FROM session") is True
    lines = community.run("SELECT what FROM audit ORDER BY audit_id")
    assert lines == [("signed_in",), ("changed_sign_in",), ("signed_out",), ("signed_in",)]

    # the password alone no longer opens; the passkey stands for the code
    phone.goto(f"{here.address}/account")
    phone.click("text=Sign out everywhere")
    phone.fill("#login", "nurse")
    phone.fill("#password", "a stone before the door")
    phone.press("#password", "Enter")
    phone.wait_for_url("**/login/code**")
    devtools.send("WebAuthn.setUserVerified", {"authenticatorId": authenticator, "isUserVerified": False})
    phone.click("#passkey-sign-in")
    phone.wait_for_selector("#passkey-problem:visible")  # somebody else holds the phone
    devtools.send("WebAuthn.setUserVerified", {"authenticatorId": authenticator, "isUserVerified": True})
    phone.click("#passkey-sign-in")
    phone.wait_for_url("**/today")
