"""A certificate is replaced by its gateway itself, from its 30th day on: the present key signs for the next one."""

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding

from edge.identity.centre_line import CentreLine
from edge.identity.enrolment import accept, signing_request, trusting, wall_now
from edge.identity.errors import NotTheCentre
from edge.identity.folder import Identity, IdentityFolder, Now
from protocols.enrolment.messages import RENEW_PATH, Certified, RenewRequest
from protocols.enrolment.proof import renewal_bytes


def renew(folder: IdentityFolder, *, now: Now = wall_now) -> Identity:
    """A new key and certificate in place of the present ones. The old ones stay until the new ones are on the disk.

    Blocks for up to a minute. Raises NoIdentity, CentreAway (try again), EnrolmentRefused (expired or revoked: a new
    claim is needed), NotTheCentre, and OSError from the disk.
    """
    present = folder.read()
    key, at = folder.pending_key(), now().isoformat()
    request = signing_request(key)
    told = renewal_bytes(present.certificate.public_bytes(Encoding.DER), request.public_bytes(Encoding.DER), at)
    authority = present.authority.public_bytes(Encoding.PEM).decode()
    answer = CentreLine(present.settings.server, trusting(authority)).post(
        RENEW_PATH,
        RenewRequest(
            certificate=present.certificate.public_bytes(Encoding.PEM).decode(),
            request=request.public_bytes(Encoding.PEM).decode(),
            at=at,
            signature=present.key.sign(told, ECDSA(SHA256())),
        ),
        Certified,
    )
    try:
        certificate = x509.load_pem_x509_certificate(answer.certificate.encode())
    except ValueError as error:
        raise NotTheCentre("what came is no certificate") from error
    settings = accept(answer, certificate, present.authority, key, now())
    if settings.gateway != present.gateway:
        raise NotTheCentre("the certificate that came is for another gateway; nothing of it was kept")
    folder.keep(key, answer.certificate, authority, settings)
    return folder.read()
