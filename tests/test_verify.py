"""What was approved is what was sent: `verify` finds any one byte that is not as it was, and names it."""

from __future__ import annotations

import json
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from issue_kit import add_articles, article
from issue_site import ISSUE, SLUG, make_site
from ledger_site import add_readers
from postgres import STORES, new_database
from sqlalchemy import text
from terminal import command, on_a_terminal

from newsletter import corrections
from newsletter import seal as seals
from newsletter.app import App, make_app
from newsletter.corrections import path_of
from newsletter.errors import ApprovalError
from newsletter.pipeline.verify import Verified
from newsletter.render.templates import default_templates
from newsletter.seal import find_seal, write_text
from newsletter.storage.database import reading, writing
from newsletter.types import Correction, hash_of_hashes
from newsletter.web import make_web

AT = datetime(2026, 11, 26, 8, 0, tzinfo=UTC)
PICKED = "https://pain.example/conditions/stored/"
WITH_ARTICLE = ISSUE.replace("  conditions:\n", f"  conditions:\n    - {PICKED}\n", 1)
PART = "parts/footer.txt.j2"
OPEN = "\n[approval]\nrequired = false\n"


@dataclass
class Place:
    """A site whose issue was approved and sent to four readers with different topics, and corrected since."""

    root: Path
    app: App

    @property
    def issue(self) -> Path:
        return self.app.composer.path(SLUG)

    @property
    def seal(self) -> Path:
        return self.app.approvals.path(SLUG)

    def verify(self, slug: str = SLUG, **how: bool) -> Verified:
        """By a process that knows nothing of what came before."""
        app = make_app(self.root)
        try:
            return app.verifier.verify(slug, **how)
        finally:
            if "database" in vars(app):
                app.database.dispose()

    def faults(self, **how: bool) -> list[str]:
        return [fault for one in self.verify(**how).comparisons for fault in one.faults]

    def run(self, statement: str, **values: object) -> None:
        with writing(self.app.database) as conn:
            conn.execute(text(statement), values)

    def value(self, table: str, column: str, where: str) -> str:
        with reading(self.app.database) as conn:
            return str(conn.execute(text(f"SELECT {column} FROM {table} WHERE {where}")).scalar_one())


def make_place(root: Path, store: str, *, more: str = "", send: bool = True, approve: bool = True) -> Place:
    url = "" if store == "sqlite" else f'\n[storage]\nurl = "{new_database()}"\n'
    make_site(root, settings=url + more, issue=WITH_ARTICLE)
    (root / "templates/parts").mkdir(parents=True)
    (root / "templates" / PART).write_bytes((default_templates() / PART).read_bytes())
    app = make_app(root)
    add_articles(app, [article("stored", title="As the site says it", image=True)])
    with writing(app.database) as conn:
        conn.execute(text("UPDATE articles SET author = 'Zoë Łuć'"))
    add_readers(app.database, 4, topics=("*", "news", "conditions,treatments", "elsewhere"))
    if approve:
        app.approvals.approve(SLUG, "Ada Novak", AT)
    if send:
        app.begin(SLUG, AT)
        app.sending.send(SLUG, AT)
    return Place(root, app)


@pytest.fixture(scope="module", params=STORES)
def sent(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """Made once: a test puts back what it changes."""
    place = make_place(tmp_path_factory.mktemp("sent") / "site", request.param)
    place.app.corrector.correct(SLUG, "It was *40* patients.", AT, name="Ada Novak")
    yield place
    place.app.database.dispose()


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Callable[..., Place]]:
    made: list[Place] = []

    def make(**how: Any) -> Place:
        made.append(make_place(tmp_path / "site", "sqlite", **how))
        return made[-1]

    yield make
    for one in made:
        one.app.database.dispose()


# --- nothing differs ---


def test_an_issue_that_nobody_touched_holds(sent: Place) -> None:
    """Seal, frozen editions, ledger, archive page, corrections, mails and a rebuild say the same."""
    verified = sent.verify()
    assert verified.differing == ()
    assert [(one.what, one.against) for one in verified.comparisons] == [
        ("the seal", "its checksum"),
        ("the frozen editions (7)", "their hashes"),
        ("the frozen editions (7)", "the seal"),
        ("the ledger", "its plan"),
        ("the archive page", "the frozen edition"),
        ("the mails in the outbox", "the frozen editions"),
        ("the corrections", "their checksum"),
        ("a rebuild", "the seal"),
    ]
    assert verified.hash == sent.app.sending.status(SLUG, AT).issue.hash


