"""A server on loopback that answers each connection as a script says, byte by byte: faults no framework can make."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

Script = Callable[[socket.socket, bytes], None]


@dataclass
class Scripted:
    url: str
    requests: list[bytes] = field(default_factory=list)


@contextmanager
def scripted(script: Script) -> Iterator[Scripted]:
    """Serve `script(connection, request)` on a free port; what was asked is kept in `requests`."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = Scripted(f"http://127.0.0.1:{listener.getsockname()[1]}/send")

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=one, args=(connection,), daemon=True).start()

    def one(connection: socket.socket) -> None:
        with connection:
            request = read_request(connection)
            server.requests.append(request)
            with contextlib.suppress(OSError):
                script(connection, request)

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield server
    finally:
        listener.close()


def read_request(connection: socket.socket) -> bytes:
    data = b""
    while b"\r\n\r\n" not in data:
        data += connection.recv(65536)
    head, _, body = data.partition(b"\r\n\r\n")
    length = next((int(x[15:]) for x in head.lower().split(b"\r\n") if x.startswith(b"content-length:")), 0)
    while len(body) < length:
        body += connection.recv(65536)
    return head + b"\r\n\r\n" + body


def answer(status: str, body: bytes = b"", *headers: str, length: int | None = None) -> Script:
    # Said, not only done: a caller that did not see the end yet would use the connection once more.
    lines = [
        f"HTTP/1.1 {status}",
        "Connection: close",
        f"Content-Length: {len(body) if length is None else length}",
        *headers,
        "",
        "",
    ]

    def send(connection: socket.socket, _request: bytes) -> None:
        connection.sendall("\r\n".join(lines).encode() + body)

    return send


def reset(connection: socket.socket, _request: bytes) -> None:
    """The connection is torn down after the request was read."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def silence(connection: socket.socket, _request: bytes) -> None:
    time.sleep(3)


def drip(connection: socket.socket, _request: bytes) -> None:
    """A byte now and then: never a timeout between two, never an end."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
    for _ in range(60):
        connection.sendall(b" ")
        time.sleep(0.1)
