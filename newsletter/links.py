"""Readers' links: signed, each for one purpose, one reader and, in an issue, that issue.

    {public_url}/<purpose>/<subscriber>-<issue>-<made>-<detail>.<signature>

Numbers are decimal, `made` in Unix seconds; what does not apply is empty, and empty fields at the end are
left out. The signature is itsdangerous', of keyed BLAKE2s (RFC 7693) with a key derived for the purpose: a link made
for one thing can do nothing else. The newest key signs; older ones are still read.
"""

from __future__ import annotations

import hashlib
import re
from binascii import b2a_base64
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import NoReturn

from itsdangerous import Signer
from itsdangerous.signer import SigningAlgorithm

from newsletter.errors import LinkExpired, LinkInvalid

_URL_SAFE = bytes.maketrans(b"+/", b"-_")
_SIGNATURE_BYTES = 18
SIGNATURE_LETTERS = 24
"""144 bits in Base64: so many that no letter is half filled, and signatures in a row can be cut apart."""
_PAYLOAD = re.compile(r"(\d{1,18})(?:-(\d{0,18})(?:-(\d{0,12})(?:-(\w*))?)?)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Link:
    """What a genuine link says."""

    purpose: str
    subscriber_id: int
    issue_id: int | None = None
    """None: not from an issue."""
    made_at: datetime | None = None
    """None: it never expires."""
    detail: str = ""
    """Whatever else its maker bound it to: letters, digits, underscores."""


class Links:
    """Makes and reads links for one site. `keys` come newest first; safe to share between threads."""

    def __init__(self, keys: Sequence[str], base_url: str) -> None:
        self._keys = [key.encode() for key in keys]
        self._base = base_url.rstrip("/")
        self._signers: dict[str, list[Signer]] = {}

    def unsubscribe(self, subscriber_id: int, issue_id: int | None = None) -> str:
        """Never expires: who wants to leave may take an old mail."""
        return self.url("unsubscribe", subscriber_id, issue_id)

    def preferences(self, subscriber_id: int, issue_id: int | None = None) -> str:
        return self.url("preferences", subscriber_id, issue_id)

    def of_issue(self, issue_id: int, subscriber_ids: Sequence[int]) -> list[tuple[str, str]]:
        """The two links of each one's mail, to leave and to choose: as `unsubscribe` and `preferences` make them, about
        five times as quick, for a sender makes millions."""
        leaving, choosing = (
            _begin(self._for(one)[0].derive_key()).copy for one in ("unsubscribe", "preferences")
        )
        payloads, signatures = [f"{one}-{issue_id}" for one in subscriber_ids], []
        for payload in payloads:
            said = payload.encode()
            for begun in (leaving, choosing):
                signature = begun()
                signature.update(said)
                signatures.append(signature.digest())
        spelled = b2a_base64(b"".join(signatures), newline=False).translate(_URL_SAFE).decode()
        leave, choose = f"{self._base}/unsubscribe/", f"{self._base}/preferences/"
        half, whole = SIGNATURE_LETTERS, 2 * SIGNATURE_LETTERS
        return [
            (
                f"{leave}{payload}.{spelled[at : at + half]}",
                f"{choose}{payload}.{spelled[at + half : at + whole]}",
            )
            for at, payload in zip(range(0, len(spelled), whole), payloads, strict=True)
        ]

    def fresh_preferences(self, subscriber_id: int, *, now: datetime) -> str:
        """Says when it was made: for a while its holder is known to have read the reader's mail lately."""
        return self.url("preferences", subscriber_id, made_at=now)

    def delivery_of(self, token: str) -> str | None:
        """Whose mail held this token of an unsubscribe link: the delivery's id; None when it is not genuine, or was
        in no issue."""
        try:
            link = self.read("unsubscribe", token)
        except LinkInvalid:
            return None
        return f"{link.issue_id}-{link.subscriber_id}" if link.issue_id else None

    def confirm(self, subscriber_id: int, *, now: datetime, detail: str = "") -> str:
        return self.url("confirm", subscriber_id, made_at=now, detail=detail)

    def url(
        self,
        purpose: str,
        subscriber_id: int,
        issue_id: int | None = None,
        *,
        made_at: datetime | None = None,
        detail: str = "",
    ) -> str:
        token = self.token(purpose, subscriber_id, issue_id, made_at=made_at, detail=detail)
        return f"{self._base}/{purpose}/{token}"

    def token(
        self,
        purpose: str,
        subscriber_id: int,
        issue_id: int | None = None,
        *,
        made_at: datetime | None = None,
        detail: str = "",
    ) -> str:
        """The signed part alone. Without `made_at` it cannot expire."""
        payload = f"{subscriber_id}-{issue_id or ''}"
        if made_at or detail:
            made = int(made_at.timestamp()) if made_at else ""
            payload += f"-{made}-{detail}" if detail else f"-{made}"
        if not _PAYLOAD.fullmatch(payload):
            raise ValueError(f"a link cannot hold {payload!r}")
        return self._for(purpose)[0].sign(payload).decode()

    def read(
        self, purpose: str, token: str, *, max_age: timedelta | None = None, now: datetime | None = None
    ) -> Link:
        """What the token says. `max_age` (then with `now`) is for links that expire.

        Raises LinkInvalid when it was not made by us for this purpose, LinkExpired when it is too old.
        """
        payload = self._verify(purpose, token)
        found = _PAYLOAD.fullmatch(payload)
        if not found:
            _refuse()
        subscriber, issue, made, detail = found.groups()
        link = Link(
            purpose=purpose,
            subscriber_id=int(subscriber),
            issue_id=int(issue) if issue else None,
            made_at=datetime.fromtimestamp(int(made), UTC) if made else None,
            detail=detail or "",
        )
        if max_age is not None and now is not None:
            if link.made_at is None:
                _refuse()
            if now - link.made_at > max_age:
                raise LinkExpired("this link is too old", made_at=link.made_at)
        return link

    def _verify(self, purpose: str, token: str) -> str:
        payload, _, signature = token.rpartition(".")
        if not token.isascii() or not any(_is_by(one, payload, signature) for one in self._for(purpose)):
            _refuse()
        return payload

    def _for(self, purpose: str) -> list[Signer]:
        # Deriving a purpose's key costs more than signing with it.
        if purpose not in self._signers:
            self._signers[purpose] = [_signer(key, purpose) for key in self._keys]
        return self._signers[purpose]


class _Keyed(SigningAlgorithm):
    """BLAKE2 takes a key by itself, and so less than half the time of HMAC."""

    def get_signature(self, key: bytes, value: bytes) -> bytes:
        signature = _begin(key)
        signature.update(value)
        return signature.digest()


def _begin(key: bytes) -> hashlib.blake2s:
    return hashlib.blake2s(key=key, digest_size=_SIGNATURE_BYTES)


def _signer(key: bytes, purpose: str) -> Signer:
    salt = f"newsletter link {purpose}"
    derived = Signer(key, salt=salt, key_derivation="hmac", digest_method=hashlib.sha256).derive_key()
    return Signer(derived, salt=salt, key_derivation="none", algorithm=_Keyed())


def _is_by(signer: Signer, payload: str, signature: str) -> bool:
    # Base64 decoders overlook some letters: of the spellings of one signature only the one we write is genuine.
    return signer.verify_signature(payload, signature) and signer.get_signature(payload).decode() == signature


def _refuse() -> NoReturn:
    raise LinkInvalid("this link is not complete, or was not made for this")
