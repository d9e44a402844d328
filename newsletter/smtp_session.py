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

from newsletter.errors import NotTaken, StopSending

CONNECT_WITHIN = 10.0
REPLY_WITHIN = 60.0
TAKEN_WITHIN = 300.0
"""Seconds for the answer to the dot: servers look at the whole mail before they give it (section 4.5.3.2.6)."""
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


class Gone(Exception):
    """The connection is of no more use, and the mail in hand was certainly not taken."""


@dataclass(frozen=True, slots=True)
class Server:
    """Where to, and as whom."""

    host: str
    port: int
    security: Literal["starttls", "tls", "none"] = "starttls"
    username: str | None = None
    password: str | None = None
    tls: ssl.SSLContext | None = None
    hello: str | None = None
    """What we call ourselves in EHLO; None: this machine's own name."""
    reply_within: float = REPLY_WITHIN
    taken_within: float = TAKEN_WITHIN


class Session:
    """An open connection. Used by one thread at a time."""

    def __init__(self, server: Server) -> None:
        """Connects and logs in. Raises NotTaken when the server cannot be reached or is busy, StopSending when
        it will not have us."""
        self._server = server
        self._smtp = _open(server)
        self._sock: socket.socket = self._smtp.sock  # type: ignore[assignment]  # it is connected
        self._rest = b""
        self._pipelines = self._smtp.has_extn("pipelining")
        self._utf8 = self._smtp.has_extn("smtputf8")
        self._size = self._smtp.has_extn("size")
        self.sent = 0
        """Mails this connection was used for."""
        with contextlib.suppress(OSError):
            self._sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def send(self, sender: str, recipient: str, content: bytes) -> Result:
        """One mail. Raises Gone."""
        if not recipient.isascii() and not self._utf8:
            said = "the server takes no address with letters outside ASCII before the @"
            return Result("refused", said, "rcpt")
        self.sent += 1
        extras = f" SIZE={len(content)}" if self._size else ""
        extras += " SMTPUTF8 BODY=8BITMIME" if not recipient.isascii() else ""
        steps = [f"MAIL FROM:<{sender}>{extras}", f"RCPT TO:<{recipient}>", "DATA"]
        stop = self._ask(steps)
        return stop or self._hand_over(content)

    def close(self) -> None:
        """Without a fuss: nothing is lost with a connection."""
        with contextlib.suppress(OSError, Gone, smtplib.SMTPException):
            self._sock.settimeout(1)
            self._sock.sendall(b"QUIT\r\n")
        with contextlib.suppress(OSError):
            self._smtp.close()

    # --- up to the dot -----------------------------------------------------------------------------------

    def _ask(self, steps: list[str]) -> Result | None:
        """The steps before the content, in one go where the server allows it (RFC 2920); None: go ahead."""
        phases: tuple[Literal["mail", "rcpt", "data"], ...] = ("mail", "rcpt", "data")
        groups = [steps] if self._pipelines else [[step] for step in steps]
        replies: list[Reply] = []
        for group in groups:
            self._write("".join(f"{step}\r\n" for step in group).encode())
            replies += [self._read(self._server.reply_within) for _ in group]
            if (bad := _first_refusal(replies)) is not None:
                self._clear(replies)
                return _result(replies[bad], phases[bad])
        return None

    def _clear(self, replies: list[Reply]) -> None:
        """Leave nothing begun: content that was asked for all the same is empty, then start anew."""
        if len(replies) == 3 and replies[2].code == 354:
            self._write(b".\r\n")
            self._read(self._server.reply_within)
        self._write(b"RSET\r\n")
        self._read(self._server.reply_within)

    def _hand_over(self, content: bytes) -> Result:
        stuffed = content.replace(b"\r\n.", b"\r\n..") if _DOTTED(content) else content
        if stuffed.startswith(b"."):
            stuffed = b"." + stuffed
        # One write. When it fails, some of its end was not even handed to the network: the dot never went out.
        self._write(stuffed + (b".\r\n" if stuffed.endswith(b"\r\n") else b"\r\n.\r\n"))
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


# --- opening ---------------------------------------------------------------------------------------------


def _open(server: Server) -> smtplib.SMTP:
    where = f"{server.host}:{server.port}"
    smtp: smtplib.SMTP | None = None
    try:
        smtp = _connect(server)
        _greet(smtp, server)
    except BaseException as error:
        if smtp:
            smtp.close()
        if isinstance(error, ssl.SSLCertVerificationError):
            what = f"the server's certificate does not hold: {error.verify_message}"
            raise StopSending(
                what, where=where, hint="A server of your own? Name its CA with ca_file."
            ) from None
        if isinstance(error, smtplib.SMTPResponseException):
            _refused(error, where)
        if type(error) in (smtplib.SMTPNotSupportedError, smtplib.SMTPException):
            hint = "See security, username and port in [provider]."
            raise StopSending(str(error), where=where, hint=hint) from None
        if isinstance(error, OSError):  # smtplib's own are, too
            what = f"the mail server could not be reached: {error}"
            raise NotTaken(what, where=where, hint="Nothing was sent. It is tried again.") from None
        raise
    return smtp


def _connect(server: Server) -> smtplib.SMTP:
    """An object of the right kind, connected and greeted. Its own `connect` would leave the socket open when the
    greeting is not 220."""
    if server.security == "tls":
        context = server.tls or ssl.create_default_context()
        smtp: smtplib.SMTP = smtplib.SMTP_SSL(
            timeout=CONNECT_WITHIN, context=context, local_hostname=server.hello
        )
    else:
        smtp = smtplib.SMTP(timeout=CONNECT_WITHIN, local_hostname=server.hello)
    smtp._host = server.host  # type: ignore[attr-defined]  # the name its certificate must have
    try:
        code, said = smtp.connect(server.host, server.port)
        if code != 220:
            raise smtplib.SMTPConnectError(code, said)
    except BaseException:
        smtp.close()
        raise
    return smtp


def _greet(smtp: smtplib.SMTP, server: Server) -> None:
    assert smtp.sock
    smtp.sock.settimeout(server.reply_within)
    smtp.ehlo_or_helo_if_needed()
    if server.security == "starttls":
        smtp.starttls(context=server.tls or ssl.create_default_context())
        smtp.ehlo_or_helo_if_needed()
    if server.username is not None:
        smtp.login(server.username, server.password or "")


def _refused(error: smtplib.SMTPResponseException, where: str) -> None:
    said = (
        error.smtp_error.decode("utf-8", "replace")
        if isinstance(error.smtp_error, bytes)
        else error.smtp_error
    )
    what = f"the mail server will not have us: {error.smtp_code} {said}"
    if 400 <= error.smtp_code < 500 or error.smtp_code == -1:
        raise NotTaken(what, where=where) from None
    raise StopSending(what, where=where, hint="Check username and NEWSLETTER_SMTP_PASSWORD.") from None
