"""An OpenID provider that is not ours, as a process: what it says in its tokens can be bent person by person."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import httpx

from cloud.local.ports import free_port

_START_S = 20.0


@dataclass(frozen=True)
class OidcProvider:
    issuer: str

    def knows(self, subject: str, **claims: Any) -> None:
        """`claims` go into the person's tokens, over what would stand there."""
        self._ask("PUT", f"/users/{quote(subject)}", json=claims)

    def approve(self, address: str, subject: str) -> str:
        """Somebody signs in at `address` as `subject`; where their browser is sent."""
        answer = self._ask("POST", address.removeprefix(self.issuer), data={"sub": subject})
        return str(answer.headers["location"])

    def deny(self, address: str) -> str:
        answer = self._ask("POST", address.removeprefix(self.issuer), data={"action": "deny"})
        return str(answer.headers["location"])

    def _ask(self, method: str, path: str, **body: Any) -> httpx.Response:
        with httpx.Client(base_url=self.issuer, trust_env=False, timeout=10) as client:
            answer = client.request(method, path, **body)
            assert answer.status_code < 400, answer.text
            return answer


@contextmanager
def running_provider() -> Iterator[OidcProvider]:
    """Ends with the context."""
    port = free_port(0)
    command = [sys.executable, "-m", "oidc_provider_mock", "--port", str(port), "--require-nonce", "true"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        provider = OidcProvider(f"http://127.0.0.1:{port}")
        deadline = time.monotonic() + _START_S
        while not _answers(provider.issuer):
            assert process.poll() is None, "the provider did not start"
            assert time.monotonic() < deadline, "the provider does not answer"
            time.sleep(0.05)
        yield provider
    finally:
        process.terminate()
        process.wait(10)


def _answers(address: str) -> bool:
    try:
        return httpx.get(f"{address}/.well-known/openid-configuration", trust_env=False).status_code == 200
    except httpx.TransportError:
        return False
