"""The providers' door over real HTTP: kept before it is thanked, forged and broken refused, never an error of ours."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ledger_site import add_readers, publish_issue
from readers_site import SETTINGS, ReadersSite, serve
from sqlalchemy import text
from structlog.testing import capture_logs

from newsletter.cli import cli
from newsletter.errors import WebhookRefused
from newsletter.storage.database import reading, writing
from newsletter.storage.schema import deliveries
from newsletter.types import Event, EventKind, Incoming
from newsletter.web.webhooks import MAX_BODY, address, secret_of

POSTMARK = '\n[provider]\nname = "postmark"\n'
AUTH = {"Authorization": "Basic " + base64.b64encode(b"hook:right").decode()}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ReadersSite]:
    """A service whose provider is Postmark, with three readers who have got an issue."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NEWSLETTER_API_KEY", "token")
        patch.setenv("NEWSLETTER_WEBHOOK_KEY", "hook:right")
        with serve(tmp_path_factory.mktemp("site"), SETTINGS.replace("[web]", POSTMARK + "\n[web]")) as found:
            _ = found.app.provider
            add_readers(found.app.database, 3)
            publish_issue(found.app.database)
            with writing(found.app.database) as conn:
                conn.execute(deliveries.update().values(state="sent"))
            yield found


@pytest.fixture(autouse=True)
def _fresh(site: ReadersSite) -> None:
    with writing(site.app.database) as conn:
        for statement in (
            "DELETE FROM events",
            "DELETE FROM suppressions",
            "UPDATE deliveries SET news = NULL",
        ):
            conn.execute(text(statement))


def hook(site: ReadersSite) -> str:
    found = address(site.app)
    assert found is not None
    return found


def post(site: ReadersSite, body: Any, **headers: str) -> requests.Response:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return requests.post(hook(site), data=content, headers={**AUTH, **headers}, timeout=10)


def bounce(reader: int = 1, number: int = 7, **more: Any) -> dict[str, Any]:
    return {
        "RecordType": "Bounce",
        "ID": number,
        "Type": "HardBounce",
        "Email": f"reader{reader}@example.org",
        "MessageID": "m-1",
        "BouncedAt": "2026-11-24T16:00:00Z",
        "Details": "550 unknown",
        "Metadata": {"delivery": f"1-{reader}", "batch": "b"},
        **more,
    }


def count(site: ReadersSite, table: str = "events") -> int:
    with reading(site.app.database) as conn:
        return int(conn.execute(text(f"SELECT count(*) FROM {table}")).scalar_one())


def test_a_webhook_is_kept_and_acted_on_before_it_is_thanked(site: ReadersSite) -> None:
    """When the 200 is there, so is the suppression."""
    answer = post(site, bounce())
    assert (answer.status_code, answer.content) == (200, b"")
    assert (count(site), count(site, "suppressions")) == (1, 1)


def test_a_replay_is_thanked_and_changes_nothing(site: ReadersSite) -> None:
    """Byte for byte the same again, and the same event in other bytes."""
    for body in (bounce(), bounce(), bounce(Details="told otherwise")):
        assert post(site, body).status_code == 200
    assert (count(site), count(site, "suppressions")) == (1, 1)


def test_a_wrong_secret_or_another_provider_is_not_there(site: ReadersSite) -> None:
    """404, as for any address there is not; nothing is read."""
    right = hook(site)
    for wrong in (
        right[:-1] + "x",
        right[:-32],
        right + "0",
        right.replace("postmark", "mailgun"),
        right + "ü",
    ):
        assert requests.post(wrong, json=bounce(), headers=AUTH, timeout=10).status_code in (404, 405)
    assert count(site) == 0


def test_only_the_configured_provider_has_a_door(site: ReadersSite) -> None:
    """Not even with a secret that would be another's."""
    other = f"{site.base}/webhooks/mailgun/{secret_of(site.app.keys[0], 'mailgun')}"
    assert requests.post(other, json=bounce(), headers=AUTH, timeout=10).status_code == 404
    assert count(site) == 0


def test_a_forged_request_is_refused_in_the_providers_own_words(site: ReadersSite) -> None:
    """401, and never the 403 after which Postmark stays away."""
    for forged in ("", "Basic eDp5", "Bearer right", "Basic ===="):
        assert post(site, bounce(), Authorization=forged).status_code == 401
    assert count(site) == 0


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"null", b"[]", b'"x"', b"\xff\xfe", b"[" * 100_000, b'{"RecordType":', b"NaN", b"a=b&c=d"],
    ids=repr,
)
def test_a_body_that_cannot_be_read_is_refused(site: ReadersSite, body: bytes) -> None:
    """400, not an error of ours."""
    assert post(site, body).status_code == 400
    assert count(site) == 0


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from([*bounce(), "Recipient", "SuppressSending"]), JSON)
def test_no_field_of_any_kind_is_an_error(site: ReadersSite, field: str, value: Any) -> None:
    """Anything may stand where a number, a moment or an address should."""
    assert post(site, bounce(**{field: value})).status_code in (200, 400)


def test_a_body_may_be_large_but_not_boundless(site: ReadersSite) -> None:
    """Far beyond a form's 64 KB; past 5 MB it is refused."""
    assert post(site, bounce(Details="x" * 1_000_000)).status_code == 200
    assert post(site, b"x" * (MAX_BODY + 1)).status_code == 413
    before = count(site)
    small = requests.post(f"{site.base}/subscribe", data={"email": "x" * 100_000}, timeout=10)
    assert (small.status_code, count(site)) == (413, before)


