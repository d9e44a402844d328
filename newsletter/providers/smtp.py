"""smtp: a mail server of one's own, or any that takes mail by SMTP. What it tells later comes as mails:
`newsletter bounces` reads them.

Connections stay open and are used again, one a thread. A call that breaks off in the middle loses nothing of
what is known: those before are sent, the one at the final dot is in doubt, those after it were never begun.
"""

from __future__ import annotations

import ssl
import time
import weakref
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from queue import Empty, LifoQueue
from typing import Literal, TypeVar
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field

from newsletter import config
from newsletter.dkim import Signer, load_signer
from newsletter.errors import ConfigError, NotTaken, StopSending
from newsletter.providers import read_settings
from newsletter.smtp_server import Server
from newsletter.smtp_session import Gone, Mail, Result, Session
from newsletter.types import Message, Outgoing, Receipt

T = TypeVar("T")
PORTS = {"starttls": 587, "tls": 465, "none": 25}
MOST_DOUBTS = 3
"""Mails in a row that a server took without a word, after which no more are handed to it."""


CALL_WITHIN = 300.0
"""Seconds after which no further mail of a call is begun: the store waits a quarter of an hour to hear of it."""
MOST_REFUSALS = 5
"""Mails of one call, all refused for what is no fault of an address, that even a friendly server may refuse."""


class Settings(BaseModel):
    model_config = ConfigDict(extra="forbid")

    host: str | None = None
    port: int | None = Field(default=None, ge=1, le=65535)
    """None: 587 with STARTTLS, 465 with TLS, 25 with neither."""
    security: Literal["starttls", "tls", "none"] = "starttls"
    username: str | None = None
    password_file: str | None = None
    """The password; or NEWSLETTER_SMTP_PASSWORD."""
    ca_file: str | None = None
    """Whose certificates are believed beside none other; None: the system's authorities."""
    hello: str | None = None
    """What we call ourselves; None: this machine's name."""
    return_path: str | None = None
    """Where bounces go; None: to the sender."""
    per_connection: int = Field(default=500, ge=1)
    """Mails after which a connection is left: many servers take no more."""
    dkim_domain: str | None = None
    dkim_selector: str | None = None
    dkim_key_file: str | None = None
    """A private key in PEM, where the server does not sign by itself."""


class Smtp:
    name = "smtp"
    max_batch = 20
    """As many as may be in doubt after a power cut: the store is told after each call."""
    max_bytes: int | None = None
    settles: Literal["nothing"] = "nothing"

    def __init__(
        self, server: Server, *, return_path: str | None, per_connection: int, signer: Signer | None
    ) -> None:
        self._server = server
        self._return_path = return_path
        self._per_connection = per_connection
        self._sign: Callable[[bytes], bytes] = signer.sign if signer else lambda content: content
        self._idle: LifoQueue[Session] = LifoQueue()
        self._doubts = 0
        self._has_sent = False
        weakref.finalize(self, _hang_up, self._idle)

    def send(self, outgoing: Outgoing) -> list[Receipt]:
        """Raises NotTaken when nothing at all could be done, StopSending when the server will not have us."""
        if self._doubts >= MOST_DOUBTS:
            what = f"the mail server took {self._doubts} mails in a row and never answered"
            raise StopSending(what, hint="See in its log what became of them before you send on.")
        line = _Line(self._server, self._idle, self._per_connection)
        try:
            results = self._send_all(line, outgoing)
        finally:
            line.release()
        self._stop_if_it_is_us([result for _, result in results])
        return _receipts(outgoing, results)

    def _send_all(self, line: _Line, outgoing: Outgoing) -> list[tuple[Message, Result]]:
        """As far as it goes: one that is refused before it is heard of, or of which nobody knows, ends the call."""
        results: list[tuple[Message, Result]] = []
        until = time.monotonic() + CALL_WITHIN
        for (message, mail), following in _with_next(map(self._prepared, outgoing.messages())):
            if results and time.monotonic() > until:
                break
            try:
                result = line.send(mail, following[1] if following else None)
            except (Gone, NotTaken, StopSending) as error:
                _nothing_done(error, results)
                break
            self._note(result)
            if result.phase == "mail":  # it never heard of the reader: it is about us, or about now
                _nothing_done(_about_us(result), results)
                break
            results.append((message, result))
            if result.outcome == "unknown":
                break
        return results

    def _prepared(self, message: Message) -> tuple[Message, Mail]:
        sender = self._return_path or message.sender
        return message, Mail(sender, message.recipient, self._sign(message.content))

    def _note(self, result: Result) -> None:
        self._doubts = self._doubts + 1 if result.outcome == "unknown" else 0
        self._has_sent = self._has_sent or result.outcome == "sent"

    def _stop_if_it_is_us(self, results: list[Result]) -> None:
        """A whole call refused for what is no fault of its addresses, by a server that never took anything from
        us, or several mails long: it is about the sender, the words, our network or a day's allowance, and the
        next call would be refused as well."""
        if not results or not all(one.outcome == "refused" and one.is_policy for one in results):
            return
        if not self._has_sent or len(results) >= MOST_REFUSALS:
            raise StopSending(
                f"the mail server takes no mail from us: {results[0].said}",
                where=f"{self._server.host}:{self._server.port}",
                hint="It refused every mail of a call. No reader was written off.",
            )


