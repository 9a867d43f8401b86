"""A push service and a webhook's other end of our own: they check what a browser's service would, and decrypt as the
browser would."""

import base64
import json
import queue
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import http_ece
from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDSA,
    SECP256R1,
    EllipticCurvePublicKey,
    generate_private_key,
)
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat


@dataclass(frozen=True)
class Post:
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class OtherEnd:
    """Answers with `answers` one after the other, then always with 201."""

    url: str
    answers: list[tuple[int, dict[str, str]]] = field(default_factory=list)
    posts: queue.Queue[Post] = field(default_factory=queue.Queue)

    def next_post(self, timeout_s: float = 15) -> Post:
        """Raises queue.Empty."""
        return self.posts.get(timeout=timeout_s)


class Browser:
    """A browser's side of a subscription: its keys, and what it makes of a push."""

    def __init__(self, service: str, name: str) -> None:
        self._key = generate_private_key(SECP256R1())
        self.auth = b"sixteen bytes ok"
        self.endpoint = f"{service}/push/{name}"

    @property
    def p256dh(self) -> bytes:
        return self._key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)

    def read(self, post: Post) -> dict[str, Any]:
        assert post.headers["content-encoding"] == "aes128gcm"
        plain = http_ece.decrypt(post.body, private_key=self._key, auth_secret=self.auth, version="aes128gcm")
        said: dict[str, Any] = json.loads(plain)
        return said


def vapid_claims(post: Post, public_key: str) -> dict[str, Any]:
    """The claims of a push, its signature proven by the public key that the browser was given."""
    scheme, _, fields = post.headers["authorization"].partition(" ")
    assert scheme == "vapid"
    parts = dict(part.split("=", 1) for part in fields.split(","))
    assert parts["k"].rstrip("=") == public_key
    head, claims, signature = parts["t"].split(".")
    raw = _bytes(signature)
    key = EllipticCurvePublicKey.from_encoded_point(SECP256R1(), _bytes(parts["k"]))
    key.verify(
        encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big")),
        f"{head}.{claims}".encode(),
        ECDSA(SHA256()),
    )
    said: dict[str, Any] = json.loads(_bytes(claims))
    assert time.time() < said["exp"] <= time.time() + 24 * 3600
    return said


@contextmanager
def other_end() -> Iterator[OtherEnd]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            end.posts.put(Post(self.path, {name.lower(): value for name, value in self.headers.items()}, body))
            code, headers = end.answers.pop(0) if end.answers else (201, {})
            self.send_response(code)
            for name, value in {"content-length": "0", **headers}.items():
                self.send_header(name, value)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """The test says what it saw."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    end = OtherEnd(f"http://127.0.0.1:{server.server_address[1]}")
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield end
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
