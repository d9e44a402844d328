"""Each provider's real requests through the service's door: one table of what follows, whoever tells it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import requests
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ledger_site import add_readers, publish_issue
from readers_site import SETTINGS, ReadersSite, serve
from sqlalchemy import text
from stub_kit import Stub, Told, What
from test_providers_contract import TELLING, vendor_of

from newsletter.storage.database import reading, writing
from newsletter.storage.schema import deliveries, subscribers
from newsletter.types import Incoming
from newsletter.web.webhooks import address

FOLLOWS: dict[What, tuple[str | None, str | None]] = {
    "delivered": ("delivered", None),
    "deferred": ("deferred", None),
    "hard": ("bounced", "bounced"),
    "soft": ("soft_bounced", None),
    "complained": ("complained", "complained"),
    "odd": (None, None),
}
"""What is told → the delivery's news, and why the address is suppressed."""


class Peer:
    def __init__(self, site: ReadersSite, stub: Stub) -> None:
        self.site = site
        self.stub = stub
        self.numbers = count(1)

    def told(self, what: What) -> Incoming:
        """Another event each time, about the first reader's delivery."""
        one = Told(what, "reader1@example.org", "1-1", self.site.now(), f"event-{next(self.numbers)}")
        return self.stub.news([one], self.site.now())

    def post(self, incoming: Incoming, body: bytes | None = None) -> int:
        hook = address(self.site.app)
        assert hook is not None
        headers = {
            name: value.encode("latin-1", "replace").strip() for name, value in incoming.headers.items()
        }
        answer = requests.post(
            hook,
            params=dict(incoming.query),
            data=incoming.body if body is None else body,
            headers=headers,  # type: ignore[arg-type]
            timeout=10,
        )
        return answer.status_code

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        with reading(self.site.app.database) as conn:
            return [tuple(row) for row in conn.execute(text(statement))]

    def events(self) -> int:
        return int(self.rows("SELECT count(*) FROM events")[0][0])


@pytest.fixture(scope="module", params=TELLING)
def peer(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Peer]:
    stub = vendor_of(request.param)()
    own = "".join(f"{key} = {json.dumps(value)}\n" for key, value in stub.settings.items())
    with pytest.MonkeyPatch.context() as patch, stub.running() as where:
        for secret, value in stub.secrets.items():
            patch.setenv(f"NEWSLETTER_{secret.upper()}", value)
        own += "".join(f"{key} = {json.dumps(value)}\n" for key, value in where.items())
        table = f'[provider]\nname = "{request.param}"\n{own}\n[web]'
        with serve(tmp_path_factory.mktemp("site"), SETTINGS.replace("[web]", table)) as site:
            _ = site.app.provider  # while its secrets are there
            add_readers(site.app.database, 3)
            publish_issue(site.app.database)
            with writing(site.app.database) as conn:
                conn.execute(subscribers.update().values(created_at=site.now() - timedelta(days=1)))
                conn.execute(deliveries.update().values(state="sent"))
            yield Peer(site, stub)


@pytest.fixture(autouse=True)
def _fresh(peer: Peer) -> None:
    with writing(peer.site.app.database) as conn:
        for statement in (
            "DELETE FROM events",
            "DELETE FROM suppressions",
            "UPDATE deliveries SET news = NULL",
        ):
            conn.execute(text(statement))
        conn.execute(
            text("UPDATE subscribers SET state = 'active', unsubscribed_at = NULL, confirmed_at = created_at")
        )


@pytest.mark.parametrize("what", list(FOLLOWS))
def test_the_same_follows_whoever_tells_it(peer: Peer, what: What) -> None:
    """Each kind of news, with its delivery found and its own words kept."""
    assert peer.post(peer.told(what)) == 200
    news, reason = FOLLOWS[what]
    assert peer.rows("SELECT news FROM deliveries WHERE subscriber_id = 1") == [(news,)]
    assert peer.rows("SELECT email_key, reason FROM suppressions") == (
        [("reader1@example.org", reason)] if reason else []
    )
    assert all(raw for (raw,) in peer.rows("SELECT raw FROM events"))


def test_leaving_at_the_provider_is_leaving(peer: Peer) -> None:
    """Where the provider has an unsubscribe of its own."""
    try:
        incoming = peer.told("unsubscribed")
    except (NotImplementedError, KeyError):
        pytest.skip("it has no unsubscribe of its own: meant")
    assert peer.post(incoming) == 200
    assert peer.rows("SELECT state FROM subscribers WHERE id = 1") == [("unsubscribed",)]


def test_a_replay_is_one_event(peer: Peer) -> None:
    """The same bytes again and again: thanked or refused, never acted on twice."""
    incoming = peer.told("hard")
    assert peer.post(incoming) == 200
    assert {peer.post(incoming) for _ in range(3)} <= {200, 401}
    assert (peer.events(), len(peer.rows("SELECT id FROM suppressions"))) == (1, 1)


def test_a_forgery_is_refused_and_nothing_of_it_is_kept(peer: Peer) -> None:
    """Another key, a changed body, another topic, nothing signed; never 403 to one that then stays away, nor 406."""
    genuine = peer.told("hard")
    assert (
        peer.post(genuine) == 200
    )  # Mailgun's signature does not cover the event: a copy is known by its token
    for forged in peer.stub.forgeries(genuine):
        assert peer.post(forged) in (400, 401)
    old = [Told("complained", "reader2@example.org", "1-2", peer.site.now(), "old")]
    stale = peer.stub.stale(old, peer.site.now())
    assert stale is None or peer.post(stale) in (400, 401)
    assert peer.events() == 1
    assert peer.rows("SELECT email_key FROM suppressions") == [("reader1@example.org",)]


def test_the_order_makes_no_difference(peer: Peer) -> None:
    """A complaint, then the delivery it is about."""
    for what in ("complained", "delivered", "deferred"):
        assert peer.post(peer.told(what)) == 200
    assert peer.rows("SELECT news FROM deliveries WHERE subscriber_id = 1") == [("complained",)]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 3000), st.binary(max_size=12), st.booleans())
def test_no_broken_body_is_an_error_of_ours(peer: Peer, place: int, junk: bytes, cut: bool) -> None:
    """Bytes put in or the end cut off: refused, or read; never 500."""
    incoming = peer.told("delivered")
    body = incoming.body[:place] + junk + (b"" if cut else incoming.body[place:])
    assert peer.post(incoming, body) in (200, 400, 401)


def test_a_request_too_large_is_refused(peer: Peer) -> None:
    """Before anything of it is read."""
    assert peer.post(peer.told("delivered"), b"[" + b" " * (5 * 1024 * 1024)) == 413


def test_every_provider_that_tells_is_here() -> None:
    """All six of the service's providers with webhooks."""
    assert set(TELLING) >= {"mailgun", "postmark", "ses", "sendgrid", "resend", "brevo"}
    assert Path(__file__).with_name("provider_stubs").is_dir()
