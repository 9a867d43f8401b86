from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from cloud.config import CloudConfig
from cloud.key_file import KeyRefused
from cloud.readings.receipt_key import key_path, open_receipt_key


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "receipt-key.pem"


def test_the_key_is_made_once_and_is_the_owners_only(path: Path) -> None:
    made = open_receipt_key(path).private_bytes_raw()
    assert path.stat().st_mode & 0o777 == 0o600
    assert open_receipt_key(path).private_bytes_raw() == made
    assert list(path.parent.iterdir()) == [path]


def test_processes_that_start_together_have_one_key(path: Path) -> None:
    with ThreadPoolExecutor(8) as threads:
        keys = set(threads.map(lambda _: open_receipt_key(path).private_bytes_raw(), range(32)))
    assert len(keys) == 1
    assert list(path.parent.iterdir()) == [path]


def test_a_key_that_others_can_read_is_refused(path: Path) -> None:
    open_receipt_key(path)
    path.chmod(0o644)
    with pytest.raises(KeyRefused, match="can be read by others"):
        open_receipt_key(path)


def test_what_is_no_key_is_refused_in_a_sentence(path: Path) -> None:
    path.parent.mkdir()
    path.touch(0o600)
    path.write_bytes(b"nothing")
    with pytest.raises(KeyRefused, match="no private key in PEM"):
        open_receipt_key(path)
    other = generate_private_key(SECP256R1())
    path.write_bytes(other.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    with pytest.raises(KeyRefused, match="another kind"):
        open_receipt_key(path)
    with pytest.raises(KeyRefused, match="cannot be made or read"):
        open_receipt_key(path / "below" / "key.pem")


def test_where_it_lies() -> None:
    assert key_path(CloudConfig(data="/srv/x")) == Path("/srv/x/receipt-key.pem")
