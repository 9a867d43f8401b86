"""The authority: what it signs, how its folder is kept, and the brokers' rules."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.x509.oid import NameOID

from cloud.identity.authority.access import emqx_rules, mosquitto_rules
from cloud.identity.authority.authority import SERVER_LIFE, create_authority
from cloud.identity.authority.files import AuthorityFolder, AuthorityRefused

NOW = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)
CONFIGS = Path(__file__).parents[3] / "configs"


def test_a_gateways_certificate_says_who_it_is_for_90_days() -> None:
    authority = create_authority(NOW)
    key = generate_private_key(SECP256R1())
    made = authority.certify_gateway(key.public_key(), "gw-home-1", "home-1", NOW)
    assert made.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value == "gw-home-1"
    assert made.not_valid_after_utc == NOW + timedelta(days=90)
    names = made.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.UniformResourceIdentifier) == ["doorstep:home/home-1"]
    assert authority.issued(made)


def test_only_a_gateways_certificate_of_its_own_counts_as_issued() -> None:
    authority, other = create_authority(NOW), create_authority(NOW)
    key = generate_private_key(SECP256R1()).public_key()
    assert not authority.issued(other.certify_gateway(key, "gw-home-1", "home-1", NOW))
    assert not authority.issued(authority.certify_server(key, ["localhost"], NOW))


def test_the_folder_is_made_once_and_keeps_its_keys_to_itself(tmp_path: Path) -> None:
    folder = AuthorityFolder(tmp_path / "authority")
    first = folder.open(NOW)
    assert folder.open(NOW).fingerprint == first.fingerprint
    assert folder.prepare_servers(first, ["centre.example", "192.0.2.7"], NOW)
    assert {path.stat().st_mode & 0o777 for path in (folder.key, folder.server_key)} == {0o600}
    folder.key.chmod(0o640)
    with pytest.raises(AuthorityRefused, match="chmod 600"):
        folder.open(NOW)


def test_the_servers_certificate_is_replaced_in_time_and_when_names_change(tmp_path: Path) -> None:
    folder = AuthorityFolder(tmp_path / "authority")
    authority = folder.open(NOW)
    assert folder.prepare_servers(authority, ["centre.example"], NOW)
    assert not folder.prepare_servers(authority, ["centre.example"], NOW + timedelta(days=1))
    assert folder.prepare_servers(authority, ["other.example"], NOW + timedelta(days=1))
    late = NOW + SERVER_LIFE * 0.9
    assert folder.prepare_servers(authority, ["other.example"], late)
    found = x509.load_pem_x509_certificate(folder.server_certificate.read_bytes())
    assert found.not_valid_after_utc == late + SERVER_LIFE


def test_the_list_of_revoked_certificates_keeps_what_it_had_when_it_is_made_anew(tmp_path: Path) -> None:
    folder = AuthorityFolder(tmp_path / "authority")
    authority = folder.open(NOW)
    folder.prepare_servers(authority, ["centre.example"], NOW)
    folder.write_revoked(authority, {4711: NOW}, NOW)
    assert folder.prepare_servers(authority, ["centre.example"], NOW + timedelta(days=200))
    assert folder.read_revoked() == {4711: NOW}


def test_the_brokers_rules_in_configs_are_the_ones_that_are_made() -> None:
    assert (CONFIGS / "mosquitto.acl").read_text(encoding="utf-8") == mosquitto_rules()
    assert (CONFIGS / "cluster" / "acl.conf").read_text(encoding="utf-8") == emqx_rules("10.89.0.0/24")
