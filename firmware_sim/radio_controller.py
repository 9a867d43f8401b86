"""A Bluetooth LE controller for the radio: bumble's, with the parts that a home needs made true.

What differs from bumble's: HCI_Reset forgets everything and drops the links; a connection attempt can be cancelled;
advertising intervals are in their real unit; only connectable advertisements can be connected to; a scan response is
its own data; signal strength comes from the link. An advertiser is connected to at once, without waiting for its next
event. Only legacy advertising (at most 31 bytes) exists, as in the meters we stand for.
"""

from __future__ import annotations

import asyncio
from enum import Enum

from bumble import hci, ll
from bumble.controller import Connection, Controller, LegacyAdvertiser

from firmware_sim.radio_link import AdvertisingEvent, RadioLink

LEGACY_ADVERTISING_DATA_MAX = 31
ADVERTISING_SLOT_S = 0.000625
MIN_ADVERTISING_INTERVAL_S = 0.02

_Report = hci.HCI_LE_Advertising_Report_Event.Report
_EventType = hci.HCI_LE_Advertising_Report_Event.EventType
_REPORT_OF_ADVERTISING_TYPE = {
    0x00: _EventType.ADV_IND,
    0x01: _EventType.ADV_DIRECT_IND,
    0x02: _EventType.ADV_SCAN_IND,
    0x03: _EventType.ADV_NONCONN_IND,
    0x04: _EventType.ADV_DIRECT_IND,
}


class Deafness(Enum):
    """A controller that answers its host as ever and hears no advertisement."""

    UNTIL_RESET = "reset"
    """As wedged firmware is: HCI_Reset, so a power cycle of the adapter, cures it."""
    UNTIL_POWER_CUT = "power_cut"


class RadioAdvertiser(LegacyAdvertiser):
    """Sends advertising events at the interval the host asked for."""

    def start(self) -> None:
        """Advertise now and then at every interval."""
        self.stop()
        self.enabled = True
        self.timer_handle = asyncio.get_running_loop().call_soon(self._on_timer_fired)

    def _on_timer_fired(self) -> None:
        self.send_advertising_data()
        interval_s = max(self.advertising_interval_min * ADVERTISING_SLOT_S, MIN_ADVERTISING_INTERVAL_S)
        self.timer_handle = asyncio.get_running_loop().call_later(interval_s, self._on_timer_fired)

    @property
    def event_type(self) -> int:
        """The kind of advertising event, numbered as in an advertising report."""
        return _REPORT_OF_ADVERTISING_TYPE[self.advertising_type]

    def send_advertising_data(self) -> None:
        """Send one advertising event."""
        if not self.enabled:
            return
        directed = self.event_type == _EventType.ADV_DIRECT_IND
        self.controller.send_advertising_pdu(
            AdvertisingEvent(
                advertiser_address=self.address,
                event_type=self.event_type,
                data=b"" if directed else self.advertising_data,
                scan_response=self.scan_response_data,
                target_address=self.peer_address if directed else None,
            )
        )


