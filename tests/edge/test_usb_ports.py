"""A meter is found by what is plugged in, wherever that comes up. The lists are of pyserial's own type."""

from pathlib import Path

import pytest
from serial.tools.list_ports_common import ListPortInfo

from edge.config import load
from edge.usb_ports import NoSuchPort, UsbPort, find_port, parse_usb_port, usb_id_at
from protocols.configuration import ConfigurationError
from tests.edge.conftest import CONFIG

VERIO_IQ = (0x10C4, 0x85A7)
CP210X = (0x10C4, 0xEA60)


def create_port(path: str, usb: tuple[int, int] | None = None, serial_number: str | None = None) -> ListPortInfo:
    port = ListPortInfo(path)
    port.vid, port.pid = usb or (None, None)
    port.serial_number = serial_number
    return port


def test_port_is_found_wherever_it_is_plugged_in() -> None:
    others = [create_port("/dev/ttyS0"), create_port("/dev/ttyUSB0", CP210X)]
    for path in ("/dev/ttyUSB1", "/dev/ttyUSB7"):
        plugged = [*others, create_port(path, VERIO_IQ)]
        assert find_port("usb:10c4:85a7", plugged.copy) == path
    with pytest.raises(NoSuchPort, match="no usb:10c4:85a7 is plugged in"):
        find_port("usb:10c4:85a7", lambda: others)


def test_two_of_a_kind_are_told_apart_by_serial_number_or_refused() -> None:
    ports = [create_port("/dev/ttyUSB0", CP210X, "0001"), create_port("/dev/ttyUSB1", CP210X, "0002")]
    assert find_port("usb:10C4:EA60:0002", lambda: ports) == "/dev/ttyUSB1"
    with pytest.raises(NoSuchPort, match=r"2 times: /dev/ttyUSB0 \(serial number 0001\)"):
        find_port("usb:10c4:ea60", lambda: ports)


def test_path_is_taken_as_it_is(tmp_path: Path) -> None:
    with pytest.raises(NoSuchPort, match="is not there"):
        find_port(str(tmp_path / "none"), list)
    (tmp_path / "port").touch()
    assert find_port(str(tmp_path / "port"), list) == str(tmp_path / "port")


def test_usb_id_is_that_of_the_port_behind_the_link(tmp_path: Path) -> None:
    device = tmp_path / "ttyUSB3"
    device.touch()
    (tmp_path / "by-id").symlink_to(device)
    ports = [create_port("/dev/ttyS0"), create_port(str(device), VERIO_IQ)]
    assert usb_id_at(str(tmp_path / "by-id"), lambda: ports) == "10c4:85a7"
    assert usb_id_at("/dev/pts/0", lambda: ports) is None


def test_form() -> None:
    assert parse_usb_port("/dev/ttyUSB0") is None
    assert parse_usb_port("usb:10C4:85A7") == UsbPort("10c4:85a7")
    assert parse_usb_port("usb:10c4:ea60:00FF") == UsbPort("10c4:ea60", "00FF")
    for wrong in ("usb:", "usb:10c4", "usb:10c4:85a", "usb:10c4:85a7:", "usb:10c4:85a7:a b"):
        with pytest.raises(ValueError, match="expected usb:VENDOR:PRODUCT"):
            parse_usb_port(wrong)


def test_configuration_takes_a_usb_port_and_refuses_a_slip(config_file: Path) -> None:
    meter = '[[device]]\nname = "m"\nkind = "glucometer"\nmodel = "onetouch-verio-iq"\nport = "usb:10c4:85a7"\n'
    config_file.write_text(CONFIG + meter, encoding="utf-8")
    assert load(config_file).devices[-1].port == "usb:10c4:85a7"
    config_file.write_text(CONFIG + meter.replace("85a7", "85"), encoding="utf-8")
    with pytest.raises(ConfigurationError, match=r"device\[1\].port: expected usb:VENDOR:PRODUCT"):
        load(config_file)
