"""`doorstep-edge enrol`: from a code to an identity and a configuration that names the centre.

It may be called again with the same code after a power cut anywhere: what is done is found done.
"""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from edge.identity.enrolment import Enrolled, enrol, fingerprint_of
from edge.identity.errors import NoIdentity
from edge.identity.folder import Identity, IdentityFolder
from edge.install.settings_file import SettingsFile
from edge.install.state import Enrolling, StateFile
from protocols.enrolment.code import parse_code
from protocols.enrolment.link import parse_link


@dataclass(frozen=True)
class Claim:
    server: str
    """https://HOST:PORT"""
    code: str
    fingerprint: str = ""
    """Of the centre's authority; empty: not told, the code's proof must do."""


def claim_of(server: str, code: str, link: str) -> Claim:
    """What the arguments say. Raises ValueError with a sentence."""
    if bool(link) == bool(server or code) or bool(server) != bool(code):
        raise ValueError("give --server and --code, or --link alone")
    if link:
        told = parse_link(link)
        return Claim(told.server, str(told.code), told.fingerprint)
    return Claim(server, str(parse_code(code)))


@dataclass(frozen=True)
class Done:
    gateway: str
    home: str
    time_zone: str
    broker: str
    certificate_ends_at: datetime
    fingerprint: str
    """Of the authority that is pinned."""
    config: Path
    data: Path
    again: bool
    """This code had made this machine its gateway before."""


def enrol_machine(claim: Claim, config: Path, data: Path) -> Done:
    """The identity in the data folder, and the lines for it in the file at `config`, made where it is missing.

    `data` is the data folder of a new file. Blocks for up to a minute. Raises ValueError for a mistyped code or
    address, ConfigurationError, what `edge.identity.enrolment.enrol` raises, and OSError.
    """
    settings = SettingsFile(config, data)
    state, folder = StateFile(settings.data), IdentityFolder(settings.identity)
    enrolled, again = _finished(state, folder, claim), True
    if enrolled is not None:
        folder.tidy()
    else:
        locator = parse_code(claim.code).locator
        state.change(enrolling=Enrolling(locator=locator, before=_serial(_identity(folder))))
        enrolled, again = enrol(claim.server, claim.code, folder.path, fingerprint=claim.fingerprint), False
    told = enrolled.settings
    for section, key, value in (
        ("", "gateway", told.gateway),
        ("", "time_zone", told.time_zone),
        ("broker", "url", told.broker),
        ("receipts", "public_key", told.receipt_key),
    ):
        settings.set(section, key, value)
    settings.save()
    return Done(
        gateway=told.gateway,
        home=told.home,
        time_zone=told.time_zone,
        broker=told.broker,
        certificate_ends_at=enrolled.expires_at,
        fingerprint=enrolled.fingerprint,
        config=config,
        data=settings.data,
        again=again,
    )


def _finished(state: StateFile, folder: IdentityFolder, claim: Claim) -> Enrolled | None:
    """The identity that this very claim has given already: power was lost after it was on the disk."""
    begun, found = state.read().enrolling, _identity(folder)
    if begun is None or found is None or begun.locator != parse_code(claim.code).locator:
        return None
    fingerprint = fingerprint_of(found.authority)
    if _serial(found) == begun.before or (claim.fingerprint and claim.fingerprint.lower() != fingerprint):
        return None
    return Enrolled(found.settings, fingerprint, found.certificate.not_valid_after_utc)


def _identity(folder: IdentityFolder) -> Identity | None:
    try:
        return folder.read()
    except NoIdentity:
        return None


def _serial(identity: Identity | None) -> str:
    return "" if identity is None else f"{identity.certificate.serial_number:x}"
