"""A broker says, byte by byte, that another connection came under our name."""

import queue
import socket
import threading

from edge.mqtt_line import LineHandlers, MqttLine

_GREETING = bytes([0x20, 3, 0, 0, 0])
_TAKEN_OVER = bytes([0xE0, 2, 0x8E, 0])
PATIENCE_S = 10.0


def test_a_session_that_is_taken_over_is_noticed_and_a_lost_one_is_not() -> None:
    downs: queue.SimpleQueue[None] = queue.SimpleQueue()
    handlers = LineHandlers(
        arrived=lambda _arrived: None,
        up=lambda _kept: None,
        down=lambda: downs.put(None),
        sent=lambda _mid, _ok: None,
        last_will=lambda: None,
    )
    with socket.create_server(("127.0.0.1", 0)) as server:
        line = MqttLine("twin", server.getsockname(), (), handlers)

        def serve() -> None:
            for farewell in (b"", _TAKEN_OVER):
                connection, _ = server.accept()
                with connection:
                    connection.recv(1024)
                    connection.sendall(_GREETING + farewell)

        threading.Thread(target=serve, daemon=True).start()
        line.start()
        try:
            downs.get(timeout=PATIENCE_S)
            assert not line.taken_over(60.0)
            downs.get(timeout=PATIENCE_S)
            assert line.taken_over(60.0)
        finally:
            line.stop()
