"""One SMTP connection, one mail after the other, and what is known of each at every step (RFC 5321).

smtplib raises the same error before and after the final dot. Here the steps are driven one by one: up to the
dot nothing is taken whatever happens; only "dot sent, no reply" may have been.
"""

from __future__ import annotations

import contextlib
import re
import smtplib
import socket
import ssl
import time
from dataclasses import dataclass
from typing import Literal, NamedTuple

from newsletter.smtp_server import Server, open_connection

LONGEST_REPLY = 64 * 1024
_DOTTED = re.compile(rb"\n\.").search
"""Few mails have a line that begins with a dot, and looking for one so takes less than half the time."""


class Reply(NamedTuple):
    code: int
    text: str

    @property
    def status(self) -> str:
        """The enhanced code (RFC 3463), such as 5.1.1; empty when it gives none."""
        found = re.match(r"[245]\.\d{1,3}\.\d{1,3}\b", self.text)
        return found[0] if found else ""

    def __str__(self) -> str:
        return f"{self.code} {self.text}"


@dataclass(frozen=True, slots=True)
class Result:
    outcome: Literal["sent", "refused", "later", "unknown"]
    said: str
    phase: Literal["mail", "rcpt", "data", "dot"]
    is_policy: bool = False
    """Of a refusal: it may be about us, or about the mail, rather than about the address."""


class Mail(NamedTuple):
    sender: str
    """Where bounces go."""
    recipient: str
    content: bytes


class Gone(Exception):
    """The connection is of no more use, and the mail in hand was certainly not taken."""


