"""Codes of an app by RFC 6238: six digits, SHA-1, steps of 30 s, as every app speaks it. Reads no clock."""

from datetime import datetime

import pyotp
from pyotp.exceptions import OTPVerificationError

_STEPS_AROUND = 1
"""A phone's clock may be half a minute off."""


def new_secret() -> str:
    """In base32, as a person types it into an app that sees no QR code."""
    return pyotp.random_base32()


def app_address(secret: str, login: str, centre: str) -> str:
    """`otpauth://...`, which stands in the QR code."""
    return pyotp.TOTP(secret).provisioning_uri(name=login, issuer_name=centre)


def matching_step(secret: str, code: str, now: datetime) -> int | None:
    """The step whose code it is; None where it is none of now. The caller takes each step once."""
    try:
        return pyotp.TOTP(secret).verify_and_get_timecode(
            code.replace(" ", ""), for_time=now, valid_window=_STEPS_AROUND
        )
    except OTPVerificationError:
        return None
