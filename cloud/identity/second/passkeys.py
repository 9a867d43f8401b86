"""Passkeys by WebAuthn level 2: what a browser is asked, and whether its answer holds. Reads no clock, stores nothing.

A passkey is asked to look who holds it (fingerprint, PIN), so that alone it is two factors.
"""

import hashlib
import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import base64url_to_bytes
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from cloud.errors import CloudError
from cloud.identity.model import Staff
from cloud.identity.second.model import Passkey

CENTRE = "Doorstep"


class PasskeyRefused(CloudError):
    """The answer is not of this challenge, this address, or this key."""


@dataclass(frozen=True)
class Place:
    """Where passkeys are valid: they are bound to the centre's address."""

    origin: str
    """Such as https://centre.example"""

    @property
    def domain(self) -> str:
        return urlsplit(self.origin).hostname or ""


@dataclass(frozen=True)
class NewKey:
    credential_id: bytes
    public_key: bytes
    sign_count: int


def place_of(origin: str) -> Place | None:
    """None where browsers know no passkeys: at addresses that are numbers, and without TLS but at localhost."""
    parts = urlsplit(origin)
    host = parts.hostname or ""
    numeric = ":" in host or host.replace(".", "").isdigit()
    if numeric or not host or (parts.scheme != "https" and host != "localhost"):
        return None
    return Place(origin)


def ask_for_new(place: Place, challenge: bytes, staff: Staff, known: list[Passkey]) -> str:
    """Options for `navigator.credentials.create`, as JSON."""
    return options_to_json(
        generate_registration_options(
            rp_id=place.domain,
            rp_name=CENTRE,
            user_id=hashlib.sha256(f"staff {staff.staff_id}".encode()).digest(),
            user_name=staff.login,
            user_display_name=staff.name,
            challenge=challenge,
            authenticator_selection=AuthenticatorSelectionCriteria(
                resident_key=ResidentKeyRequirement.REQUIRED, user_verification=UserVerificationRequirement.REQUIRED
            ),
            exclude_credentials=[PublicKeyCredentialDescriptor(id=passkey.credential_id) for passkey in known],
        )
    )


def ask_for_known(place: Place, challenge: bytes) -> str:
    """Options for `navigator.credentials.get`, as JSON: any passkey of this centre, whosever it is."""
    return options_to_json(
        generate_authentication_options(
            rp_id=place.domain, challenge=challenge, user_verification=UserVerificationRequirement.REQUIRED
        )
    )


def challenge_in(answer: dict[str, Any]) -> bytes:
    """The challenge that a browser says it answers. Raises PasskeyRefused."""
    try:
        data = json.loads(base64url_to_bytes(answer["response"]["clientDataJSON"]))
        return base64url_to_bytes(data["challenge"])
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise PasskeyRefused("this is no answer of a passkey") from error


def credential_in(answer: dict[str, Any]) -> bytes:
    """Which passkey a browser says that it used. Raises PasskeyRefused."""
    try:
        return base64url_to_bytes(answer["id"])
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise PasskeyRefused("this is no answer of a passkey") from error


def check_new(place: Place, challenge: bytes, answer: dict[str, Any]) -> NewKey:
    """Raises PasskeyRefused."""
    try:
        found = verify_registration_response(
            credential=answer,
            expected_challenge=challenge,
            expected_rp_id=place.domain,
            expected_origin=place.origin,
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError, KeyError, TypeError) as error:
        raise PasskeyRefused("this passkey was not made for this page") from error
    return NewKey(found.credential_id, found.credential_public_key, found.sign_count)


def check_known(place: Place, challenge: bytes, passkey: Passkey, answer: dict[str, Any]) -> int:
    """The passkey's new count of signatures. Raises PasskeyRefused, also where the count went back: a copied key."""
    try:
        found = verify_authentication_response(
            credential=answer,
            expected_challenge=challenge,
            expected_rp_id=place.domain,
            expected_origin=place.origin,
            credential_public_key=passkey.public_key,
            credential_current_sign_count=passkey.sign_count,
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError, KeyError, TypeError) as error:
        raise PasskeyRefused("this passkey's signature does not hold") from error
    return found.new_sign_count
