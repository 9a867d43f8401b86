"""Passwords at rest."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cloud.identity.passwords import hash_password, needs_renewal, nobodys_hash, verify_password

# RFC 7914, section 12: scrypt("pleaseletmein", "SodiumChloride", 16384, 8, 1), its first 32 bytes
SCRYPT = "scrypt$16384$8$1$U29kaXVtQ2hsb3JpZGU=$cCO9yzr9c0hGHAbNgf046/2o+7qQT44+qbVD9lRdofI="
# The reference implementation's test.c: argon2id, 64 MiB, 2 passes, 1 lane, "password" and "somesalt"
ARGON2 = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"


def test_a_password_fits_its_own_text_only() -> None:
    stored = hash_password("绿豆汤 9 碗")
    assert stored.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert verify_password("绿豆汤 9 碗", stored)
    assert not verify_password("绿豆汤 8 碗", stored)
    assert not verify_password("", stored)
    assert stored != hash_password("绿豆汤 9 碗")  # salted
    assert not needs_renewal(stored)


def test_older_ways_and_costs_are_understood_and_renewed() -> None:
    assert verify_password("pleaseletmein", SCRYPT)
    assert not verify_password("pleaseletmeout", SCRYPT)
    assert verify_password("password", ARGON2)
    assert needs_renewal(SCRYPT)
    assert needs_renewal(ARGON2)


@pytest.mark.parametrize("password", ["", "x" * 1025])
def test_empty_and_endless_passwords_are_refused(password: str) -> None:
    with pytest.raises(ValueError, match="1 to 1024 characters"):
        hash_password(password)
    assert not verify_password(password, nobodys_hash())


@settings(max_examples=30)
@given(st.text())
def test_a_broken_text_fits_nothing(stored: str) -> None:
    assert not verify_password("anything", stored)
    assert not verify_password("anything", "scrypt$" + stored)
    assert not verify_password("anything", f"scrypt$16384$8$1${stored}$")
    assert not verify_password("anything", "$argon2id$" + stored)
