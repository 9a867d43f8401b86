"""The code flow of OpenID Connect Core 1.0 with PKCE, from the way out to a person whom the provider vouches for."""

import secrets
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote, urlencode

from authlib.oauth2.rfc6749.parameters import prepare_grant_uri
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jws import JWSRegistry

from cloud.config import Oidc
from cloud.identity.oidc.discovery import Discovery, ask
from cloud.identity.oidc.model import BACK_PATH, Ask, Known, ProviderAway, ProviderRefused

ASK_LASTS = timedelta(minutes=10)
ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "Ed25519", "EdDSA"]
"""None by a shared secret, and never `none`."""
_CLOCK_LEEWAY_S = 60
_SECRET_BYTES = 32
_LONGEST_SUBJECT = 255  # Core 1.0, section 2


class Provider:
    def __init__(self, settings: Oidc, centre: str) -> None:
        """`centre` is the address that people's browsers know: the provider sends them back to it and to no other."""
        self.name = settings.shown_name
        self.issuer = settings.issuer
        self._settings = settings
        self._centre = centre.rstrip("/")
        self._discovery = Discovery(settings.issuer)

    async def begin(self, next_path: str, now: datetime) -> tuple[str, Ask]:
        """Where to send the browser, and what it keeps until it is back. Raises ProviderAway."""
        made = Ask(
            state=secrets.token_urlsafe(_SECRET_BYTES),
            nonce=secrets.token_urlsafe(_SECRET_BYTES),
            verifier=secrets.token_urlsafe(_SECRET_BYTES),
            next=next_path,
            ends_at=now + ASK_LASTS,
        )
        address = prepare_grant_uri(
            await self._address("authorization_endpoint"),
            self._settings.client_id,
            "code",
            redirect_uri=self._centre + BACK_PATH,
            scope=" ".join(self._settings.scopes),
            state=made.state,
            nonce=made.nonce,
            code_challenge=create_s256_code_challenge(made.verifier),
            code_challenge_method="S256",
        )
        return str(address), made

    async def end(self, made: Ask, code: str, said_issuer: str, now: datetime) -> Known:
        """Whom the code stands for. Raises ProviderRefused and ProviderAway."""
        await self._check_issuer(said_issuer)
        said = await ask(
            "POST",
            await self._address("token_endpoint"),
            data={
                "grant_type": "authorization_code",
                "code": code,
                "redirect_uri": self._centre + BACK_PATH,
                "code_verifier": made.verifier,
                **({} if self._settings.secret else {"client_id": self._settings.client_id}),
            },
            **self._credentials(),
        )
        token, access = said.get("id_token"), said.get("access_token")
        if not isinstance(token, str):
            raise ProviderRefused("code", "the provider does not take this sign-in any more; try again")
        return await self._read(token, access if isinstance(access, str) else None, made.nonce, now)

    async def leave(self) -> str:
        """Where they sign out there too (RP-Initiated Logout 1.0); empty: nowhere. Raises ProviderAway."""
        address = await self._discovery.address("end_session_endpoint")
        if not address:
            return ""
        back = {"client_id": self._settings.client_id, "post_logout_redirect_uri": self._centre + "/login"}
        return f"{address}{'&' if '?' in address else '?'}{urlencode(back)}"

    async def _address(self, name: str) -> str:
        found = await self._discovery.address(name)
        if not found:
            raise ProviderAway(f"the provider has no {name}")
        return found

    async def _check_issuer(self, said: str) -> None:
        """RFC 9207: an answer of another provider is not taken for one of this."""
        await self._address("token_endpoint")
        wanted = await self._discovery.says("authorization_response_iss_parameter_supported")
        if (said or wanted) and said != self.issuer:
            raise ProviderRefused("issuer", "this answer is another provider's; try again")

    def _credentials(self) -> dict[str, Any]:
        """client_secret_basic, which every provider takes unless it says otherwise (Core 1.0, section 9)."""
        secret = self._settings.secret
        return {"auth": (quote(self._settings.client_id), quote(secret))} if secret else {}

    async def _read(self, token: str, access: str | None, nonce: str, now: datetime) -> Known:
        try:
            signed = await self._verified(token)
            claims = CodeIDToken(
                signed.claims,
                signed.header,
                {
                    "iss": {"essential": True, "value": self.issuer},
                    "aud": {"essential": True, "value": self._settings.client_id},
                    "sub": {"essential": True},
                    "exp": {"essential": True},
                },
                {"nonce": nonce, "client_id": self._settings.client_id, "access_token": access},
            )
            claims.validate(now=int(now.timestamp()), leeway=_CLOCK_LEEWAY_S)
        except (JoseError, ValueError, TypeError) as error:
            word = str(getattr(error, "claim", None) or "token")
            raise ProviderRefused(word, f"the provider's word does not hold ({word}); try again") from error
        subject, ways = claims["sub"], claims.get("amr") or []
        if not isinstance(subject, str) or not 0 < len(subject) <= _LONGEST_SUBJECT or not subject.isprintable():
            raise ProviderRefused("sub", "the provider does not say who this is")
        return Known(subject=subject, second_factor=any(way in self._settings.second_factor_amr for way in ways))

    async def _verified(self, token: str) -> jwt.Token:
        registry = JWSRegistry(algorithms=ALGORITHMS, strict_check_header=False)
        try:
            return jwt.decode(token, key=await self._discovery.keys(), registry=registry)
        except InvalidKeyIdError:  # it changed its keys since
            return jwt.decode(token, key=await self._discovery.keys(anew=True), registry=registry)
