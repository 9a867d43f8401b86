"""The Chinese catalogue is whole: nothing untranslated, nothing left over, every place to fill in kept."""

import re
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

import cloud.web
from cloud.web.language import LOCALE, load_languages
from cloud.web.phrases import phrases

ROOT = Path(cloud.web.__file__).parent
PLACE = re.compile(r"%\(\w+\)s|%%")


def sources() -> set[str | tuple[str, ...]]:
    """Every message that templates and modules say."""
    methods = [("**.py", "python"), ("templates/**.html", "jinja2")]
    options = {"templates/**.html": {"extensions": "jinja2.ext.i18n", "newstyle_gettext": "true"}}
    return {
        message if isinstance(message, str) else tuple(message)
        for _, _, message, _, _ in extract_from_dir(ROOT, methods, options)
    }


@pytest.fixture
def catalogue() -> Catalog:
    with (LOCALE / "zh" / "LC_MESSAGES" / "messages.po").open("rb") as file:
        return read_po(file, locale="zh")


def test_everything_said_is_translated_and_nothing_is_left_over(catalogue: Catalog) -> None:
    said = sources()
    known = {message.id if isinstance(message.id, str) else tuple(message.id) for message in catalogue if message.id}
    assert said - known == set(), "say these in messages.po"
    assert known - said == set(), "nobody says these any more; take them out of messages.po"
    assert not catalogue.obsolete


def test_translations_keep_the_places_to_fill_in(catalogue: Catalog) -> None:
    for message in catalogue:
        if not message.id:
            continue
        source = message.id if isinstance(message.id, str) else message.id[-1]
        for translation in [message.string] if isinstance(message.string, str) else message.string or ():
            assert translation, f"{source!r} is not translated"
            assert sorted(PLACE.findall(translation)) == sorted(PLACE.findall(source)), source
        assert not message.fuzzy, source


def test_phrases_for_scripts_keep_their_braces() -> None:
    languages = load_languages()
    for name, english in phrases(languages["en"]).items():
        chinese = phrases(languages["zh"])[name]
        assert sorted(re.findall(r"\{\w+\}", chinese)) == sorted(re.findall(r"\{\w+\}", english)), name


def test_each_message_of_number_has_every_form(catalogue: Catalog) -> None:
    plurals = [message for message in catalogue if message.pluralizable]
    assert len(plurals) > 30
    for message in plurals:
        assert isinstance(message.string, tuple), message.id
        assert len(message.string) == catalogue.num_plurals, message.id
        assert all(message.string), message.id


def test_numbers_choose_their_form() -> None:
    languages = load_languages()
    for n, english in ((0, "0 days ago"), (1, "1 day ago"), (2, "2 days ago"), (21, "21 days ago")):
        assert languages["en"].ngettext("%(n)s day ago", "%(n)s days ago", n) == english
        assert languages["zh"].ngettext("%(n)s day ago", "%(n)s days ago", n) == f"{n} 天前"


SILENT = re.compile(
    r"\{#.*?#\}|\{% block body_\w+ %\}.*?\{% endblock %\}|\{%.*?%\}|\{\{.*?\}\}|<(style|script|kbd|code|pre)\b.*?</\1>",
    re.S,
)
SAID_ASIDE = re.compile(r'\b(?:aria-label|title|placeholder|alt)="([^"]*)"')


def test_templates_say_nothing_past_the_catalogue() -> None:
    """Also in corners into which no test of a page looks."""
    for template in sorted(ROOT.joinpath("templates").rglob("*.html")):
        text = SILENT.sub(" ", template.read_text(encoding="utf-8"))
        said = " ".join([re.sub(r"<[^>]*>", " ", text), *SAID_ASIDE.findall(text)])
        assert set(re.findall(r"[A-Za-z一-鿿]{2,}", said)) <= {"Doorstep", "HI", "LO"}, template.name
