"""[alarm.sms]: right, or refused in one sentence that never shows a key, a PIN or a number."""

from pathlib import Path

import pytest

from edge.alarm.sms.config import SmsSection, sms_settings
from protocols.configuration import ConfigurationError

KEY = "00" * 32


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    key = tmp_path / "sms.key"
    key.write_text(KEY)
    key.chmod(0o600)
    return tmp_path


def create_section(**changes: object) -> SmsSection:
    fields: dict[str, object] = {"port": "/dev/ttyUSB2", "key_file": "sms.key", "numbers": ("+8613800000000",)}
    return SmsSection(**(fields | changes))  # type: ignore[arg-type]  # of a dict


def test_without_a_port_there_is_no_modem(folder: Path) -> None:
    assert sms_settings(SmsSection(key_file="none"), folder) is None


def test_files_are_read(folder: Path) -> None:
    pin = folder / "pin"
    pin.write_text("4711\n")
    pin.chmod(0o600)
    settings = sms_settings(create_section(pin_file="pin"), folder)
    assert settings is not None
    assert (settings.key, settings.pin) == (bytes(32), "4711")
    assert "4711" not in repr(settings)


def test_key_from_the_environment(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SMS_KEY", KEY)
    settings = sms_settings(create_section(key_file="", key_env="SMS_KEY"), folder)
    assert settings is not None
    assert settings.key == bytes(32)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"port": "usb:zz"}, r"alarm\.sms\.port: expected usb:VENDOR:PRODUCT"),
        ({"numbers": ()}, r"alarm\.sms\.numbers: expected the number of the centre's modem"),
        ({"numbers": ("+8613800000000", "10086")}, r"alarm\.sms\.numbers\[1\]: expected \+, country and number"),
        ({"pin": "12a4"}, r"alarm\.sms\.pin: expected 4 to 8 digits"),
        ({"pin": "1234", "pin_file": "pin"}, r"alarm\.sms: give one of pin and pin_file"),
        ({"key_file": ""}, r"alarm\.sms: give one of key_file and key_env"),
        ({"key_file": "other.key"}, r"alarm\.sms\.key_file: .*other\.key cannot be read"),
        ({"key_file": "", "key_env": "NO_SUCH_KEY"}, r"alarm\.sms\.key_env: expected 64 hexadecimal digits"),
    ],
)
def test_a_mistake_is_one_sentence(folder: Path, changes: dict[str, object], sentence: str) -> None:
    with pytest.raises(ConfigurationError, match=sentence):
        sms_settings(create_section(**changes), folder)


def test_a_key_that_others_can_read_is_refused(folder: Path) -> None:
    (folder / "sms.key").chmod(0o644)
    with pytest.raises(ConfigurationError, match=r"can be read by others; give it mode 0600"):
        sms_settings(create_section(), folder)
