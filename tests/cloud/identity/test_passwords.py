"""Passwords at rest."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cloud.identity.passwords import hash_password, nobodys_hash, verify_password


def test_a_password_fits_its_own_text_only() -> None:
    stored = hash_password("绿豆汤 9 碗")
    assert stored.startswith("scrypt$16384$8$1$")
    assert verify_password("绿豆汤 9 碗", stored)
    assert not verify_password("绿豆汤 8 碗", stored)
    assert not verify_password("", stored)
    assert stored != hash_password("绿豆汤 9 碗")  # salted


def test_an_older_cost_is_still_understood() -> None:
    # RFC 7914, section 12: scrypt("pleaseletmein", "SodiumChloride", 16384, 8, 1), its first 32 bytes
    stored = "scrypt$16384$8$1$U29kaXVtQ2hsb3JpZGU=$cCO9yzr9c0hGHAbNgf046/2o+7qQT44+qbVD9lRdofI="
    assert verify_password("pleaseletmein", stored)


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
