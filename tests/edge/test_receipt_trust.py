from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from edge.config import load
from edge.receipt_trust import LATELY, ReceiptTrust
from protocols.configuration import ConfigurationError
from protocols.telemetry.messages import Receipt
from protocols.telemetry.signed_receipt import sign
from tests.edge.conftest import BEGAN, CONFIG

CENTRE, STRANGER = (
    Ed25519PrivateKey.from_private_bytes(bytes(32)),
    Ed25519PrivateKey.from_private_bytes(bytes([7]) * 32),
)
PUBLIC = CENTRE.public_key().public_bytes_raw()
RECEIPT = Receipt(epoch=1, through=5, store=1)
OURS, FOREIGN = sign("gw-1", RECEIPT, CENTRE), sign("gw-1", RECEIPT, STRANGER)


@pytest.fixture
def first_seen(tmp_path: Path) -> Path:
    return tmp_path / "centre.key"


def test_the_first_key_that_signs_is_the_only_one_after(first_seen: Path) -> None:
    trust = ReceiptTrust("gw-1", None, first_seen)
    assert trust.accepts(RECEIPT, BEGAN), "a centre that does not sign yet"
    assert trust.accepts(OURS, BEGAN)
    assert first_seen.read_text(encoding="ascii").strip() == PUBLIC.hex()
    assert first_seen.stat().st_mode & 0o777 == 0o600
    for trust in (trust, ReceiptTrust("gw-1", None, first_seen)):  # noqa: B020 - the same one, and one after a restart
        assert not trust.accepts(FOREIGN, BEGAN)
        assert not trust.accepts(RECEIPT, BEGAN)
        assert trust.accepts(OURS, BEGAN)
        assert trust.refused == 2


def test_a_pinned_key_is_the_only_one_from_the_beginning(first_seen: Path) -> None:
    trust = ReceiptTrust("gw-1", PUBLIC, first_seen)
    assert not trust.accepts(RECEIPT, BEGAN)
    assert not trust.accepts(FOREIGN, BEGAN)
    assert trust.accepts(OURS, BEGAN)
    assert not first_seen.exists()


def test_a_false_signature_is_never_the_first(first_seen: Path) -> None:
    trust = ReceiptTrust("gw-1", None, first_seen)
    assert not trust.accepts(msgspec.structs.replace(OURS, through=6), BEGAN)
    assert not trust.accepts(sign("gw-2", RECEIPT, CENTRE), BEGAN)
    assert not first_seen.exists()


@pytest.mark.parametrize("content", [b"", b"not hexadecimal", b"\xff\xff", bytes(31).hex().encode()])
def test_a_damaged_key_file_trusts_nobody_new(first_seen: Path, content: bytes) -> None:
    first_seen.write_bytes(content)
    trust = ReceiptTrust("gw-1", None, first_seen)
    assert not trust.accepts(OURS, BEGAN)
    assert not trust.accepts(RECEIPT, BEGAN)
    assert first_seen.read_bytes() == content


def test_a_refusal_is_a_problem_for_a_while(first_seen: Path) -> None:
    trust = ReceiptTrust("gw-1", PUBLIC, first_seen)
    assert trust.problem(BEGAN) is None
    trust.accepts(FOREIGN, BEGAN)
    assert "1 receipts were refused" in (trust.problem(BEGAN) or "")
    assert trust.problem(BEGAN + LATELY + timedelta(seconds=1)) is None


def test_a_key_that_is_none_is_refused_in_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "edge.toml"
    path.write_text(f'{CONFIG}\n[receipts]\npublic_key = "abc"\n', encoding="utf-8")
    with pytest.raises(ConfigurationError, match=r"receipts\.public_key: expected 64 hexadecimal digits"):
        load(path)
    path.write_text(f'{CONFIG}\n[receipts]\npublic_key = "{PUBLIC.hex()}"\n', encoding="utf-8")
    assert load(path).receipts.pinned == PUBLIC
