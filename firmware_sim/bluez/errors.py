"""Errors as bluetoothd names them on D-Bus."""

from __future__ import annotations

from bumble import att

FAILED = "org.bluez.Error.Failed"
IN_PROGRESS = "org.bluez.Error.InProgress"
NOT_READY = "org.bluez.Error.NotReady"
NOT_SUPPORTED = "org.bluez.Error.NotSupported"
NOT_PERMITTED = "org.bluez.Error.NotPermitted"
NOT_AUTHORIZED = "org.bluez.Error.NotAuthorized"
NOT_CONNECTED = "org.bluez.Error.NotConnected"
INVALID_ARGUMENTS = "org.bluez.Error.InvalidArguments"
IMPROPERLY_CONFIGURED = "org.bluez.Error.ImproperlyConfigured"
ALREADY_EXISTS = "org.bluez.Error.AlreadyExists"
DOES_NOT_EXIST = "org.bluez.Error.DoesNotExist"
AUTHENTICATION_CANCELED = "org.bluez.Error.AuthenticationCanceled"
AUTHENTICATION_FAILED = "org.bluez.Error.AuthenticationFailed"
AUTHENTICATION_TIMEOUT = "org.bluez.Error.AuthenticationTimeout"
CONNECTION_ATTEMPT_FAILED = "org.bluez.Error.ConnectionAttemptFailed"

UNKNOWN_METHOD = "org.freedesktop.DBus.Error.UnknownMethod"
UNKNOWN_OBJECT = "org.freedesktop.DBus.Error.UnknownObject"
UNKNOWN_INTERFACE = "org.freedesktop.DBus.Error.UnknownInterface"
UNKNOWN_PROPERTY = "org.freedesktop.DBus.Error.UnknownProperty"
PROPERTY_READ_ONLY = "org.freedesktop.DBus.Error.PropertyReadOnly"
INVALID_ARGS = "org.freedesktop.DBus.Error.InvalidArgs"


class BluezStartError(RuntimeError):
    """The model cannot start; the sentence says what is missing."""


class BluezError(Exception):
    """An error reply: its D-Bus name and its text, as clients parse them."""

    def __init__(self, name: str, text: str) -> None:
        super().__init__(f"{name}: {text}")
        self.name = name
        self.text = text


class LinkLostError(Exception):
    """The connection ended while something waited for its answer."""


_FROM_ATT: dict[int, tuple[str, str]] = {
    att.ErrorCode.READ_NOT_PERMITTED: (NOT_PERMITTED, "Read not permitted"),
    att.ErrorCode.WRITE_NOT_PERMITTED: (NOT_PERMITTED, "Write not permitted"),
    att.ErrorCode.INSUFFICIENT_AUTHENTICATION: (NOT_PERMITTED, "Not paired"),
    att.ErrorCode.INSUFFICIENT_ENCRYPTION: (NOT_PERMITTED, "Not paired"),
    att.ErrorCode.INSUFFICIENT_ENCRYPTION_KEY_SIZE: (NOT_PERMITTED, "Not paired"),
    att.ErrorCode.INVALID_OFFSET: (INVALID_ARGUMENTS, "Invalid offset"),
    att.ErrorCode.INVALID_ATTRIBUTE_LENGTH: (INVALID_ARGUMENTS, "Invalid Length"),
    att.ErrorCode.INSUFFICIENT_AUTHORIZATION: (NOT_AUTHORIZED, "Operation Not Authorized"),
    att.ErrorCode.REQUEST_NOT_SUPPORTED: (NOT_SUPPORTED, "Operation is not supported"),
    0xFD: (IMPROPERLY_CONFIGURED, "CCC descriptor improperly configured"),
}


def from_att_error(error_code: int) -> BluezError:
    """Return the reply for an ATT error, as bluetoothd's create_gatt_dbus_error chooses it."""
    name, text = _FROM_ATT.get(error_code, (FAILED, f"Operation failed with ATT error: 0x{error_code:02x}"))
    return BluezError(name, text)
