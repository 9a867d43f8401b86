"""Which pages there are for whom, taken from the matrix of routes, so that a new page is walked too."""

from tests.integration.access.matrix import ROUTES, WHO

NOT_PAGES = frozenset(
    {
        "/",  # leads to one's own first page
        "/alarms/{alarm_id}/card",
        "/board/parts",
        "/dispatch/parts",
        "/events",
        "/fleet.csv",
        "/health",
        "/login/oidc",
        "/login/oidc/back",
        "/login/oidc/out",
        "/metrics",
        "/quality.csv",
        "/regions.csv",
        "/service-worker.js",
    }
)
"""What answers with a part of a page, with bytes or with figures."""


def pages() -> list[str]:
    """The patterns of all routes that somebody looks at."""
    gets = [name.split()[1] for name in ROUTES if name.startswith("GET ")]
    return [
        path
        for path in gets
        if path not in NOT_PAGES and not path.startswith("/api/") and not path.endswith(("/photo", "{medium_id}"))
    ]


def pages_of(who: str) -> list[str]:
    """Those that open to somebody of `matrix.WHO`; who is known is led past the pages for those who are not. "family"
    is one of the family, who has links of their own."""
    if who == "family":
        return [path for path in pages() if path.startswith("/f/") and path != "/f/{token}/code"]
    return [
        path
        for path in pages()
        if ROUTES[f"GET {path}"][WHO.index(who)] in "ye" and (who == "nobody" or ROUTES[f"GET {path}"][0] not in "ye")
    ]
