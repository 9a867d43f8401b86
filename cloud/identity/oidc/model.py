"""What is asked of a provider, what it answers, and how it is refused."""

from datetime import datetime

import msgspec

from cloud.errors import CloudError

BACK_PATH = "/login/oidc/back"


class Ask(msgspec.Struct, frozen=True, kw_only=True):
    """One sign-in on its way; the browser that began it keeps it, sealed, and no other can end it."""

    state: str
    nonce: str
    verifier: str
    """Of PKCE (RFC 7636)."""
    next: str
    """Where on this site they were going."""
    ends_at: datetime


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """Whom the provider vouches for."""

    subject: str
    second_factor: bool


class ProviderAway(CloudError):
    """The provider does not answer, or answers what it must not: nothing can be said about anybody."""


class ProviderRefused(CloudError):
    """What came back opens nothing. `why` is one word for counting."""

    def __init__(self, why: str, sentence: str) -> None:
        super().__init__(sentence)
        self.why = why