def test_an_issue_that_is_approved_and_not_yet_sent_is_held_against_a_rebuild(place: Any) -> None:
    """Its seal is all there is."""
    verified = place(send=False).verify()
    assert [one.what for one in verified.comparisons] == ["the seal", "a rebuild"]
    assert verified.differing == ()


def test_an_issue_sent_without_approval_is_held_against_what_was_frozen(place: Any) -> None:
    """No seal is no fault where none is asked for; a rebuild is held against the editions themselves."""
    one = place(more=OPEN, approve=False)
    verified = one.verify()
    assert verified.differing == ()
    assert verified.comparisons[0].remark == "none: the site asks for no approval"
    assert verified.comparisons[-1].against == "the frozen editions"
    one.issue.write_text(one.issue.read_text().replace("Good morning", "Good evening"))
    [fault] = {fault.partition(": ")[2] for fault in one.faults()}
    assert fault == "html, text"


@pytest.mark.parametrize("state", ["paused", "cancelled"])
def test_an_issue_that_was_stopped_has_no_page_and_holds(place: Any, state: str) -> None:
    """What is not shown cannot differ, and is said not to be shown."""
    one = place(send=False)
    one.app.begin(SLUG, AT)
    one.app.sending.send(SLUG, AT, limit=1)
    one.app.sending.pause(SLUG) if state == "paused" else one.app.sending.cancel(SLUG, AT)
    verified = one.verify()
    assert verified.differing == ()
    assert f"not shown: it is {state}" in {one.remark for one in verified.comparisons}


def test_what_was_never_approved_nor_sent_cannot_be_verified(place: Any) -> None:
    """It is said, and nothing is made of it."""
    with pytest.raises(ApprovalError, match="neither approved nor published"):
        place(send=False, approve=False).verify()


def test_a_clone_without_a_store_holds_the_seal_against_a_rebuild(place: Any, tmp_path: Path) -> None:
    """And makes no store."""
    one = place(send=False, approve=False)
    one.issue.write_text(ISSUE)
    one.app.approvals.approve(SLUG, "Ada Novak", AT)
    one.app.database.dispose()
    for path in (one.root / "subscribers").iterdir():
        path.unlink()
    assert one.verify().differing == ()
    assert list((one.root / "subscribers").iterdir()) == []


# --- one byte ---


@contextmanager
def flipped(path: Path, at: int, by: int) -> Iterator[None]:
    """One byte of a file is another one."""
    before = path.read_bytes()
    at %= len(before)
    path.write_bytes(before[:at] + bytes([before[at] ^ by]) + before[at + 1 :])
    try:
        yield
    finally:
        path.write_bytes(before)


@contextmanager
def rewritten(place: Place, table: str, column: str, where: str, at: int, by: int) -> Iterator[None]:
    """One letter of a value in the store is another one."""
    before = place.value(table, column, where)
    at %= len(before)
    other = chr(0x41 + (ord(before[at]) + by) % 26)
    after = before[:at] + (other if other != before[at] else "ß") + before[at + 1 :]
    where = where if column != "topics" else "topics = :before"
    back = where if column != "topics" else "topics = :after"
    statement = f"UPDATE {table} SET {column} = :new WHERE "
    place.run(statement + where, new=after, **({"before": before} if column == "topics" else {}))
    try:
        yield
    finally:
        place.run(statement + back, new=before, **({"after": after} if column == "topics" else {}))