def test_no_budget_applies_to_webhooks(site: ReadersSite) -> None:
    """A provider tells of thousands of mails from one network."""
    with requests.Session() as session:
        answers = {
            session.post(hook(site), json=bounce(number=n), headers=AUTH, timeout=10).status_code
            for n in range(150)
        }
    assert answers == {200}


def test_only_a_known_host_is_answered(site: ReadersSite) -> None:
    """As everywhere in the service."""
    assert post(site, bounce(), Host="elsewhere.example").status_code == 421
    assert count(site) == 0


def test_looking_at_the_address_changes_nothing(site: ReadersSite) -> None:
    """GET is for nobody."""
    assert requests.get(hook(site), timeout=10).status_code == 405


def test_the_address_goes_on_working_while_a_key_is_changed(
    site: ReadersSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The old key stays after the new one, as long as somebody uses its address."""
    old = hook(site)
    monkeypatch.setattr(site.app, "keys", ("a-new-key-that-is-long-enough", *site.app.keys))
    assert requests.post(old, json=bounce(), headers=AUTH, timeout=10).status_code == 200
    assert requests.post(hook(site), json=bounce(), headers=AUTH, timeout=10).status_code == 200
    assert hook(site) != old


class Own:
    """A provider that says what the test wants said."""

    name = "postmark"

    def __init__(self, said: list[Event] | Exception) -> None:
        self.said = said

    def read_events(self, incoming: Incoming) -> list[Event]:
        if isinstance(self.said, Exception):
            raise self.said
        return self.said


def as_told(n: int, kind: EventKind) -> Event:
    from datetime import UTC, datetime

    return Event(
        "postmark", f"k-{n}", kind, datetime(2026, 11, 24, tzinfo=UTC), f"reader{n}@example.org", f"1-{n}"
    )


def test_a_batch_is_kept_whole_in_whatever_order(site: ReadersSite, monkeypatch: pytest.MonkeyPatch) -> None:
    """Several events in one request, some of them twice."""
    told = [as_told(3, EventKind.COMPLAINED), as_told(1, EventKind.DELIVERED), as_told(2, EventKind.DEFERRED)]
    monkeypatch.setattr(site.app, "provider", Own([*told, *reversed(told)]))
    assert post(site, b"x").status_code == 200
    assert count(site) == 3


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (WebhookRefused("no", status=406), 406),
        (ValueError("odd"), 400),
        (RecursionError(), 400),
        (KeyError("x"), 400),
    ],
    ids=repr,
)
def test_what_trips_a_providers_reading_is_answered(
    site: ReadersSite, monkeypatch: pytest.MonkeyPatch, error: Exception, status: int
) -> None:
    """With the status that the provider's own file chose, else 400."""
    monkeypatch.setattr(site.app, "provider", Own(error))
    assert post(site, b"x").status_code == status


def test_a_provider_that_tells_nothing_has_no_address(
    site: ReadersSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The outbox, memory and SMTP: 404."""
    right = hook(site)
    monkeypatch.setattr(site.app, "provider", object())
    assert requests.post(right, json={}, headers=AUTH, timeout=10).status_code == 404
    assert address(site.app) is None


def test_a_busy_store_asks_the_provider_to_come_again(site: ReadersSite) -> None:
    """429 with Retry-After, after which every provider comes again; then nothing is lost."""
    import sqlite3
    from urllib.parse import unquote

    url = site.app.database.url.database
    assert url is not None
    with site.app.database.connect() as conn:
        conn.exec_driver_sql("PRAGMA busy_timeout=50")
    holder = sqlite3.connect(unquote(url), isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    from newsletter.pipeline import feedback

    site.app.database.dispose()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(feedback, "PATIENCE", ())
        from sqlalchemy import event

        def impatient(connection: Any, _record: Any) -> None:
            connection.execute("PRAGMA busy_timeout=50")

        event.listen(site.app.database, "connect", impatient)
        answer = post(site, bounce())
        event.remove(site.app.database, "connect", impatient)
    holder.rollback()
    holder.close()
    site.app.database.dispose()
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "60")
    assert (post(site, bounce()).status_code, count(site)) == (200, 1)


def test_the_log_holds_no_address(site: ReadersSite) -> None:
    """Numbers and kinds; neither an address of a reader nor the secret."""
    with capture_logs() as lines:
        post(site, bounce())
        post(site, bounce(), Authorization="Basic eDp5")
        post(site, b"{")
    said = json.dumps(lines, default=str)
    assert "webhook refused" in said
    assert "@" not in said
    assert hook(site).rpartition("/")[2] not in said


def test_the_command_prints_the_address(site: ReadersSite, monkeypatch: pytest.MonkeyPatch) -> None:
    """The one that works."""
    monkeypatch.setenv("NEWSLETTER_API_KEY", "token")
    result = CliRunner().invoke(cli, ["--site", str(site.root), "webhooks"], catch_exceptions=False)
    assert result.output.strip() == hook(site)


def test_a_site_without_such_a_provider_is_told_so(tmp_path: Path) -> None:
    """The outbox tells nothing: exit 1."""
    (tmp_path / "newsletter.toml").write_text(
        SETTINGS.replace("{base}", "https://letters.example.org"), encoding="utf-8"
    )
    result = CliRunner().invoke(cli, ["--site", str(tmp_path), "webhooks"], catch_exceptions=False)
    assert result.exit_code == 1
