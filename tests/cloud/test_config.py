"""The centre's configuration: the example names every key, and mistakes are one sentence."""

import tomllib
from pathlib import Path
from typing import Any

import msgspec
import pytest

from cloud.config import CloudConfig, load
from protocols.configuration import ConfigurationError

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "configs" / "cloud.toml"


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DOORSTEP_DSN", raising=False)
    monkeypatch.delenv("DOORSTEP_BROKER", raising=False)


def keys(table: dict[str, Any], prefix: str = "") -> set[str]:
    found: set[str] = set()
    for key, value in table.items():
        found |= keys(value, f"{prefix}{key}.") if isinstance(value, dict) else {prefix + key}
    return found


def test_the_example_holds_every_key_with_its_default() -> None:
    defaults = msgspec.to_builtins(CloudConfig())
    del defaults["base"]  # not a key: set by load
    example = tomllib.loads(EXAMPLE.read_text(encoding="utf-8"))
    assert keys(example) == keys(defaults)
    assert {**example, "data": defaults["data"]} == defaults


def test_the_operators_guide_names_every_key() -> None:
    guide = (ROOT / "docs" / "operator.md").read_text(encoding="utf-8")
    defaults = msgspec.to_builtins(CloudConfig())
    del defaults["base"]
    assert {key for key in keys(defaults) if f"`{key}`" not in guide} == set()


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("[ingest]\nlinger_ms = 'soon'", r"cloud\.toml: ingest\.linger_ms: Expected `int`, got `str`"),
        ("[ingest]\nlingerms = 1", r"cloud\.toml: ingest: Object contains unknown field `lingerms`"),
        ("[web]\nglucose_unit = 'g'", r"cloud\.toml: web\.glucose_unit: expected mmol/L or mg/dL, got 'g'"),
        ("[web]\ncertificate = 'a.pem'", r"cloud\.toml: web\.certificate: expected certificate_key beside it"),
        ("[trust]\nnames = ['https://centre.example']", r"cloud\.toml: trust\.names: expected host names or addresses"),
        ("[web", r"cloud\.toml: not TOML"),
    ],
)
def test_a_mistake_is_one_sentence(tmp_path: Path, text: str, sentence: str) -> None:
    path = tmp_path / "cloud.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigurationError, match=sentence):
        load(path)


def test_a_missing_file_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"cannot be read: .*; name a file with --config"):
        load(tmp_path / "none.toml")


def test_the_environment_goes_before_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOORSTEP_DSN", "postgresql://there")
    monkeypatch.setenv("DOORSTEP_BROKER", "mqtt://there:1884")
    config = load(EXAMPLE)
    assert (config.database.dsn, config.broker.url) == ("postgresql://there", "mqtt://there:1884")
    assert config.beside(config.detection.limits) == ROOT / "configs" / "limits.toml"