class RadioController(Controller):
    """One controller on a RadioLink."""

    le_features = Controller.le_features & ~(
        hci.LeFeatureMask.LE_EXTENDED_ADVERTISING | hci.LeFeatureMask.LE_PERIODIC_ADVERTISING
    )

    def __init__(self, name: str, link: RadioLink, public_address: hci.Address | None = None) -> None:
        self.radio_link = link
        self.deafness: Deafness | None = None
        self.le_legacy_advertiser: RadioAdvertiser
        super().__init__(name, link=link, public_address=public_address)
        self.le_legacy_advertiser = RadioAdvertiser(self)

    @property
    def listens(self) -> bool:
        """Whether advertising events matter to this controller now."""
        return self.le_scan_enable or self.pending_le_connection is not None

    def advertises_connectable(self, address: hci.Address) -> bool:
        """Whether a connection request to `address` would be answered by this controller."""
        advertiser = self.le_legacy_advertiser
        return (
            advertiser.enabled
            and advertiser.address == address
            and advertiser.event_type in (_EventType.ADV_IND, _EventType.ADV_DIRECT_IND)
        )

    def lose_links(self) -> None:
        """End every link as if the peers no longer heard each other: both sides see a connection timeout."""
        for connection in list(self.le_connections.values()):
            self._time_out_peer(connection)
            self.on_le_disconnected(connection, hci.HCI_ErrorCode.CONNECTION_TIMEOUT_ERROR)

    def _time_out_peer(self, connection: Connection) -> None:
        peer = self.radio_link.find_radio_controller(connection.peer_address)
        if peer is not None and (far_end := peer.le_connections.get(connection.self_address)) is not None:
            peer.on_le_disconnected(far_end, hci.HCI_ErrorCode.CONNECTION_TIMEOUT_ERROR)

    def forget(self) -> None:
        """Return to the state after power-on; peers see a connection timeout, the own host sees nothing."""
        self.le_legacy_advertiser.stop()
        self.le_scan_enable = False
        self.pending_le_connection = None
        for connection in list(self.le_connections.values()):
            self._time_out_peer(connection)
        self.le_connections.clear()

    def on_advertising_event(self, event: AdvertisingEvent, rssi_dbm: int) -> None:
        """Report an advertising event to the host when it scans, and connect when it waits for this advertiser."""
        if self.deafness is not None:
            return
        if self.le_scan_enable and event.target_address in (None, self.public_address, self.random_address):
            self._report(event.event_type, event.advertiser_address, event.data, rssi_dbm)
            if event.is_scannable and self.le_scan_type == hci.HCI_LE_Set_Scan_Parameters_Command.ACTIVE_SCANNING:
                self._report(_EventType.SCAN_RSP, event.advertiser_address, event.scan_response, rssi_dbm)
        waited_for = self.pending_le_connection
        if waited_for is not None and event.is_connectable and waited_for.peer_address == event.advertiser_address:
            self.create_le_connection(event.advertiser_address)

    def _report(self, event_type: int, address: hci.Address, data: bytes, rssi_dbm: int) -> None:
        report = _Report(
            event_type=event_type, address_type=address.address_type, address=address, data=data, rssi=rssi_dbm
        )
        self.send_hci_packet(hci.HCI_LE_Advertising_Report_Event([report]))

    def on_hci_le_create_connection_command(self, command: hci.HCI_LE_Create_Connection_Command) -> None:
        """Core Vol 4 Part E 7.8.12."""
        super().on_hci_le_create_connection_command(command)
        asyncio.get_running_loop().call_soon(self._connect_now)

    def _connect_now(self) -> None:
        if self.pending_le_connection is not None:
            self.create_le_connection(self.pending_le_connection.peer_address)

    def create_le_connection(self, peer_address: hci.Address) -> None:
        """Connect to an advertiser that still answers; otherwise keep waiting for its next event."""
        if self.radio_link.answers(peer_address):
            super().create_le_connection(peer_address)

    def send_advertising_pdu(self, packet: ll.AdvertisingPdu) -> None:
        """Put an advertising-channel packet on the air."""
        if isinstance(packet, ll.ConnectInd):
            self.radio_link.connect(packet)
        else:
            self.radio_link.send_advertising_pdu(self, packet)

    def on_hci_reset_command(self, _command: hci.HCI_Reset_Command) -> hci.HCI_StatusReturnParameters:
        """Core Vol 4 Part E 7.3.2: all links are lost, advertising, scanning and initiating end."""
        self.forget()
        if self.deafness is Deafness.UNTIL_RESET:
            self.deafness = None
        return hci.HCI_StatusReturnParameters(hci.HCI_ErrorCode.SUCCESS)

    def on_hci_le_create_connection_cancel_command(
        self, _command: hci.HCI_LE_Create_Connection_Cancel_Command
    ) -> hci.HCI_StatusReturnParameters:
        """Core Vol 4 Part E 7.8.13: the attempt ends with a Connection Complete that carries an error."""
        pending = self.pending_le_connection
        if pending is None:
            return hci.HCI_StatusReturnParameters(hci.HCI_ErrorCode.COMMAND_DISALLOWED_ERROR)
        self.pending_le_connection = None
        asyncio.get_running_loop().call_soon(self._report_cancelled, pending.peer_address)
        return hci.HCI_StatusReturnParameters(hci.HCI_ErrorCode.SUCCESS)

    def _report_cancelled(self, peer_address: hci.Address) -> None:
        self.send_hci_packet(
            hci.HCI_LE_Connection_Complete_Event(
                status=hci.HCI_ErrorCode.UNKNOWN_CONNECTION_IDENTIFIER_ERROR,
                connection_handle=0,
                role=hci.Role.CENTRAL,
                peer_address_type=peer_address.address_type,
                peer_address=peer_address,
                connection_interval=0,
                peripheral_latency=0,
                supervision_timeout=0,
                central_clock_accuracy=0,
            )
        )

    def on_hci_le_set_advertising_data_command(
        self, command: hci.HCI_LE_Set_Advertising_Data_Command
    ) -> hci.HCI_StatusReturnParameters:
        """Core Vol 4 Part E 7.8.7; more than 31 bytes do not fit into a legacy advertisement."""
        if len(command.advertising_data) > LEGACY_ADVERTISING_DATA_MAX:
            return hci.HCI_StatusReturnParameters(hci.HCI_ErrorCode.INVALID_COMMAND_PARAMETERS_ERROR)
        return super().on_hci_le_set_advertising_data_command(command)

    def on_hci_le_set_scan_response_data_command(
        self, command: hci.HCI_LE_Set_Scan_Response_Data_Command
    ) -> hci.HCI_StatusReturnParameters:
        """Core Vol 4 Part E 7.8.8; more than 31 bytes do not fit into a legacy scan response."""
        if len(command.scan_response_data) > LEGACY_ADVERTISING_DATA_MAX:
            return hci.HCI_StatusReturnParameters(hci.HCI_ErrorCode.INVALID_COMMAND_PARAMETERS_ERROR)
        return super().on_hci_le_set_scan_response_data_command(command)
