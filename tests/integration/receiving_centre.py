"""An alarm-receiving centre of our own: it reads messages with another XML parser than ours, and answers as told."""

import socket
import socketserver
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from xml.etree import ElementTree

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID


@dataclass
class ReceivingCentre:
    """`answers`: one a message, then always 0; an empty one closes the connection without a word."""

    url: str = ""
    answers: list[str] = field(default_factory=list)
    messages: list[dict[str, str]] = field(default_factory=list)


@contextmanager
def receiving_centre(certificate: Path | None = None) -> Iterator[ReceivingCentre]:
    centre = ReceivingCentre()
    context = None
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            try:
                line = context.wrap_socket(self.request, server_side=True) if context else self.request
            except (ssl.SSLError, OSError):
                return
            with line:  # what wraps the socket owns it
                self._answer(line)

        @staticmethod
        def _answer(line: socket.socket) -> None:
            line.settimeout(10)
            data = b""
            while not data.endswith(b"</mrq>"):
                piece = line.recv(10)
                if not piece:
                    return
                data += piece
            message = {tag.tag: tag.text or "" for tag in ElementTree.fromstring(data)}  # noqa: S314 - our own message
            centre.messages.append(message)
            snu = centre.answers.pop(0) if centre.answers else "0"
            if snu:
                for part in (f"<mrs><ref>{message['ref']}</ref>", f"<snu>{snu}</snu><ste>said</ste></mrs>"):
                    line.sendall(part.encode())

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True
        allow_reuse_address = True

    with Server(("127.0.0.1", 0), Handler) as server:
        centre.url = f"{'tls' if certificate else 'tcp'}://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield centre
        finally:
            server.shutdown()
            thread.join()


def create_certificate(path: Path, name: str = "127.0.0.1") -> Path:
    """Key and certificate of its own in one file."""
    key, now = generate_private_key(SECP256R1()), datetime.now(UTC)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address(name))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, SHA256())
    )
    path.write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()) + made.public_bytes(Encoding.PEM)
    )
    return path
