"""What a provider says of itself (OpenID Connect Discovery 1.0) and its keys, asked for now and then."""

import json
import time
from typing import Any

import httpx
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from cloud.config import is_https_or_here
from cloud.identity.oidc.model import ProviderAway

_FRESH_S = 3600.0
_AGAIN_S = 30.0
"""Sooner than this nobody makes us ask for keys again, whatever they send."""
_TIMEOUT_S = 5.0
_MOST_BYTES = 262_144


class Discovery:
    def __init__(self, issuer: str) -> None:
        self.issuer = issuer
        self._said: dict[str, Any] = {}
        self._said_at = float("-inf")
        self._keys: KeySet | None = None
        self._keys_at = float("-inf")

    async def address(self, name: str) -> str:
        """Such as `token_endpoint`; empty where the provider has none. Raises ProviderAway."""
        if time.monotonic() - self._said_at > _FRESH_S:
            said = await ask("GET", self.issuer.rstrip("/") + "/.well-known/openid-configuration")
            if said.get("issuer") != self.issuer:
                raise ProviderAway(f"the provider calls itself {said.get('issuer')!r}, and oidc.issuer says otherwise")
            self._said, self._said_at = said, time.monotonic()
        found = self._said.get(name, "")
        if not isinstance(found, str) or (found and not is_https_or_here(found)):
            raise ProviderAway(f"the provider's {name} is no https address")
        return found

    async def says(self, name: str) -> bool:
        """A yes or no of its metadata, as they were last heard."""
        return self._said.get(name) is True

    async def keys(self, *, anew: bool = False) -> KeySet:
        """`anew` where a token names a key that is not among those. Raises ProviderAway."""
        age_s = time.monotonic() - self._keys_at
        if self._keys is None or age_s > _FRESH_S or (anew and age_s > _AGAIN_S):
            said = await ask("GET", await self.address("jwks_uri"))
            try:
                self._keys = KeySet.import_key_set({"keys": said["keys"]})
            except (JoseError, KeyError, TypeError, ValueError) as error:
                raise ProviderAway("the provider's keys cannot be read") from error
            self._keys_at = time.monotonic()
        return self._keys


async def ask(method: str, address: str, **request: Any) -> dict[str, Any]:
    """The JSON object at `address`, also of a refusal. Raises ProviderAway."""
    try:
        async with (
            httpx.AsyncClient(timeout=_TIMEOUT_S, follow_redirects=False, trust_env=False) as client,
            client.stream(method, address, headers={"accept": "application/json"}, **request) as answer,
        ):
            body = bytearray()
            async for part in answer.aiter_bytes():
                body += part
                if len(body) > _MOST_BYTES:
                    raise ProviderAway("the provider answers without end")
            said = json.loads(body)
    except (httpx.HTTPError, httpx.InvalidURL, ValueError, RecursionError) as error:
        raise ProviderAway(f"the provider does not answer ({type(error).__name__})") from error
    if not isinstance(said, dict) or answer.status_code >= 500:
        raise ProviderAway(f"the provider does not answer ({answer.status_code})")
    return said