Target = Callable[[Place, int, int], Any]
NEWS = "topics = 'news'"
TARGETS: dict[str, tuple[Target, str]] = {
    "the issue file": (lambda p, *at: flipped(p.issue, *at), "the issue file"),
    "the seal file": (lambda p, *at: flipped(p.seal, *at), "seal"),
    "the corrections": (lambda p, *at: flipped(path_of(p.root / "content/issues", SLUG), *at), "correct"),
    "a template": (lambda p, *at: flipped(p.root / "templates" / PART, *at), PART),
    "a mail": (lambda p, *at: flipped(p.root / f"outbox/{SLUG}/1-2.eml", *at), "1-2.eml"),
    **{
        f"a frozen {column}": (
            partial(rewritten, table="editions", column=column, where=NEWS),
            "the edition news",
        )
        for column in ("subject", "preheader", "html", "text", "hash")
    },
    "a frozen variant": (
        partial(rewritten, table="editions", column="topics", where=NEWS),
        "the edition news",
    ),
    "the issue's hash": (
        partial(rewritten, table="issues", column="hash", where="id = 1"),
        "the list of editions",
    ),
    "the issue's subject": (
        partial(rewritten, table="issues", column="subject", where="id = 1"),
        "the subject",
    ),
    **{
        f"an article's {column}": (
            partial(rewritten, table="articles", column=column, where="id = 1"),
            f"article {PICKED}: {name}",
        )
        for column, name in (("title", "title"), ("excerpt", "blurb"), ("author", "author"))
    },
}


@pytest.mark.parametrize("kind", TARGETS)
def test_one_byte_is_found_and_named_wherever_it_is(sent: Place, kind: str) -> None:
    """The property: any byte, any change of it, in any place; and all holds again when it is put back."""
    target, name = TARGETS[kind]

    @settings(
        max_examples=8,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate],  # each try builds an issue: the first byte that is not found says enough
    )
    @given(at=st.integers(0, 100_000), by=st.integers(1, 255))
    def holds(at: int, by: int) -> None:
        with target(sent, at=at, by=by) if isinstance(target, partial) else target(sent, at, by):
            assert name in "; ".join(sent.faults())

    holds()
    assert sent.faults() == []


def test_a_template_that_breaks_the_issue_is_named(sent: Place) -> None:
    """The byte that makes an issue impossible to build is no harder to find than another."""
    footer = sent.root / "templates" / "parts" / "footer.txt.j2"
    whole = footer.read_bytes()
    footer.write_bytes(whole.replace(b"unsubscribe_url", b"preferences_url"))
    faults = sent.faults()
    footer.write_bytes(whole)
    assert faults[0] == "template parts/footer.txt.j2"
    assert "it cannot be built" in faults[1]


def test_each_byte_of_the_seal_counts(sent: Place) -> None:
    """Also its blanks, line ends and the order of its lines: none of them is by chance."""
    whole = sent.seal.read_bytes()
    for other in (whole + b"\n", whole.replace(b"\n", b"\r\n"), whole.replace(b"  ", b"   ", 1)):
        sent.seal.write_bytes(other)
        assert sent.faults() == ["its blanks, line ends or order are not as they were written"]
    sent.seal.write_bytes(whole)
    assert sent.faults() == []


# --- what else can differ ---


def test_a_seal_that_was_made_to_fit_does_not_pass(sent: Place) -> None:
    """Who changes the seal and its checksum, too, is found by what was frozen and by a rebuild."""
    whole = sent.seal.read_bytes()
    found = find_seal(sent.seal)
    assert found is not None
    editions = {**found.editions, "news": "0" * 64}
    for forged in (
        replace(found, editions=editions, hash=hash_of_hashes(editions)),
        replace(found, editions=editions),
        replace(found, inputs={**found.inputs, "the issue file": "0" * 64}),
        replace(found, approvals=(replace(found.approvals[0], hash="0" * 64),)),
    ):
        sent.seal.write_text(write_text(forged))
        assert sent.faults()
    sent.seal.write_bytes(whole)


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        (
            "DELETE FROM deliveries WHERE subscriber_id = 2",
            "an audience of 4 was planned, and there are 3 deliveries",
        ),
        ("UPDATE issues SET audience = 5", "an audience of 5 was planned, and there are 4 deliveries"),
        (
            "UPDATE batches SET edition_id = 1 WHERE edition_id = 6",
            "deliveries in a batch that is not theirs: 1",
        ),
        ("DELETE FROM attempts WHERE batch_id = 1", "deliveries marked as sent that nobody tried to send: 1"),
    ],
)
def test_a_ledger_that_does_not_add_up_is_found(place: Any, statement: str, said: str) -> None:
    """A line that is gone, one too many, one in another's batch, one that was never tried."""
    one = place()
    one.run(statement)
    assert said in one.faults(rebuild=False)


