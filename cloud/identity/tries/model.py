"""What is counted, and how much of it is let through."""

import hashlib
import ipaddress
from dataclasses import dataclass

TRIES = 8
WINDOW_S = 60.0
"""So many tries at one login within so long."""
ADDRESS_TRIES = 40
"""From one address within the same time: a whole centre may sit behind it."""
CODE_WINDOW_S = 900.0
"""`TRIES` at a code of few digits are spread over longer: some 800 a day of a million that there are."""


@dataclass(frozen=True)
class Key:
    """Something that is tried. The database holds only its digest: neither a login nor an address."""

    digest: bytes
    tries: int
    window_s: float


class TooManyTries(Exception):
    def __init__(self, wait_s: float) -> None:
        super().__init__(f"too many tries, wait {wait_s:.0f} s")
        self.wait_s = wait_s


def login_key(login: str) -> Key:
    return Key(_digest("login", login.casefold()), TRIES, WINDOW_S)


def second_factor_key(staff_id: int) -> Key:
    return Key(_digest("second", str(staff_id)), TRIES, CODE_WINDOW_S)


def address_key(address: str) -> Key:
    """An IPv6 network of 64 bits counts as one address: whoever has one has all of them."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        pass
    else:
        if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped is None:
            address = str(ipaddress.ip_network((found, 64), strict=False))
    return Key(_digest("address", address), ADDRESS_TRIES, WINDOW_S)


def _digest(kind: str, what: str) -> bytes:
    return hashlib.sha256(f"{kind}\0{what}".encode()).digest()
