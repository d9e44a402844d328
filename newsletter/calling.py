"""One HTTP call to a provider, and what is known after it. The verdict is made here, once, for all of them.

    no connection, no name, no answer to connecting        NotTaken
    408, 425, 429                                          NotTaken, with the seconds we are asked to wait
    401 to 405, 407; a redirect                            StopSending: no call can work until a person acts
    any other 4xx                                          Rejected: nothing taken, and nothing will be as it is,
                                                           unless the provider's own code says more: see `Known`
    5xx, a cut or unreadable answer, too slow an answer    MaybeTaken: it may have struck after the provider took it

A connection that broke while it was used is never retried here: urllib3 would send the body again. And one that
was idle for a while is not used again: its server may just be closing it, and a call made then may have been taken.
"""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, NoReturn

from newsletter.errors import MaybeTaken, NotTaken, ProviderError, Rejected, StopSending

if TYPE_CHECKING:
    import requests

CONNECT_WITHIN = 10.0
ANSWER_WITHIN = 60.0
"""Seconds for the whole answer: a read timeout alone is begun anew by each byte of a slow drip."""
IDLE = 4.0
"""Seconds after which a connection is closed rather than used again: the shortest that servers commonly wait is 5."""
LONGEST_ANSWER = 8 * 1024 * 1024

ABOUT_THE_ACCOUNT = (402, 404, 405, 407)
"""Paid for, found, allowed: what every call would be told alike, never something about one reader."""
COME_AGAIN = (408, 425, 429)

RESETS = ("ratelimit-reset", "x-ratelimit-reset", "x-sib-ratelimit-reset")
"""Headers that say when the allowance is renewed: Resend, SendGrid and Mailgun, Brevo."""
IN_WORDS = re.compile(rb"after (\d{1,5}) ?s")
"""Mailgun's `try again after 30 seconds`."""

Known = Callable[[int, Mapping[str, str], bytes], type[ProviderError] | None]
"""What a provider's own error code tells of a 4xx, from status, headers and body, where that is more than its
status: that it is about the account and not about this mail, too much at once, a key that was used. None: what
its status says."""


@dataclass(frozen=True, slots=True)
class Answered:
    """A 2xx answer, read to its end."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """Raises MaybeTaken: it was a success of which we cannot read what succeeded."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            raise MaybeTaken(
                "the provider answered with something that is not JSON", where=str(self.status)
            ) from None