class Session:
    """An open connection. Used by one thread at a time."""

    def __init__(self, server: Server) -> None:
        """Connects and logs in. Raises NotTaken when the server cannot be reached or is busy, StopSending when
        it will not have us."""
        self._server = server
        self._smtp = open_connection(server)
        self._sock: socket.socket = self._smtp.sock  # type: ignore[assignment]  # it is connected
        self._rest = b""
        self._pipelines = self._smtp.has_extn("pipelining")
        self._utf8 = self._smtp.has_extn("smtputf8")
        self._size = self._smtp.has_extn("size")
        self._asked_for: Mail | None = None
        """Whose steps were sent, and not yet their content."""
        self.sent = 0
        """Mails this connection was used for."""
        with contextlib.suppress(OSError):
            self._sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def send(self, mail: Mail, following: Mail | None = None) -> Result:
        """One mail. Raises Gone.

        Where the server allows it, the steps of the `following` one go along with this one's content, which spares
        waiting for their answer (RFC 2920, section 3.1). Then it must be the next one here, or there is no next.
        """
        if not self._carries(mail):
            said = "the server takes no address with letters outside ASCII before the @"
            return Result("refused", said, "rcpt")
        self.sent += 1
        asked, self._asked_for = self._asked_for is mail, None
        return self._ask(mail, asked) or self._hand_over(mail.content, following)

    @property
    def is_free(self) -> bool:
        """False when it waits for the content of a mail whose steps were sent ahead."""
        return self._asked_for is None

    def close(self) -> None:
        """Without a fuss: nothing is lost with a connection."""
        with contextlib.suppress(OSError, Gone, smtplib.SMTPException):
            self._sock.settimeout(1)
            if self.is_free:
                self._sock.sendall(b"QUIT\r\n")
        with contextlib.suppress(OSError):
            self._smtp.close()

    # --- up to the dot -----------------------------------------------------------------------------------

    def _ask(self, mail: Mail, asked: bool) -> Result | None:
        """The steps before the content, in one go where the server allows it; None: go ahead. `asked`: they were
        sent ahead, and only their answers are still to be read."""
        phases: tuple[Literal["mail", "rcpt", "data"], ...] = ("mail", "rcpt", "data")
        steps = self._steps(mail)
        groups = [steps] if self._pipelines else [[step] for step in steps]
        replies: list[Reply] = []
        for group in groups:
            if not asked:
                self._write("".join(group).encode())
            replies += [self._read(self._server.reply_within) for _ in group]
            if (bad := _first_refusal(replies)) is not None:
                self._clear(replies)
                return _result(replies[bad], phases[bad])
        return None

    def _steps(self, mail: Mail) -> list[str]:
        extras = f" SIZE={len(mail.content)}" if self._size else ""
        extras += " SMTPUTF8 BODY=8BITMIME" if not mail.recipient.isascii() else ""
        return [f"MAIL FROM:<{mail.sender}>{extras}\r\n", f"RCPT TO:<{mail.recipient}>\r\n", "DATA\r\n"]

    def _carries(self, mail: Mail) -> bool:
        return self._utf8 or mail.recipient.isascii()

    def _clear(self, replies: list[Reply]) -> None:
        """Leave nothing begun: content that was asked for all the same is empty, then start anew."""
        if len(replies) == 3 and replies[2].code == 354:
            self._write(b".\r\n")
            self._read(self._server.reply_within)
        self._write(b"RSET\r\n")
        self._read(self._server.reply_within)

    def _hand_over(self, content: bytes, following: Mail | None) -> Result:
        stuffed = content.replace(b"\r\n.", b"\r\n..") if _DOTTED(content) else content
        if stuffed.startswith(b"."):
            stuffed = b"." + stuffed
        ahead = b""
        if following and self._pipelines and self._carries(following):
            self._asked_for = following
            ahead = "".join(self._steps(following)).encode()
        self._write_mail(stuffed + (b".\r\n" if stuffed.endswith(b"\r\n") else b"\r\n.\r\n"), ahead)
        try:
            reply = self._read(self._server.taken_within)
        except Gone as gone:
            return Result("unknown", f"the mail was handed over and no answer came: {gone}", "dot")
        return _result(reply, "dot")

    # --- the wire ----------------------------------------------------------------------------------------

    def _write(self, data: bytes) -> None:
        try:
            self._sock.settimeout(self._server.reply_within)
            self._sock.sendall(data)
        except OSError as error:
            raise Gone(str(error)) from None

    def _write_mail(self, mail: bytes, ahead: bytes) -> None:
        """The mail with its dot, and what goes ahead of the next. Raises Gone only when some of the mail's end was
        not even handed to the network: then the dot never went out."""
        if isinstance(self._sock, ssl.SSLSocket):  # of a write that fails it does not say how much went
            self._write(mail)
            with contextlib.suppress(Gone):
                self._write(ahead)
            return
        left = memoryview(mail + ahead)
        try:
            self._sock.settimeout(self._server.reply_within)
            while left:
                left = left[self._sock.send(left) :]
        except OSError as error:
            if len(left) > len(ahead):
                raise Gone(str(error)) from None

    def _read(self, within: float) -> Reply:
        """One reply, of one line or several. The time is for all of it: each byte of a drip would begin a socket's
        own anew. Raises Gone, also for 421, with which a server takes its leave."""
        until, lines = time.monotonic() + within, []
        while True:
            line = self._line(until)
            if not re.match(rb"[2-5][0-9]{2}([ -]|$)", line):
                raise Gone(f"the server said something that is no reply: {line[:80]!r}")
            lines.append(line[4:].decode("utf-8", "replace").strip())
            if line[3:4] != b"-":
                break
        reply = Reply(int(line[:3]), " ".join(lines))
        if reply.code == 421:
            raise Gone(str(reply))
        return reply

    def _line(self, until: float) -> bytes:
        while b"\n" not in self._rest:
            left = until - time.monotonic()
            try:
                self._sock.settimeout(max(left, 0.001))
                more = self._sock.recv(65536) if left > 0 else b""
            except OSError as error:
                raise Gone(str(error) or type(error).__name__) from None
            if not more or len(self._rest) > LONGEST_REPLY:
                raise Gone("the server hung up" if left > 0 else "no answer in time")
            self._rest += more
        line, _, self._rest = self._rest.partition(b"\n")
        return line.rstrip(b"\r")


def _first_refusal(replies: list[Reply]) -> int | None:
    """Which reply is not what the step hopes for: 2xx, and 354 for DATA."""
    for place, reply in enumerate(replies):
        if reply.code // 100 != (3 if place == 2 else 2):
            return place
    return None


def _result(reply: Reply, phase: Literal["mail", "rcpt", "data", "dot"]) -> Result:
    if phase == "dot" and reply.code // 100 == 2:
        return Result("sent", reply.text, phase)
    if reply.code // 100 == 5:
        of_address = phase == "rcpt" and (
            reply.status[2:4] in ("1.", "2.") if reply.status else reply.code in (550, 551, 552, 553)
        )
        return Result("refused", str(reply), phase, is_policy=not of_address)
    if phase == "dot" and reply.code // 100 != 4:
        return Result("unknown", str(reply), phase)
    return Result("later", str(reply), phase)