def test_an_edition_that_is_gone_is_named(place: Any) -> None:
    """By the seal; the hash over all of them does not fit either."""
    one = place(send=False)
    one.app.begin(SLUG, AT)
    one.run("DELETE FROM deliveries WHERE edition_id = 6")
    one.run("DELETE FROM batches WHERE edition_id = 6")
    one.run(f"DELETE FROM editions WHERE {NEWS}")
    assert {"the list of editions", "the edition news"} <= set(one.faults())


def test_a_seal_that_is_gone_is_missed_where_one_is_asked_for(place: Any) -> None:
    """Without one nobody can say what was approved; the rest is still held."""
    one = place()
    one.seal.unlink()
    assert one.faults() == ["it is gone: an issue is sealed before it is sent"]


def test_mails_that_are_gone_or_nobodys_are_named(place: Any) -> None:
    """The outbox is held against the ledger both ways."""
    one = place()
    folder = one.root / "outbox" / SLUG
    (folder / "1-2.eml").rename(folder / "1-9.eml")
    assert one.faults() == ["1-2.eml is gone", "1-9.eml is nobody's"]


def test_an_issue_that_cannot_be_built_any_more_is_said_with_its_place(place: Any) -> None:
    """The file is named as changed, and where its mistake is."""
    one = place()
    one.issue.write_text(one.issue.read_text().replace("subject:", "subjcet:"))
    assert one.faults() == [
        "the issue file",
        f"it cannot be built: {one.issue}:2: unknown key 'subjcet'",
    ]
    one.issue.unlink()
    assert one.faults() == [f"it cannot be built: {one.issue}: there is no such issue"]


def test_other_programs_that_make_the_same_bytes_are_only_remarked(place: Any) -> None:
    """An upgrade that changes no byte is no difference."""
    one = place()
    found = find_seal(one.seal)
    assert found is not None
    one.seal.write_text(write_text(replace(found, inputs={**found.inputs, "premailer version": "1.0"})))
    verified = one.verify()
    assert verified.differing == ()
    now = found.inputs["premailer version"]
    assert (
        verified.comparisons[-1].remark == f"the same bytes by other programs: premailer version 1.0 → {now}"
    )


def test_a_rebuild_that_differs_only_by_other_programs_is_said_as_such(place: Any) -> None:
    """It differs, and whoever reads it knows that no input did."""
    one = place(send=False)
    found = find_seal(one.seal)
    assert found is not None
    editions = {**found.editions, "news": "0" * 64}
    older = replace(
        found,
        inputs={**found.inputs, "premailer version": "1.0"},
        editions=editions,
        hash=hash_of_hashes(editions),
        approvals=(),
    )
    one.seal.write_text(write_text(older))
    [rebuild] = one.verify().differing
    assert rebuild.faults == (f"premailer version 1.0 → {found.inputs['premailer version']}",)
    assert rebuild.remark == "only because of other programs: every other input is as it was sealed"


def test_without_a_rebuild_only_what_was_sent_is_asked_about(place: Any) -> None:
    """An article that the site edited since, or a new look, says nothing of what was sent."""
    one = place()
    one.run("UPDATE articles SET title = 'Edited since'")
    assert one.faults() == [f"article {PICKED}: title"]
    assert one.faults(rebuild=False) == []


def test_corrections_are_of_the_issue_they_stand_beside(place: Any) -> None:
    """One that was copied from another issue's file, or made for other bytes, is found."""
    one = place()
    one.app.corrector.correct(SLUG, "It was 40 patients.", AT)
    path = path_of(one.root / "content/issues", SLUG)
    other = path_of(one.root / "content/issues", "2026-12-03")
    other.write_text(path.read_text())
    one.run("UPDATE issues SET slug = '2026-12-03'")
    [fault] = one.verify("2026-12-03", rebuild=False).differing[-1].faults
    assert fault.endswith(f"the list of corrections is of another issue: {SLUG}")
    other.write_text(corrections.write_text("2026-12-03", [Correction("2026-12-03", "x", AT, "0" * 64)]))
    [fault] = one.verify("2026-12-03", rebuild=False).differing[-1].faults
    assert fault == "the one of 2026-11-26 08:00 is of something else"


# --- the page that readers are shown ---


