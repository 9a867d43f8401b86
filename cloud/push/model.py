"""A browser that takes pushes."""

from dataclasses import dataclass, field
from urllib.parse import urlsplit

from cloud.errors import CloudError


class BadSubscription(CloudError, ValueError):
    """A sentence of what is wrong with what a browser gave."""


@dataclass(frozen=True)
class Subscription:
    subscription_id: int
    staff_id: int
    endpoint: str = field(repr=False)
    p256dh: bytes = field(repr=False)
    auth: bytes = field(repr=False)
    language: str

    @property
    def service(self) -> str:
        """The push service's host, for logs: the rest of the address is a secret."""
        return urlsplit(self.endpoint).hostname or ""


def is_known_service(endpoint: str, services: list[str]) -> bool:
    """Whether `endpoint` lies at one of the configured services: we post to no other address, whoever asks."""
    try:
        asked = urlsplit(endpoint)
        port = asked.port
    except ValueError:
        return False
    if asked.username is not None or asked.password is not None or not asked.hostname:
        return False
    for service in services:
        known = urlsplit(service)
        host = known.hostname or ""
        below = host.removeprefix("*")
        fits = (
            asked.hostname.endswith(below) and asked.hostname != below
            if host.startswith("*.")
            else (asked.hostname == host)
        )
        if fits and asked.scheme == known.scheme and port == known.port:
            return True
    return False
