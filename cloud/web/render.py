"""Templates to pages: one environment a language, autoescaped, with the words that every page needs."""

from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from fastapi import Request
from fastapi.responses import HTMLResponse, Response
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from cloud.web import labels, moments, values
from cloud.web.entry.csrf import SESSION_COOKIE, MarkedForms, csrf_field
from cloud.web.entry.model import Viewer
from cloud.web.language import COOKIE, NAMES, Language, choose
from cloud.web.looks import measures_of, wants_large
from cloud.web.phrases import phrases
from cloud.web.services import services_of
from cloud.web.standing import standing

_YEAR_S = 365 * 86400


def language_of(request: Request) -> Language:
    """The language this reader asked for, by address, cookie or browser."""
    languages = services_of(request).languages
    code = choose(request.query_params.get("lang"), request.cookies.get(COOKIE), request.headers.get("accept-language"))
    return languages.get(code, languages["en"])


def page(
    request: Request,
    template: str,
    context: Mapping[str, Any],
    *,
    viewer: Viewer | None = None,
    zone: ZoneInfo | None = None,
    status_code: int = 200,
) -> HTMLResponse:
    """`template` for this reader. `zone` is the home's, for times without one of their own."""
    services = services_of(request)
    language = language_of(request)
    now = services.now
    if (environment := _environments.get(language.code)) is None:
        environment = _environments[language.code] = _create_environment(language)
    shown = environment.get_template(template).render(
        **context,
        language=language,
        languages=NAMES,
        csrf_field=csrf_field(request.cookies.get(SESSION_COOKIE, "")),
        viewer=viewer,
        now=now,
        speed=services.speed,
        zone=zone or ZoneInfo("Asia/Shanghai"),
        measures=measures_of(request),
        large=wants_large(request),
        phrases=phrases(language),
        path=request.url.path,
        other_languages={code: "?" + request.url.include_query_params(lang=code).query for code in NAMES},
        time=partial(_time, language, now),
    )
    answer = HTMLResponse(shown, status_code=status_code)
    if request.query_params.get("lang") in NAMES:
        answer.set_cookie(COOKIE, language.code, max_age=_YEAR_S, httponly=True, samesite="lax")
    answer.headers["content-language"] = language.html
    answer.headers["vary"] = "Accept-Language, Cookie"
    return answer


def see_other(path: str) -> Response:
    """After a form: look there."""
    return Response(status_code=303, headers={"location": path})


_environments: dict[str, Environment] = {}


def _create_environment(language: Language) -> Environment:
    environment = Environment(
        loader=PackageLoader("cloud.web", "templates"),
        autoescape=True,
        auto_reload=False,  # else each page looks at the file of each of its templates
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n", MarkedForms],
    )
    environment.install_gettext_translations(  # type: ignore[attr-defined]  # added by the i18n extension
        language.catalogue, newstyle=True
    )
    environment.globals.update(
        labels=labels,
        label=partial(labels.label, language),
        short_name=partial(values.short_name, language),
        long_name=partial(values.long_name, language),
        age=moments.age_years,
        day=partial(moments.day, language),
        on_a_later_day=moments.on_a_later_day,
        standing=standing,
    )
    return environment


def _time(language: Language, now: datetime, then: datetime, zone: ZoneInfo | str, form: str = "ago") -> Markup:
    """A `<time>` that says `then` as ago, at, promise or running, with the exact moment behind it.

    Scripts keep the words true while the page stands open.
    """
    place = ZoneInfo(zone) if isinstance(zone, str) else zone
    match form:
        case "ago":
            said = moments.ago(language, then, now)
        case "promise":
            said = moments.promise(language, then, now, place)
        case "running":
            said = moments.running(then, now)
        case _:
            said = moments.clock_time(language, then, now, place)
    return Markup('<time datetime="{}" title="{}" data-form="{}" data-clock="{}">{}</time>').format(
        then.isoformat(), moments.exact(then, place), form, moments.clock_time(language, then, now, place), said
    )