class _Line:
    """The connection of one call: one that was used before, or a new one; in place of one that is given up, another."""

    def __init__(self, server: Server, idle: LifoQueue[Session], per_connection: int) -> None:
        self._server, self._idle, self._per_connection = server, idle, per_connection
        self._session: Session | None = None

    def send(self, mail: Mail, following: Mail | None) -> Result:
        """A connection that was used before may have been given up meanwhile, and nothing is taken by that."""
        while True:
            session, is_new = self._open()
            is_last = session.sent + 1 >= self._per_connection
            try:
                result = session.send(mail, None if is_last else following)
            except BaseException as error:
                self._close()
                if isinstance(error, Gone) and not is_new:
                    continue
                raise
            if is_last or result.outcome == "unknown":
                self._close()
            return result

    def release(self) -> None:
        """For the next call."""
        if self._session and self._session.is_free:
            self._idle.put(self._session)
            self._session = None
        self._close()

    def _open(self) -> tuple[Session, bool]:
        is_new = False
        if self._session is None:
            try:
                self._session = self._idle.get_nowait()
            except Empty:
                self._session, is_new = Session(self._server), True
        return self._session, is_new

    def _close(self) -> None:
        if self._session:
            self._session.close()
            self._session = None


def _with_next(prepared: Iterable[T]) -> Iterator[tuple[T, T | None]]:
    """Each with the one after it; None after the last."""
    coming = iter(prepared)
    here = next(coming, None)
    while here is not None:
        after = next(coming, None)
        yield here, after
        here = after


def _hang_up(idle: LifoQueue[Session]) -> None:
    while not idle.empty():
        idle.get_nowait().close()


def _nothing_done(error: Exception, results: list[tuple[Message, Result]]) -> None:
    """An error on the very first mail is the whole call's; later it only ends it."""
    if not results:
        if isinstance(error, Gone):
            raise NotTaken(f"the mail server broke off: {error}") from None
        raise error


def _about_us(result: Result) -> NotTaken | StopSending:
    what = f"the mail server takes no mail from this sender: {result.said}"
    if result.outcome == "later":
        return NotTaken(what)
    return StopSending(what, hint="See from in [newsletter] and return_path in [provider].")


def _receipts(outgoing: Outgoing, results: list[tuple[Message, Result]]) -> list[Receipt]:
    done = [
        Receipt(
            message.delivery_id,
            result.outcome,
            reference=result.said[:200] if result.outcome == "sent" else None,
            reason=None if result.outcome == "sent" else result.said[:500],
        )
        for message, result in results
    ]
    never = outgoing.recipients[len(done) :]
    return done + [Receipt(one.delivery_id, "later", reason="the call ended before it") for one in never]


# --- settings --------------------------------------------------------------------------------------------


def make(settings: config.Provider, root: Path) -> Smtp:
    own = read_settings(Settings, settings)
    given = urlsplit(settings.api_url or "")
    host = given.hostname or own.host
    if not host:
        raise ConfigError(
            "SMTP needs a server to hand mail to",
            where="newsletter.toml: [provider] host",
            hint='Write host = "mail.example.org".',
        )
    password = config.secret("smtp_password", root=root, file=own.password_file)
    if own.username and not password:
        raise ConfigError(
            f"SMTP needs a password for {own.username!r}",
            where="newsletter.toml: [provider]",
            hint="Set NEWSLETTER_SMTP_PASSWORD, or name a file that holds it with password_file.",
        )
    server = Server(
        host,
        given.port or own.port or PORTS[own.security],
        own.security,
        own.username,
        password,
        _tls(own, root),
        own.hello,
    )
    return Smtp(
        server, return_path=own.return_path, per_connection=own.per_connection, signer=_signer(own, root)
    )


def _tls(own: Settings, root: Path) -> ssl.SSLContext | None:
    if own.security == "none":
        return None
    try:
        return ssl.create_default_context(cafile=str(root / own.ca_file) if own.ca_file else None)
    except OSError as error:  # ssl's own errors are, too
        raise ConfigError(f"the certificates cannot be read: {error}", where=str(own.ca_file)) from None


def _signer(own: Settings, root: Path) -> Signer | None:
    given = {"dkim_domain": own.dkim_domain, "dkim_selector": own.dkim_selector}
    if not own.dkim_key_file:
        if missing := [name for name, value in given.items() if value]:
            where = f"newsletter.toml: [provider] {missing[0]}"
            raise ConfigError("there is no DKIM key", where=where, hint="Name its file with dkim_key_file.")
        return None
    for name, value in given.items():
        if not value:
            where = f"newsletter.toml: [provider] {name}"
            raise ConfigError("a DKIM key needs its domain and its selector", where=where)
    return load_signer(
        root / own.dkim_key_file, domain=own.dkim_domain or "", selector=own.dkim_selector or ""
    )
