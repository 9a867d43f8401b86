"""A GATT server that keeps its own rules. A bumble client asks; the radio is real."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
import pytest_asyncio
from bumble.att import ATT_Error, ErrorCode
from bumble.device import Connection, Device, Peer
from bumble.gatt import Characteristic, CharacteristicValue, Service
from bumble.gatt_client import CharacteristicProxy
from bumble.hci import Address, OwnAddressType
from bumble.host import Host
from bumble.pairing import PairingConfig, PairingDelegate
from bumble.transport import open_transport

from firmware_sim.bonding import set_pairing
from firmware_sim.radio import Radio

METER = "C0:FF:EE:00:09:21"
PASSKEY = 271828
WITHIN_S = 5.0
OPEN, WRITE_ONLY, NOTIFY, ENCRYPTED, AUTHENTICATED = (f"0d00001{n}-0000-4000-8000-00805f9b34fb" for n in range(5))

_P, _M = Characteristic.Properties, Characteristic.Permissions


class PasskeyReader(PairingDelegate):
    """The client's user, who types a passkey."""

    def __init__(self, passkey: int | None) -> None:
        keyboard = PairingDelegate.IoCapability.KEYBOARD_INPUT_ONLY
        nothing = PairingDelegate.IoCapability.NO_OUTPUT_NO_INPUT
        super().__init__(nothing if passkey is None else keyboard)
        self._passkey = passkey

    async def get_number(self) -> int | None:
        return self._passkey


@dataclass
class Visit:
    """A client connected to the meter."""

    connection: Connection
    peer: Peer
    written: list[bytes]
    client: Device

    def __getitem__(self, uuid: str) -> CharacteristicProxy[bytes]:
        [characteristic] = [c for s in self.peer.services for c in s.characteristics if c.uuid == uuid]
        return characteristic

    async def pair(self, passkey: int | None) -> None:
        """Pair with a passkey, or by Just Works."""
        delegate = PasskeyReader(passkey)
        self.client.pairing_config_factory = lambda _c: PairingConfig(mitm=passkey is not None, delegate=delegate)
        await asyncio.wait_for(self.connection.pair(), WITHIN_S)


@pytest_asyncio.fixture(params=[None, PASSKEY], ids=["just-works", "passkey"])
async def visit(request: pytest.FixtureRequest) -> AsyncIterator[Visit]:
    radio = Radio()
    meter = await radio.peripheral(METER, "Meter")
    set_pairing(meter, request.param)
    written: list[bytes] = []
    sink = CharacteristicValue(write=lambda _c, value: written.append(bytes(value)))
    meter.add_service(
        Service(
            "0d000010-0000-4000-8000-00805f9b34fb",
            [
                Characteristic[bytes](OPEN, _P.READ, _M.READABLE, b"open"),
                Characteristic[bytes](WRITE_ONLY, _P.WRITE, _M.WRITEABLE, sink),
                Characteristic[bytes](NOTIFY, _P.NOTIFY, _M(0), b""),
                Characteristic[bytes](ENCRYPTED, _P.NOTIFY, _M.READ_REQUIRES_ENCRYPTION, b""),
                Characteristic[bytes](AUTHENTICATED, _P.INDICATE, _M.READ_REQUIRES_AUTHENTICATION, b""),
            ],
        )
    )
    await meter.start_advertising(advertising_interval_min=30, advertising_interval_max=30)
    transport = await open_transport(await radio.serve_hci())
    client = Device(host=Host(transport.source, transport.sink))
    await client.power_on()
    connection = await client.connect(Address(METER), own_address_type=OwnAddressType.PUBLIC, timeout=WITHIN_S)
    peer = Peer(connection)
    await peer.discover_all()
    yield Visit(connection, peer, written, client)
    await transport.close()
    await radio.close()


async def refusal(operation: object) -> int:
    """Return the ATT error with which an operation is refused."""
    with pytest.raises(ATT_Error) as refused:
        await operation  # type: ignore[misc]
    return int(refused.value.error_code)


async def test_reading_and_writing_need_permission(visit: Visit) -> None:
    assert await visit[OPEN].read_value() == b"open"
    assert await refusal(visit[OPEN].write_value(b"x", with_response=True)) == ErrorCode.WRITE_NOT_PERMITTED
    assert await refusal(visit[WRITE_ONLY].read_value()) == ErrorCode.READ_NOT_PERMITTED
    assert await refusal(visit[NOTIFY].read_value()) == ErrorCode.READ_NOT_PERMITTED


async def test_command_where_only_requests_are_offered_is_ignored(visit: Visit) -> None:
    await visit[WRITE_ONLY].write_value(b"command")
    await visit[WRITE_ONLY].write_value(b"request", with_response=True)
    assert visit.written == [b"request"]


async def test_long_write_needs_permission_too(visit: Visit) -> None:
    assert await refusal(visit[OPEN].write_value(bytes(100), with_response=True)) == ErrorCode.WRITE_NOT_PERMITTED


async def test_subscribing_asks_for_what_the_characteristic_asks_for(visit: Visit) -> None:
    await visit[NOTIFY].subscribe()
    for protected in (ENCRYPTED, AUTHENTICATED):
        assert await refusal(visit[protected].subscribe()) == ErrorCode.INSUFFICIENT_AUTHENTICATION


async def test_bond_opens_and_just_works_is_not_authentication(visit: Visit, request: pytest.FixtureRequest) -> None:
    passkey = PASSKEY if "passkey" in request.node.name else None
    await visit.pair(passkey)
    await visit[ENCRYPTED].subscribe()
    if passkey is None:
        assert await refusal(visit[AUTHENTICATED].subscribe()) == ErrorCode.INSUFFICIENT_AUTHENTICATION
    else:
        await visit[AUTHENTICATED].subscribe()
