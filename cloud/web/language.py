"""English and Chinese: catalogues read from .po files at start, and which one a reader gets.

Message ids are the English sentences. A language is a value that is passed along; nothing is global.
"""

import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from babel import negotiate_locale
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations

LOCALE = Path(__file__).parent / "locale"
COOKIE = "doorstep-language"
NAMES: Mapping[str, str] = {"en": "English", "zh": "中文"}
_HTML_TAG = {"en": "en", "zh": "zh-Hans"}


@dataclass(frozen=True)
class Language:
    code: str
    catalogue: NullTranslations = field(repr=False)

    @property
    def html(self) -> str:
        """The tag for the page's `lang`, which also chooses the right Han glyphs."""
        return _HTML_TAG[self.code]

    def gettext(self, message: str, /, **values: object) -> str:
        """`message` in this language, its `%(name)s` places filled."""
        said: str = self.catalogue.gettext(message)
        return said % values if values else said

    def ngettext(self, one: str, many: str, n: int, /, **values: object) -> str:
        """`one` or `many` by `n`, which also fills `%(n)s`."""
        said: str = self.catalogue.ngettext(one, many, n)
        return said % {"n": n, **values}


def load_languages() -> dict[str, Language]:
    """All languages by code. English is the source and has no catalogue."""
    languages = {"en": Language("en", NullTranslations())}
    for code in NAMES:
        path = LOCALE / code / "LC_MESSAGES" / "messages.po"
        if code == "en" or not path.exists():
            continue
        with path.open("rb") as file:
            catalogue = read_po(file, locale=code)
        compiled = io.BytesIO()
        write_mo(compiled, catalogue)
        compiled.seek(0)
        languages[code] = Language(code, Translations(compiled))
    return languages


def choose(asked: str | None, remembered: str | None, accepted: str | None) -> str:
    """The language to speak: asked for in the address, else the cookie's, else the browser's, else English."""
    for wish in (asked, remembered):
        if wish is not None and wish in NAMES:
            return wish
    return negotiate_locale(_by_preference(accepted or ""), list(NAMES), sep="-") or "en"


def _by_preference(accept_language: str) -> list[str]:
    """The tags of an Accept-Language header, best first. Ill-formed weights count as 0."""
    wishes: list[tuple[float, str]] = []
    for part in accept_language[:500].split(","):
        tag, _, weight = part.strip().partition(";q=")
        try:
            quality = float(weight) if weight else 1.0
        except ValueError:
            quality = 0.0
        if tag:
            wishes.append((quality, tag))
    return [tag for _, tag in sorted(wishes, key=lambda wish: -wish[0])]


def N_(message: str) -> str:
    """Marks a constant for the catalogue; it is translated where it is shown."""
    return message
