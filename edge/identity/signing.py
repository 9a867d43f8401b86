"""A request to the centre's HTTPS, signed with the key of the present certificate."""

import msgspec
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding

from edge.identity.enrolment import wall_now
from edge.identity.folder import Identity
from protocols.enrolment.proof import signed_bytes
from protocols.enrolment.reports import Signed


def signed_request(identity: Identity, path: str, message: msgspec.Struct) -> Signed:
    held, at = identity.certificate, wall_now().isoformat()
    body = msgspec.json.encode(message).decode()
    said = signed_bytes(path, held.public_bytes(Encoding.DER), body, at)
    return Signed(
        certificate=held.public_bytes(Encoding.PEM).decode(),
        body=body,
        at=at,
        signature=identity.key.sign(said, ECDSA(SHA256())),
    )
