"""The air between the controllers of one radio: who hears whom, how strongly, and what happens when one walks away.

Modelled: range and signal strength per transmitter, connection requests that reach their advertiser at once or not at
all, links that end with a connection timeout on both sides. Not modelled: time on air, collisions, channels, lost
packets.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog
from bumble import core, hci, ll
from bumble.controller import Controller
from bumble.link import LocalLink

if TYPE_CHECKING:
    from firmware_sim.radio_controller import RadioController

DEFAULT_RSSI_DBM = -50

log = structlog.get_logger()


@dataclass
class AdvertisingEvent(ll.AdvertisingPdu):
    """One legacy advertising event: the advertisement and what a scan request would bring.

    `event_type` is the number of the LE Advertising Report (Core Vol 4 Part E 7.7.65.2): ADV_IND, ADV_DIRECT_IND,
    ADV_SCAN_IND or ADV_NONCONN_IND.
    """

    advertiser_address: hci.Address
    event_type: int
    data: bytes
    scan_response: bytes
    target_address: hci.Address | None = None

    @property
    def is_connectable(self) -> bool:
        """Whether a connection request would be answered."""
        kind = hci.HCI_LE_Advertising_Report_Event.EventType
        return self.event_type in (kind.ADV_IND, kind.ADV_DIRECT_IND)

    @property
    def is_scannable(self) -> bool:
        """Whether a scan request would be answered."""
        kind = hci.HCI_LE_Advertising_Report_Event.EventType
        return self.event_type in (kind.ADV_IND, kind.ADV_SCAN_IND)


class RadioLink(LocalLink):
    """All controllers within reach of each other."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # bumble leaves it untyped
        self._rssi_dbm: dict[hci.Address, int | None] = {}

    def place(self, address: hci.Address, rssi_dbm: int | None) -> None:
        """Put a transmitter at a distance: it is heard at `rssi_dbm`, or is out of range (None) and loses its links."""
        self._rssi_dbm[address] = rssi_dbm
        if rssi_dbm is None and (controller := self.find_radio_controller(address)) is not None:
            controller.lose_links()

    def rssi_dbm(self, address: hci.Address) -> int | None:
        """Strength at which the transmitter is heard; None when it is out of range."""
        return self._rssi_dbm.get(address, DEFAULT_RSSI_DBM)

    def find_radio_controller(self, address: hci.Address) -> RadioController | None:
        """Return the controller that holds a link under this address, or owns it."""
        controller = self.find_le_controller(address)
        return None if controller is None else _as_radio(controller)

    def answers(self, address: hci.Address) -> bool:
        """Whether somebody in range would answer a connection request to this address."""
        return self._advertiser(address) is not None

    def connect(self, request: ll.ConnectInd) -> None:
        """Carry a connection request to its advertiser."""
        advertiser = self._advertiser(request.advertiser_address)
        if advertiser is not None:
            advertiser.on_ll_advertising_pdu(request)

    def _advertiser(self, address: hci.Address) -> RadioController | None:
        if self.rssi_dbm(address) is None:
            return None
        radios = map(_as_radio, self.controllers)
        return next((radio for radio in radios if radio.advertises_connectable(address)), None)

    def send_advertising_pdu(self, sender_controller: Controller, packet: ll.AdvertisingPdu) -> None:
        """Deliver an advertising event to everybody in range. Connection requests go through `connect`."""
        if not isinstance(packet, AdvertisingEvent):
            return
        rssi_dbm = self.rssi_dbm(packet.advertiser_address)
        if rssi_dbm is None:
            return
        loop = asyncio.get_running_loop()
        for controller in self.controllers:
            if controller is not sender_controller and (radio := _as_radio(controller)).listens:
                loop.call_soon(radio.on_advertising_event, packet, rssi_dbm)

    def send_acl_data(
        self,
        sender_controller: Controller,
        destination_address: hci.Address,
        transport: core.PhysicalTransport,
        data: bytes,
    ) -> None:
        """Carry data over an existing link, under the address with which the link was made."""
        connection = sender_controller.le_connections.get(destination_address)
        receiver = self.find_le_controller(destination_address)
        if connection is None or receiver is None:
            log.debug("radio.data_without_link", to=str(destination_address))
            return
        asyncio.get_running_loop().call_soon(receiver.on_link_acl_data, connection.self_address, transport, data)

    def send_ll_control_pdu(
        self, sender_address: hci.Address, receiver_address: hci.Address, packet: ll.ControlPdu
    ) -> None:
        """Carry a link-layer message; what is sent to somebody who has gone is lost, as on the air."""
        if self.find_le_controller(receiver_address) is None:
            log.debug("radio.message_lost", to=str(receiver_address))
            return
        super().send_ll_control_pdu(sender_address, receiver_address, packet)


def _as_radio(controller: Controller) -> RadioController:
    from firmware_sim.radio_controller import RadioController  # noqa: PLC0415  (the two know each other)

    if not isinstance(controller, RadioController):
        raise TypeError("a radio link carries RadioControllers only")
    return controller
