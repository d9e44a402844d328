"""A mail server on loopback that says what it is told to, and hangs up where it is told to: no library does."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

HANG_UP = "hang up"
"""As a reply: the connection is torn down instead."""
SAY_NOTHING = "say nothing"
"""As a reply: from here on the server says nothing at all, as one that hangs."""

Answer = Callable[[str, str], str | None]
"""From a step (`MAIL`, `RCPT`, `DATA`, `.`, or `+` for content that begins) and its reader's address to a reply;
None: the usual one."""


@dataclass
class Mailbox:
    port: int
    answer: Answer
    pipelining: bool = True
    mails: list[tuple[str, str, bytes]] = field(default_factory=list)
    """Sender, reader and content of each mail that was taken, in order."""
    connections: int = 0
    commands: list[str] = field(default_factory=list)
    hellos: str = "SIZE 10000000"


USUAL = {"MAIL": "250 2.1.0 Ok", "RCPT": "250 2.1.5 Ok", "DATA": "354 Go", ".": "250 2.0.0 Ok: queued as {n}"}


class _HungUp(Exception):
    pass


class _Talk:
    """One connection."""

    def __init__(self, connection: socket.socket, box: Mailbox) -> None:
        self._connection, self._box = connection, box
        self._file = connection.makefile("rb")
        self._sender = self._reader = ""

    def run(self) -> None:
        self._say("220 stub ESMTP")
        while line := self._file.readline():
            command = line.decode().strip()
            self._box.commands.append(command)
            word = command.split(" ")[0].split(":")[0].upper()
            if word == "EHLO":
                offers = [*(["PIPELINING"] if self._box.pipelining else []), self._box.hellos]
                self._say(
                    "\r\n".join(["250-stub", *(f"250-{one}" for one in offers[:-1]), f"250 {offers[-1]}"])
                )
            elif word == "QUIT":
                return
            elif word == "RSET":
                self._sender = self._reader = ""
                self._say("250 2.0.0 Ok")
            else:
                self._step(word, command)

    def _step(self, word: str, command: str) -> None:
        if word == "MAIL":
            if self._sender:
                self._say("503 5.5.1 nested MAIL command")
                return
            self._sender = command.partition("<")[2].partition(">")[0]
        elif word == "RCPT":
            self._reader = command.partition("<")[2].partition(">")[0]
        if self._reply(word).startswith("354"):
            self._content()

    def _content(self) -> None:
        if self._box.answer("+", self._reader) == HANG_UP:
            self._connection.recv(100)
            self._tear()
        lines = []
        while (line := self._file.readline()) != b".\r\n":
            if not line:
                raise _HungUp
            lines.append(line[1:] if line.startswith(b".") else line)
        if not lines:
            return self._say("554 5.5.1 no mail")
        given = self._box.answer(".", self._reader)
        usual = USUAL["."].format(n=len(self._box.mails) + 1)
        if given is None or given.startswith("2"):
            self._box.mails.append((self._sender, self._reader, b"".join(lines)))
        self._sender = ""
        return self._give(given or usual)

    def _reply(self, step: str) -> str:
        given = self._box.answer(step, self._reader) or USUAL[step]
        self._give(given)
        return given

    def _give(self, given: str) -> None:
        if given == HANG_UP:
            self._tear()
        if given == SAY_NOTHING:
            while self._file.read(1024):
                pass
            raise _HungUp
        self._say(given)

    def _say(self, text: str) -> None:
        self._connection.sendall(f"{text}\r\n".encode())

    def _tear(self) -> None:
        self._connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        raise _HungUp


@contextmanager
def mail_server(answer: Answer = lambda step, reader: None, *, pipelining: bool = True) -> Iterator[Mailbox]:
    listener = socket.create_server(("127.0.0.1", 0))
    box = Mailbox(listener.getsockname()[1], answer, pipelining)
    threads: list[threading.Thread] = []

    def talk(connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError, _HungUp):
            one = _Talk(connection, box)
            try:
                one.run()
            finally:
                one._file.close()

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            box.connections += 1
            threads.append(threading.Thread(target=talk, args=(connection,), daemon=True))
            threads[-1].start()

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield box
    finally:
        listener.close()
