"""The Record Access Control Point of a glucometer on the air: one procedure a connection, ended by an indication."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Generic

from bumble.att import ATT_Error, AttributeValue, ErrorCode
from bumble.device import Connection, Device
from bumble.gatt import Characteristic

from firmware_sim.peripherals.assigned import assigned
from firmware_sim.peripherals.device_services import INDICATE, WRITE, Access
from firmware_sim.peripherals.record_selection import R, selected
from protocols.errors import ProtocolError
from protocols.gatt import uuids
from protocols.gatt.record_access import (
    OpCode,
    RecordAccessAnswer,
    RecordAccessCommand,
    RecordAccessResponse,
    RecordCount,
    ResponseCode,
    decode_record_access_command,
    encode_record_access_answer,
)

_NOTIFICATIONS, _INDICATIONS = 1, 2


class RecordAccessPoint(Generic[R]):
    """`characteristic` belongs into the glucose service of `device`."""

    def __init__(
        self,
        device: Device,
        measurement: Characteristic[bytes],
        access: Access,
        *,
        records: Callable[[], Sequence[R]],
        send: Callable[[Connection, R], Awaitable[None]],
        handed_over: Callable[[Sequence[R]], None],
        deleted: Callable[[Sequence[R]], None] | None = None,
    ) -> None:
        """`send` puts one record on the air, on `measurement`; `handed_over` is told which records went out whole.

        `deleted` is told which are to go; None refuses to delete.
        """
        self._device = device
        self._measurement = measurement
        self._records = records
        self._send = send
        self._handed_over = handed_over
        self._deleted = deleted
        self._running: dict[Connection, asyncio.Task[None]] = {}
        self._answered: set[Connection] = set()
        """Whose procedure has given its answer: a command that comes now comes behind the confirmation."""
        self.characteristic: Characteristic[bytes] = Characteristic(
            assigned(uuids.RECORD_ACCESS_CONTROL_POINT),
            WRITE | INDICATE,
            access.write,
            AttributeValue(write=self._commanded),
        )
        device.on(Device.EVENT_CONNECTION, self._connected)

    async def stop(self) -> None:
        running = list(self._running.values())
        for procedure in running:
            procedure.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    def _connected(self, connection: Connection) -> None:
        connection.on(Connection.EVENT_DISCONNECTION, lambda _reason: self._end(connection))

    def _end(self, connection: Connection) -> None:
        self._answered.discard(connection)
        procedure = self._running.pop(connection, None)
        if procedure is not None:
            procedure.cancel()

    def _commanded(self, connection: Connection, value: bytes) -> None:
        """A write by the client: refused with an ATT error, or answered by an indication later."""
        self._need_subscription(connection, self.characteristic, _INDICATIONS)
        try:
            command = decode_record_access_command(value)
        except ProtocolError as error:
            raise ATT_Error(ErrorCode.INVALID_ATTRIBUTE_LENGTH) from error
        if command.op_code == OpCode.ABORT:
            self._end(connection)
            self._begin(connection, self._answer(connection, _response(command, ResponseCode.SUCCESS)))
            return
        if connection in self._running and connection not in self._answered:
            raise ATT_Error(ErrorCode.PROCEDURE_ALREADY_IN_PROGRESS)
        if command.op_code == OpCode.REPORT_RECORDS:
            self._need_subscription(connection, self._measurement, _NOTIFICATIONS)
        self._begin(connection, self._carry_out(connection, command))

    def _need_subscription(self, connection: Connection, characteristic: Characteristic[bytes], bit: int) -> None:
        cccd = self._device.gatt_server.subscribers.get(connection, {}).get(characteristic.handle, b"\0\0")
        if not cccd[0] & bit:
            raise ATT_Error(ErrorCode.CCCD_IMPROPERLY_CONFIGURED)

    def _begin(self, connection: Connection, procedure: Coroutine[None, None, None]) -> None:
        self._answered.discard(connection)
        task = asyncio.get_running_loop().create_task(procedure)
        self._running[connection] = task
        task.add_done_callback(lambda done: self._forget(connection, done))

    def _forget(self, connection: Connection, done: asyncio.Task[None]) -> None:
        if self._running.get(connection) is done:
            del self._running[connection]

    async def _carry_out(self, connection: Connection, command: RecordAccessCommand) -> None:
        choice = selected(command, self._records(), lets_delete=self._deleted is not None)
        if isinstance(choice, ResponseCode):
            await self._answer(connection, _response(command, choice))
        elif command.op_code == OpCode.REPORT_COUNT:
            await self._answer(connection, RecordCount(len(choice)))
        elif not choice:
            await self._answer(connection, _response(command, ResponseCode.NO_RECORDS_FOUND))
        elif command.op_code == OpCode.DELETE_RECORDS and self._deleted is not None:
            self._deleted(choice)
            await self._answer(connection, _response(command, ResponseCode.SUCCESS))
        else:
            for record in choice:
                await self._send(connection, record)
                await connection.drain()  # so that an abort finds something left to abort
            await self._answer(connection, _response(command, ResponseCode.SUCCESS))
            self._handed_over(choice)

    async def _answer(self, connection: Connection, answer: RecordAccessAnswer) -> None:
        """Returns once the client has confirmed it."""
        self._answered.add(connection)
        await self._device.gatt_server.indicate_subscriber(
            connection, self.characteristic, encode_record_access_answer(answer)
        )


def _response(command: RecordAccessCommand, code: ResponseCode) -> RecordAccessResponse:
    return RecordAccessResponse(command.op_code, code)
