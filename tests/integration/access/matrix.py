"""The matrix as people decided it, route by route. docs/access.md is made from it; the test walks it.

A line gives, for everybody in `WHO` and in that order, one letter of `MEANING`.
"""

from collections.abc import Mapping

from tests.integration.access.tables import FAMILY, ROWS, TABLES

WHO = ("nobody", "link", "nurse", "desk", "doctor", "installer", "administrator", "stranger")
HEADINGS: Mapping[str, str] = {
    "nobody": "not signed in",
    "link": "the elder's link",
    "nurse": "nurse",
    "desk": "desk",
    "doctor": "doctor",
    "installer": "installer",
    "administrator": "administrator",
    "stranger": "nurse of another community",
}
MEANING: Mapping[str, str] = {
    "y": "yes",
    "e": "yes, and nothing of this community is in it",
    "s": "must sign in",
    "-": "refused",
    "n": "as if it were not there",
}
ROUTES: Mapping[str, str] = {
    # route: nobody, link, nurse, desk, doctor, installer, administrator, stranger
    "GET /login": "yyyyyyyy",
    "POST /login": "ssssssss",
    "GET /login/code": "ssssssss",
    "POST /login/code": "ssssssss",
    "POST /logout": "yyyyyyyy",
    "POST /api/v1/session": "ssssssss",
    "DELETE /api/v1/session": "yyyyyyyy",
    "POST /api/v1/session/passkey/challenge": "ssssssss",
    "POST /api/v1/session/passkey": "ssssssss",
    "GET /login/oidc": "nnnnnnnn",  # where there is no provider
    "GET /login/oidc/back": "nnnnnnnn",
    "GET /login/oidc/out": "nnnnnnnn",
    "GET /account": "ssyyyyyy",
    "POST /account/app": "ssyyyyyy",
    "POST /account/app/code": "ssyyyyyy",
    "POST /account/app/remove": "ssyyyyyy",
    "POST /account/passkeys/remove": "ssyyyyyy",
    "POST /account/sign-out-everywhere": "ssyyyyyy",
    "POST /account/looks": "ssyyyyyy",
    "POST /account/photo/remove": "ssyyyyyy",
    "GET /account/photo": "ssyyyyyy",
    "POST /api/v1/account/photo": "ssyyyyyy",
    "POST /api/v1/account/passkeys/challenge": "ssssssss",
    "POST /api/v1/account/passkeys": "ssssssss",
    "GET /": "ssyyyyyy",
    "GET /board": "ssyy--ye",
    "GET /board/parts": "ssyy--ye",
    "GET /board/rows": "ssyy--ye",
    "POST /api/v1/board/looked": "ssee--ee",
    "GET /quality": "ss-e--e-",
    "GET /quality.csv": "ss-e--e-",
    "GET /regions": "ss-e--e-",
    "GET /regions.csv": "ss-e--e-",
    "GET /api/v1/regions": "ss-e--e-",
    "GET /api/v1/board": "ssyy--ye",
    "GET /api/v1/figures": "ssyy--ye",
    "POST /api/v1/alarms/{alarm_id}/take": "ssyy---n",
    "POST /api/v1/alarms/{alarm_id}/on-the-way": "ssyy---n",
    "POST /api/v1/alarms/{alarm_id}/send": "ssyy---n",
    "POST /api/v1/alarms/{alarm_id}/note": "ssyy---n",
    "POST /api/v1/alarms/{alarm_id}/close": "ssyy---n",
    "GET /alarms/{alarm_id}": "ssyy--yn",
    "GET /alarms/{alarm_id}/card": "ssyy--yn",
    "GET /today": "ssyyy-ye",
    "GET /visits/{visit_id}": "ssyyy-yn",
    "GET /api/v1/visits": "ssyyy-ye",
    "GET /api/v1/visits/{visit_id}": "ssyyy-yn",
    "POST /api/v1/visits/{visit_id}/steps": "ssy----n",
    "POST /api/v1/visits/{visit_id}/report": "ssy----n",
    "POST /api/v1/visits/{visit_id}/photos": "ssy----n",
    "GET /visits/{visit_id}/media/{medium_id}": "ssy-y--n",
    "POST /api/v1/visits/{visit_id}/dispatch": "ssyy---n",
    "GET /dispatch": "ssyy--ye",
    "GET /dispatch/parts": "ssyy--ye",
    "GET /dispatch/visits/{visit_id}": "ssyy--yn",
    "GET /api/v1/dispatch/visits/{visit_id}/cost": "ssyy---n",
    "POST /api/v1/dispatch/visits/{visit_id}/pin": "ssyy---n",
    "POST /api/v1/dispatch/visits/{visit_id}/unpin": "ssyy---n",
    "GET /dispatch/absences": "ssyy--ye",
    "POST /api/v1/absences": "ssyy---n",
    "POST /api/v1/absences/take-back": "ssyy---n",
    "GET /elders/{elder_id}/visits": "ssyyy-yn",
    "POST /api/v1/elders/{elder_id}/visits": "ssyyy-yn",
    "POST /api/v1/elders/{elder_id}/regular": "ssyyy-yn",
    "GET /demands": "ssyy--ye",
    "GET /demands/doubts": "ssyy--ye",
    "GET /demands/new": "ssee---e",
    "GET /demands/kinds": "ss----y-",
    "GET /demands/figures": "ssyy--ye",
    "GET /demands/{demand_id}": "ssyy--yn",
    "GET /api/v1/demands": "ssyy--ye",
    "POST /api/v1/demands": "ssyy---n",
    "GET /api/v1/demands/{demand_id}": "ssyy--yn",
    "POST /api/v1/demands/{demand_id}/kind": "ssyy---n",
    "POST /api/v1/demands/{demand_id}/steps": "ssyy---n",
    "GET /api/v1/demand-kinds": "ssee--ee",
    "POST /api/v1/demand-kinds": "ss----y-",
    "GET /api/v1/demand-figures": "ssyy--ye",
    "POST /e/{token}/wishes": "nynnnnnn",
    "POST /e/{token}/wishes/{demand_id}/take-back": "nynnnnnn",
    "POST /f/{token}/wishes": "nnnnnnnn",
    "GET /elders/{elder_id}": "ssyyy-yn",
    "GET /elders/{elder_id}/limits": "ssyyy-yn",
    "POST /elders/{elder_id}/limits/{override_id}/end": "ssy----n",
    "GET /held": "ssyy--ye",
    "POST /held/{alert_id}/send": "ssyy---n",
    "GET /e/{token}": "nynnnnnn",
    "GET /e/{token}/looked": "nynnnnnn",
    "GET /e/{token}/proof": "nynnnnnn",
    "POST /e/{token}/visits/{visit_id}/assessment": "nynnnnnn",
    "POST /e/{token}/visits/{visit_id}/voice": "nynnnnnn",
    "POST /e/{token}/requests": "nynnnnnn",
    "GET /elders/{elder_id}/copy": "ss-y--y-",
    "POST /elders/{elder_id}/copy": "ss-y--y-",
    "POST /elders/{elder_id}/copy/{copy_id}": "ss-n--n-",  # another's; their own: tests/integration/test_web_copies.py
    "GET /e/{token}/copy": "nynnnnnn",
    "POST /e/{token}/copy/{copy_id}": "nynnnnnn",
    "POST /e/{token}/copy": "nynnnnnn",
    "GET /f/{token}/copy": "nnnnnnnn",
    "POST /f/{token}/copy": "nnnnnnnn",
    "POST /f/{token}/copy/{copy_id}": "nnnnnnnn",
    "POST /e/{token}/requests/take-back": "nynnnnnn",
    "GET /e/{token}/want/{wish}": "nynnnnnn",
    "GET /e/{token}/earlier": "nynnnnnn",
    "GET /e/{token}/staff/{staff_id}/photo": "nynnnnnn",
    "GET /privacy": "ssyy--ye",
    "GET /elders/{elder_id}/consent": "ssyy--yn",
    "POST /elders/{elder_id}/consent": "ssyy--yn",
    "POST /elders/{elder_id}/consent/{consent_id}/withdraw": "ssyy--yn",
    "POST /elders/{elder_id}/family": "ssyy--yn",
    "POST /elders/{elder_id}/family/{relative_id}/consent": "ssyy--yn",
    "POST /elders/{elder_id}/family/{relative_id}/link": "ssyy--yn",
    "GET /e/{token}/consent": "nynnnnnn",
    "POST /e/{token}/consent/{consent_id}/withdraw": "nynnnnnn",
    "POST /e/{token}/data": "nynnnnnn",
    "GET /e/{token}/code": "nynnnnnn",
    "POST /e/{token}/code": "nynnnnnn",
    "POST /e/{token}/family/{relative_id}/end": "nynnnnnn",
    "POST /elders/{elder_id}/family/{relative_id}/end": "ssyy--yn",
    "POST /elders/{elder_id}/link": "ssyy--yn",  # after which the elder's old link opens nothing
    "GET /f/{token}": "nnnnnnnn",  # the family's own links: tests/integration/test_web_family.py
    "GET /f/{token}/code": "nnnnnnnn",
    "POST /f/{token}/code": "nnnnnnnn",
    "POST /f/{token}/leave": "yyyyyyyy",
    "GET /unsure": "ssyy--ye",
    "GET /api/v1/unsure": "ssyy--ye",
    "POST /api/v1/measurements/{device_id}-{record_key}/whose": "ssyy---n",
    "GET /fleet": "ssyy-yye",
    "GET /fleet.csv": "ssyy-yye",
    "GET /homes/{home_code}/proof": "ssyy-yyn",
    "GET /homes/new": "ss---ee-",
    "POST /homes/new": "ss---ee-",
    "POST /gateways/{gateway_id}/claim": "ss---ee-",
    "GET /gateways/{gateway_id}/settings": "ss----y-",
    "POST /gateways/{gateway_id}/settings": "ss----y-",
    "GET /refusals": "ss----y-",
    "GET /dead-letters": "ss----y-",
    "POST /dead-letters/{dead_letter_id}/replay": "ss----y-",
    "GET /pushes": "ssyyyyyy",
    "POST /api/v1/pushes/subscribe": "ssyyyyyy",
    "POST /api/v1/pushes/unsubscribe": "ssyyyyyy",
    "GET /service-worker.js": "yyyyyyyy",
    "POST /push/receipts/{notice_id}": "eeeeeeee",
    "GET /events": "ssyyy-ye",
    "GET /health": "yyyyyyyy",
    "GET /metrics": "yyyyyyyy",
}