@contextmanager
def served(change: Callable[[str], str]) -> Iterator[tuple[str, dict[str, str]]]:
    """Something that stands between readers and the service: it hands out pages, changed on their way."""
    pages: dict[str, str] = {}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = change(pages[self.path]).encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: object) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", pages
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.parametrize(
    ("change", "holds"),
    [
        (lambda page: page, True),
        (lambda page: page.replace("Short walks", "Short  walks"), False),
        (lambda page: page.replace("</body>", "<script>watch()</script></body>"), False),
    ],
    ids=["as it is", "a blank", "a script"],
)
def test_the_public_page_is_held_against_what_was_sent(
    place: Any, change: Callable[[str], str], holds: bool
) -> None:
    """What a proxy or a host does to the page on its way is found; a correction above it is not taken for that."""
    with served(change) as (base, pages):
        one = place(send=False, approve=False)
        toml = one.root / "newsletter.toml"
        toml.write_text(toml.read_text().replace("https://letters.example.org", base))
        app = make_app(one.root)
        app.approvals.approve(SLUG, "Ada Novak", AT, waive=[("headers", "On loopback there is no https.")])
        app.begin(SLUG, AT)
        app.sending.send(SLUG, AT)
        app.corrector.correct(SLUG, "It was 40 patients.", AT)
        path = f"/issues/{SLUG}"
        pages[path] = make_web(app, work=False).test_client().get(path, base_url=base).text
        assert "It was 40 patients." in pages[path]
        [asked] = [one for one in app.verifier.verify(SLUG, online=True).comparisons if base in one.what]
        assert (not asked.faults) == holds
        app.database.dispose()


# --- the command ---


def run(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command(root, "verify", *arguments), capture_output=True, text=True, timeout=60)


def test_the_command_says_what_was_held_against_what(sent: Place) -> None:
    """Exit 0 when all is the same, 1 when anything differs; the newest issue when none is named."""
    good = run(sent.root)
    assert (good.returncode, good.stderr) == (0, "")
    assert "the frozen editions (7)\tthe seal\tsame\n" in good.stdout
    assert f"{SLUG} holds: 8 comparisons, and nothing differs." in good.stdout
    with flipped(sent.issue, -4, 1):
        bad = run(sent.root, SLUG)
    assert bad.returncode == 1
    assert "a rebuild\tthe seal\tdiffers: the issue file" in bad.stdout
    assert bad.stderr == f"{SLUG} does not hold: 1 of 8 comparisons differ.\n"


def test_used_wrongly_or_in_vain_it_says_so(sent: Place) -> None:
    """2 for a name that is none; 1 for an issue of which there is nothing to hold."""
    assert run(sent.root, "no-date").returncode == 2
    done = run(sent.root, "2026-12-03")
    assert (done.returncode, "neither approved nor published" in done.stderr) == (1, True)


def test_scripts_read_it_as_json(sent: Place) -> None:
    """What was compared with what, whether it is the same, and what differs."""
    with flipped(sent.issue, -4, 1):
        done = run(sent.root, SLUG, "--json")
    data = json.loads(done.stdout)
    assert (done.returncode, data["issue"], data["holds"]) == (1, SLUG, False)
    assert data["comparisons"][-1] == {
        "what": "a rebuild",
        "against": "the seal",
        "same": False,
        "differs": ["the issue file"],
        "remark": "",
    }


def test_on_a_terminal_it_draws_a_table_of_marks(sent: Place) -> None:
    """A tick or a cross on each line, within eighty columns."""
    with flipped(sent.issue, -4, 1):
        said = on_a_terminal(sent.root, "verify", SLUG, columns=80)
    assert (said.code, said.text.count("✓"), said.text.count("✗")) == (1, 7, 1)
    assert "\x1b[31mthe issue file" in said.raw
    assert max(map(len, said.text.splitlines())) <= 80


def test_verifying_changes_nothing(sent: Place) -> None:
    """No file, and nothing in the store."""

    def state() -> dict[str, bytes]:
        files = {str(path): path.read_bytes() for path in sent.root.rglob("*") if path.is_file()}
        return {name: content for name, content in files.items() if "newsletter.db" not in name}

    before = state()
    sent.verify()
    assert state() == before
    assert seals.find_seal(sent.seal)
