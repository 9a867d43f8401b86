"""A GATT server that keeps its own rules.

bumble's server lets anybody write to any attribute and subscribe to any characteristic, and calls every encrypted link
authenticated. Here permissions count:

* reading and writing need READABLE and WRITEABLE; writing also needs the property for the kind of write;
* a characteristic that asks for encryption or authentication asks for it at its CCCD too, so "needs bonding" is real;
* "authenticated" means that the bond was made with a passkey or a comparison, not by Just Works.

Refusals carry the ATT error of Core Vol 3 Part F 3.4.1.1.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from bumble import att
from bumble.device import Connection, Device
from bumble.gatt import GATT_CLIENT_CHARACTERISTIC_CONFIGURATION_DESCRIPTOR, Characteristic, Service
from bumble.gatt_server import Server
from bumble.keys import PairingKeys
from bumble.utils import AsyncRunner, setup_event_forwarding

_Permissions = att.Attribute.Permissions
_Properties = Characteristic.Properties

_Request = TypeVar(
    "_Request",
    att.ATT_Read_Request,
    att.ATT_Read_Blob_Request,
    att.ATT_Write_Request,
    att.ATT_Prepare_Write_Request,
)

ENCRYPTION = _Permissions.READ_REQUIRES_ENCRYPTION | _Permissions.WRITE_REQUIRES_ENCRYPTION
AUTHENTICATION = _Permissions.READ_REQUIRES_AUTHENTICATION | _Permissions.WRITE_REQUIRES_AUTHENTICATION


def install_strict_gatt_server(device: Device) -> None:
    """Give a device that has no services of its own yet a StrictGattServer with the default services (GAP, GATT)."""
    device.gatt_server = StrictGattServer(device)
    setup_event_forwarding(device.gatt_server, device, "characteristic_subscription")
    device.add_default_services()


class StrictGattServer(Server):
    """bumble's GATT server with permissions enforced."""

    def add_service(self, service: Service) -> None:
        """Add a service; each CCCD asks for what its characteristic asks for."""
        super().add_service(service)
        for characteristic in service.characteristics:
            needed = characteristic.permissions
            for attribute in self.attributes[characteristic.handle : characteristic.end_group_handle]:
                if attribute.type != GATT_CLIENT_CHARACTERISTIC_CONFIGURATION_DESCRIPTOR:
                    continue
                if needed & ENCRYPTION:
                    attribute.permissions |= _Permissions.WRITE_REQUIRES_ENCRYPTION
                if needed & AUTHENTICATION:
                    attribute.permissions |= _Permissions.WRITE_REQUIRES_AUTHENTICATION

    def on_att_read_request(self, bearer: att.Bearer, request: att.ATT_Read_Request) -> None:
        """Core Vol 3 Part F 3.4.4.3."""
        self._guard(bearer, request, _Permissions.READABLE, super().on_att_read_request)

    def on_att_read_blob_request(self, bearer: att.Bearer, request: att.ATT_Read_Blob_Request) -> None:
        """Core Vol 3 Part F 3.4.4.5."""
        self._guard(bearer, request, _Permissions.READABLE, super().on_att_read_blob_request)

    def on_att_write_request(self, bearer: att.Bearer, request: att.ATT_Write_Request) -> None:
        """Core Vol 3 Part F 3.4.5.1."""
        self._guard(bearer, request, _Permissions.WRITEABLE, super().on_att_write_request)

    def on_att_prepare_write_request(self, bearer: att.Bearer, request: att.ATT_Prepare_Write_Request) -> None:
        """Core Vol 3 Part F 3.4.6.1."""
        self._guard(bearer, request, _Permissions.WRITEABLE, super().on_att_prepare_write_request)

    def on_att_write_command(self, bearer: att.Bearer, request: att.ATT_Write_Command) -> None:
        """Core Vol 3 Part F 3.4.5.3: what is not permitted is ignored, without an answer."""
        serve = super().on_att_write_command

        async def write() -> None:
            attribute = self.get_attribute(request.attribute_handle)
            if attribute is None or not _may(attribute, _Permissions.WRITEABLE, _Properties.WRITE_WITHOUT_RESPONSE):
                return
            if await self._lacks_security(bearer, attribute, _Permissions.WRITEABLE) is None:
                serve(bearer, request)

        AsyncRunner.spawn(write())

    def _guard(
        self,
        bearer: att.Bearer,
        request: _Request,
        permission: _Permissions,
        serve: Callable[[att.Bearer, _Request], object],
    ) -> None:
        """Refuse a request, or let bumble serve it."""

        async def check() -> None:
            if not await self._refuses(bearer, request, request.attribute_handle, permission):
                serve(bearer, request)

        AsyncRunner.spawn(check())

    async def _refuses(self, bearer: att.Bearer, request: att.ATT_PDU, handle: int, permission: _Permissions) -> bool:
        """Answer a request that is not permitted with its error and return True."""
        attribute = self.get_attribute(handle)
        if attribute is None:
            return False  # bumble answers with Invalid Handle
        if permission == _Permissions.READABLE:
            error, needed_property = att.ATT_READ_NOT_PERMITTED_ERROR, _Properties.READ
        else:
            error, needed_property = att.ATT_WRITE_NOT_PERMITTED_ERROR, _Properties.WRITE
        if _may(attribute, permission, needed_property):
            lacking = await self._lacks_security(bearer, attribute, permission)
            if lacking is None:
                return False
            error = lacking
        self.send_response(
            bearer,
            att.ATT_Error_Response(
                request_opcode_in_error=request.op_code, attribute_handle_in_error=handle, error_code=error
            ),
        )
        return True

    async def _lacks_security(
        self, bearer: att.Bearer, attribute: att.Attribute[bytes], permission: _Permissions
    ) -> att.ErrorCode | None:
        """Return the error for a link that is not safe enough, or None. Core Vol 3 Part C 10.3.1."""
        connection = bearer.connection if att.is_enhanced_bearer(bearer) else bearer
        reading = permission == _Permissions.READABLE
        wants_authentication = (
            _Permissions.READ_REQUIRES_AUTHENTICATION if reading else _Permissions.WRITE_REQUIRES_AUTHENTICATION
        )
        wants_encryption = _Permissions.READ_REQUIRES_ENCRYPTION if reading else _Permissions.WRITE_REQUIRES_ENCRYPTION
        if not attribute.permissions & (wants_authentication | wants_encryption):
            return None
        bond = await self._bond(connection)
        if not connection.is_encrypted:
            # With a bond the peer has only to switch encryption on; without one it has to pair.
            return att.ErrorCode.INSUFFICIENT_AUTHENTICATION if bond is None else att.ErrorCode.INSUFFICIENT_ENCRYPTION
        if attribute.permissions & wants_authentication and not (bond and bond.ltk and bond.ltk.authenticated):
            return att.ErrorCode.INSUFFICIENT_AUTHENTICATION
        return None

    async def _bond(self, connection: Connection) -> PairingKeys | None:
        keystore = self.device.keystore
        return None if keystore is None else await keystore.get(str(connection.peer_address))


def _may(attribute: att.Attribute[bytes], permission: _Permissions, needed_property: _Properties) -> bool:
    """Whether an attribute allows a kind of access at all."""
    if isinstance(attribute, Characteristic):
        return bool(attribute.permissions & permission and attribute.properties & needed_property)
    return bool(attribute.permissions & permission)
