"""The token that a program shows."""

from starlette.datastructures import Headers


def bearer_of(headers: Headers) -> str | None:
    """RFC 6750, section 2.1; None where there is none. Browsers send none by themselves, unlike cookies."""
    kind, _, token = headers.get("authorization", "").partition(" ")
    return token.strip() or None if kind.lower() == "bearer" else None
