"""A release's list is what the one key signed, and each machine finds its own wheels in it."""

from datetime import UTC, datetime

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from protocols.errors import DecodeError
from protocols.releases.manifest import (
    AskFile,
    Manifest,
    Wheel,
    decode_manifest,
    fits_machine,
    parse_wheel_name,
    sign_manifest,
)

KEY = Ed25519PrivateKey.generate()
PUBLIC = KEY.public_key().public_bytes_raw()


def create_manifest(file: str = "doorstep-0.2.0-py3-none-any.whl") -> Manifest:
    wheel = Wheel(file=file, sha256="a" * 64, bytes=7)
    return Manifest(version="0.2.0", made_at=datetime(2026, 3, 1, tzinfo=UTC), wheels=(wheel,))


def test_what_was_signed_comes_back_and_nothing_else_does() -> None:
    signed = sign_manifest(create_manifest(), KEY)
    assert decode_manifest(msgspec.json.encode(signed), PUBLIC) == create_manifest()
    other = sign_manifest(create_manifest(), Ed25519PrivateKey.generate())
    changed = msgspec.structs.replace(signed, text=signed.text.replace("aaa", "bbb"))
    for wrong in (other, changed, msgspec.structs.replace(other, key=PUBLIC)):
        with pytest.raises(DecodeError, match="not signed"):
            decode_manifest(msgspec.json.encode(wrong), PUBLIC)


@pytest.mark.parametrize("file", ["../evil-1-py3-none-any.whl", "a/b-1-py3-none-any.whl", "evil.sh", ".whl", ""])
def test_a_file_that_is_no_wheel_is_refused_also_when_it_is_signed(file: str) -> None:
    with pytest.raises(DecodeError):
        decode_manifest(msgspec.json.encode(sign_manifest(create_manifest(file), KEY)), PUBLIC)
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"version": "0.2.0", "file": file}, type=AskFile)


@pytest.mark.parametrize("version", ["..", "../x", "/etc", "0.2/../..", "", "-r"])
def test_a_version_that_leads_elsewhere_is_refused(version: str) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"version": version, "file": "release.json"}, type=AskFile)


@pytest.mark.parametrize(
    ("file", "fits"),
    [
        ("doorstep-0.2.0-py3-none-any.whl", True),
        ("six-1.16-py2.py3-none-any.whl", True),
        ("msgspec-0.22-cp311-cp311-manylinux_2_17_aarch64.manylinux2014_aarch64.whl", True),
        ("msgspec-0.22-cp312-cp312-manylinux_2_17_aarch64.whl", False),
        ("msgspec-0.22-cp311-cp311-manylinux_2_17_x86_64.whl", False),
        ("cryptography-50-cp39-abi3-manylinux_2_28_aarch64.whl", True),
        ("cryptography-50-cp313-abi3-manylinux_2_28_aarch64.whl", False),
        ("lgpio-0.2-1-cp311-cp311-linux_aarch64.whl", True),
        ("lgpio-0.2-cp311-cp311-musllinux_1_2_aarch64.whl", False),
        ("a-1-cp311-cp311-win_amd64.whl", False),
    ],
)
def test_a_machine_takes_the_wheels_that_it_can_use(file: str, fits: bool) -> None:
    assert fits_machine(parse_wheel_name(file), (3, 11), "aarch64") is fits
