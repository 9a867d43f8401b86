"""Every page of every role: axe finds nothing serious, nothing runs over the edge, and each language is whole."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page

from tests.cloud.web.community import LINK, Community
from tests.cloud.web.running import Site
from tests.integration.test_web_access import LOGINS, places
from tests.integration.test_web_family import invite
from tests.system.browser.conftest import DESK, PHONE, OpenPage, sign_in
from tests.system.browser.test_browser_access import faults
from tests.system.browser.walk import pages_of

__all__ = ["places"]  # the fixture
pytestmark = pytest.mark.system

WALKERS = ("administrator", "desk", "nurse", "doctor", "installer", "link", "family", "nobody")
HAN = re.compile(r"[一-鿿]+")
LATIN = re.compile(r"[A-Za-z]{3,}")
KEPT_LATIN = frozenset(
    {"Doorstep", "mmHg", "mmol", "CSV", "Web", "Push", "NFC", "PIN", "iPhone", "iPad", "Android", "Chrome", "Edge",
     "Firefox", "Safari", "Asia", "Shanghai", "UTC", "HTTP", "MQTT", "Barthel"}
)  # fmt: skip
"""Names and units, which are the same in every language."""
SAID = """() => {
    const not = "kbd, code, pre, script, style, template, noscript, .initial, [lang]:not(html)";
    const words = [document.title];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) if (!walker.currentNode.parentElement.closest(not)) words.push(walker.currentNode.data);
    for (const one of document.querySelectorAll("[aria-label], [title], [placeholder], [alt]"))
        if (!one.closest(not))
            for (const name of ["aria-label", "title", "placeholder", "alt"]) words.push(one.getAttribute(name) ?? "");
    return words.join("\\n");
}"""
DATA = """
    SELECT name FROM staff UNION SELECT login FROM staff UNION SELECT name FROM region UNION SELECT name FROM elder
    UNION SELECT code FROM elder UNION SELECT plan FROM elder UNION SELECT data_note FROM elder
    UNION SELECT unnest(conditions || risks) FROM elder UNION SELECT address FROM home UNION SELECT code FROM home
    UNION SELECT door_note FROM home UNION SELECT name FROM contact UNION SELECT relation FROM contact
    UNION SELECT gateway_id FROM gateway UNION SELECT name FROM device UNION SELECT note FROM visit_report
    UNION SELECT word FROM assessment UNION SELECT topic FROM dead_letter UNION SELECT reason FROM dead_letter
    UNION SELECT reason FROM limit_override UNION SELECT author FROM limit_override
    UNION SELECT name FROM relative UNION SELECT relation FROM relative UNION SELECT text FROM demand
    UNION SELECT r ->> 'source' FROM alert, jsonb_array_elements(reasons) AS r
"""


def data_of(community: Community) -> list[str]:
    """What people wrote, longest first: it stands on pages in its own language."""
    return sorted({text for (text,) in community.run(DATA) if text}, key=len, reverse=True)


def foreign(page: Page, data: list[str], language: str) -> set[str]:
    """Words of the page that are of another language, and are nobody's name."""
    said = str(page.evaluate(SAID))
    for text in data:
        said = said.replace(text, " ")
    if language == "en":
        return set(HAN.findall(said))
    said = said.replace("doorstep-edge prove", " ").replace("/min", " ")  # a command, and the unit of a pulse
    said = re.sub(r"来源：[^\n]*", " ", said)  # sources keep their own language
    return set(LATIN.findall(said)) - KEPT_LATIN


def look(page: Page, address: str, combinations: list[tuple[tuple[int, int], str]]) -> Iterator[str]:
    """What is wrong with a page at these sizes and schemes."""
    answer = page.goto(address)
    assert answer is not None
    if answer.status != 200:
        yield f"{address}: {answer.status}"
        return
    page.locator("details").evaluate_all("(folds) => folds.forEach((fold) => { fold.open = true })")
    for size, scheme in combinations:
        page.set_viewport_size({"width": size[0], "height": size[1]})
        page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        yield from (f"{size[0]} {scheme}: {fault}" for fault in faults(page))
        wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        if wide > 0:
            yield f"{address}: {wide} px too wide at {size[0]}"


def let_family_in(site: Site, community: Community, page: Page) -> str:
    """The token of a link that one of the family opened in this browser, for all that may be shared."""
    with site.signed_in("nurse") as nurse:
        purposes = ("family_readings", "family_visits", "family_alarms")
        path, code = invite(nurse, community.elders["home-1"], *purposes)
    page.goto(f"{site.address}{path}/code")
    page.locator("input[name=code]").fill(code)
    page.locator("form button").last.click()
    page.wait_for_url(f"{site.address}{path}")
    return path.rpartition("/")[2]


EVERYTHING = [(DESK, "light"), (PHONE, "dark")]
USUAL = {"nurse": (PHONE, "light"), "doctor": (DESK, "dark")}


@pytest.mark.parametrize("who", WALKERS)
def test_every_page(site: Site, community: Community, places: dict[str, object], open_page: OpenPage, who: str) -> None:
    """Whoever sees a page first sees it at both sizes and in both schemes; the others as they usually look at it."""
    community.run("UPDATE elder SET data_note = ''")
    page, token = open_page(DESK), LINK
    if who == "family":
        token = let_family_in(site, community, page)
    data, wrong = data_of(community), []
    if who in LOGINS or who in ("doctor", "installer"):
        sign_in(page, site, LOGINS.get(who, who))
    for pattern in pages_of(who):
        path = pattern.format(token=token, **places)
        first = next(other for other in WALKERS if pattern in pages_of(other)) == who
        combinations = EVERYTHING if first else [USUAL.get(who, (DESK, "light"))]
        for language in ("en", "zh"):
            address = f"{site.address}{path}?lang={language}"
            wrong += list(look(page, address, combinations if language == "en" else []))
            strange = foreign(page, data, language)
            if strange:
                wrong.append(f"{path} in {language} says {sorted(strange)}")
    assert not wrong, "\n".join(wrong)