def document() -> str:
    """docs/access.md."""
    lines = [
        "# Who may open what",
        "",
        "Made by `tests/integration/test_web_access.py`, which asks every route as everybody and compares; "
        "`cloud/identity/rights.py` says what each role",
        "may do and `cloud/web/entry/access.py` which right opens which route. A route that was forgotten there opens "
        "to nobody. Everybody sees the",
        "regions they work in, and those below; what lies elsewhere is to them as if it were not there.",
        "",
        "An elder's page opens by the link on their card and the six digits beside it, which each browser shows once. "
        "The "
        "link holds 144 random bits; both are kept as digests",
        "only, and `doorstep-cloud elder-link` or the page of consents draws new ones. One of the family has a link of "
        "their own, `/f/...`, behind which stands what the elder",
        "agreed to just now: it opens to nobody in this table. A doctor sees those elders who agreed to that.",
        "",
        "| route | " + " | ".join(HEADINGS[who] for who in WHO) + " |",
        "|---" * (len(WHO) + 1) + "|",
    ]
    lines += [
        f"| `{route}` | " + " | ".join(MEANING[letter] for letter in letters) + " |"
        for route, letters in ROUTES.items()
    ]
    lines += [
        "",
        "*must sign in* at routes that open a session or a passkey means that these empty hands open nothing. "
        "`/health` and `/metrics` name no person and no home;",
        "keep them from the public at your proxy.",
        "",
        "## Which rows the web finds",
        "",
        "Whatever its statements ask for, the database shows the web these rows and no others "
        "([why, and how](decisions/0013-rows-that-the-web-may-see.md)).",
        "`tests/integration/test_db_rows_seen.py` reads every table as everybody, on both kinds of server.",
        "",
        "| table or view | " + " | ".join(HEADINGS[who] for who in WHO) + " |",
        "|---" * (len(WHO) + 1) + "|",
    ]
    lines += [f"| `{name}` | " + " | ".join(letters) + " |" for name, letters in TABLES.items()]
    lines += ["", *(f"* `{letter}`: {meaning}" for letter, meaning in ROWS.items())]
    lines += [
        "",
        "By a link of one of the family only these rows of their elder are found, and only while that consent stands "
        "([why](decisions/0022-a-familys-link-is-held-by-its-consents.md)):",
        "",
        *(f"* `{name}`: {opened_by}" for name, opened_by in FAMILY.items()),
    ]
    return "\n".join(lines) + "\n"