class Caller:
    """Calls one provider. Safe to share between threads: each has connections of its own."""

    def __init__(
        self,
        name: str,
        *,
        connect_within: float = CONNECT_WITHIN,
        answer_within: float = ANSWER_WITHIN,
        known: Known = lambda _status, _headers, _body: None,
    ) -> None:
        self.name = name
        self._known = known
        self._times = connect_within, answer_within
        self._local = threading.local()

    def post(self, url: str, **request: Any) -> Answered:
        return self.call("POST", url, **request)

    def ask(self, url: str, **request: Any) -> Answered:
        """A GET, which changes nothing. Raises NotTaken when there is no answer, StopSending when there never is."""
        try:
            return self.call("GET", url, **request)
        except MaybeTaken as error:
            raise NotTaken(error.what, where=error.where, hint=error.hint) from None

    def ask_json(self, method: str, url: str, **request: Any) -> Any:
        """A question, for JSON. Raises as `ask` does, also when the answer cannot be read."""
        try:
            return self.call(method, url, **request).json()
        except MaybeTaken as error:
            raise NotTaken(error.what, where=error.where, hint=error.hint) from None

    def call(self, method: str, url: str, **request: Any) -> Answered:
        """`request` as requests takes it: headers, data, json, files, auth, params.

        Raises NotTaken, Rejected, MaybeTaken or StopSending.
        """
        import requests
        from urllib3.exceptions import HTTPError

        until = time.monotonic() + self._times[1]
        try:
            response = self._session().request(
                method, url, timeout=self._times, stream=True, allow_redirects=False, **request
            )
            with response:
                body = self._read(response, until)
        except (requests.RequestException, HTTPError) as error:
            self._broke_off(error, url)
        finally:
            self._local.used = time.monotonic()
        return self._judge(response, body, url)

    def _session(self) -> requests.Session:
        import requests

        if not hasattr(self._local, "session"):
            self._local.session = requests.Session()
        elif time.monotonic() - self._local.used > IDLE:
            self._local.session.close()
        session: requests.Session = self._local.session
        return session

    def _read(self, response: requests.Response, until: float) -> bytes:
        parts, size = [], 0
        # What has come so far, each time: requests' own way waits until so many bytes are there.
        while part := response.raw.read1(65536, decode_content=True):
            parts.append(part)
            size += len(part)
            if time.monotonic() > until or size > LONGEST_ANSWER:
                raise MaybeTaken(f"{self.name} answered too slowly or too much", where=response.url)
        return b"".join(parts)

    def _broke_off(self, error: Exception, url: str) -> NoReturn:
        """Before the first byte could go out, nothing was taken; after that nobody knows."""
        what = f"{self.name} could not be reached: {_cause(error)}"
        if _never_connected(error):
            raise NotTaken(what, where=url, hint="Nothing was sent. It is tried again.") from None
        raise MaybeTaken(f"the connection to {self.name} broke off: {_cause(error)}", where=url) from None

    def _judge(self, response: requests.Response, body: bytes, url: str) -> Answered:
        status = response.status_code
        if 200 <= status < 300:
            return Answered(status, response.headers, body)
        said = f"{self.name} answered {status}: {body[:300].decode('utf-8', 'replace').strip()}"
        if status in (401, 403):
            raise StopSending(said, where=url, hint="Check the key in NEWSLETTER_API_KEY and its rights.")
        if 300 <= status < 400:
            raise StopSending(said, where=url, hint="Its address is another one: see [provider] api_url.")
        known = self._known(status, response.headers, body) if 400 <= status < 500 else None
        if known is StopSending or (known is None and status in ABOUT_THE_ACCOUNT):
            raise StopSending(
                said, where=url, hint="It is about the account or its settings, not about this mail."
            )
        if known is NotTaken or (known is None and status in COME_AGAIN):
            raise NotTaken(said, where=url, retry_after=retry_after(response.headers, body))
        if known is not None:
            raise known(said, where=url)
        if 400 <= status < 500:
            raise Rejected(said, where=url)
        raise MaybeTaken(said, where=url)


def _never_connected(error: Exception) -> bool:
    """requests' own classes do not tell: the reason inside does."""
    import requests
    from urllib3.exceptions import MaxRetryError, NewConnectionError

    if isinstance(error, requests.ConnectTimeout):
        return True
    inner = error.args[0] if error.args else None
    if isinstance(inner, MaxRetryError):
        inner = inner.reason
    return isinstance(inner, NewConnectionError)


def _cause(error: Exception) -> str:
    inner: Any = error.args[0] if error.args else error
    reason = getattr(inner, "reason", None) or inner
    return str(reason).rpartition(": ")[2] or type(error).__name__


def retry_after(headers: Mapping[str, str], said: bytes = b"") -> float | None:
    """Seconds to wait, or None when the answer does not say. Never more than a day.

    By Retry-After (RFC 9110, section 10.2.3: a number, or a moment by the server's own clock), else by when the
    allowance is renewed, else by what the answer says in words.
    """
    known = {name.lower(): value.strip() for name, value in headers.items()}
    clock = _moment(known.get("date", ""))
    wait = _asked_for(known.get("retry-after", ""), clock)
    if wait is None:
        wait = next((_until(known[name], clock) for name in RESETS if name in known), None)
    if wait is None and (words := IN_WORDS.search(said)):
        wait = float(words[1])
    return None if wait is None else min(max(0.0, wait), 86_400.0)


def _asked_for(value: str, clock: float | None) -> float | None:
    if value.isascii() and value.isdigit():
        return float(value)
    moment = _moment(value)
    return None if moment is None or clock is None else moment - clock


def _until(value: str, clock: float | None) -> float | None:
    """A reset header: seconds, or a moment in seconds since 1970, which no vendor makes anybody wait."""
    if not (value.isascii() and value.isdigit()):
        return None
    if len(value) < 10:
        return float(value)
    return None if clock is None else float(value) - clock


def _moment(value: str) -> float | None:
    try:
        return parsedate_to_datetime(value).timestamp()
    except ValueError:
        return None
