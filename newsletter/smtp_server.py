"""A mail server to hand mail to: where it is, what it is called by, and opening a connection (RFC 5321)."""

from __future__ import annotations

import smtplib
import ssl
from dataclasses import dataclass
from typing import Literal

from newsletter.errors import NotTaken, StopSending

CONNECT_WITHIN = 10.0
REPLY_WITHIN = 60.0
TAKEN_WITHIN = 300.0
"""Seconds for the answer to the dot: servers look at the whole mail before they give it (section 4.5.3.2.6)."""


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


def open_connection(server: Server) -> smtplib.SMTP:
    """Greeted and logged in. Raises NotTaken when the server cannot be reached or is busy, StopSending when it will
    not have us."""
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
