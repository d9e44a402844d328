"""A week of a newsletter, told step by step: each does what an editor's command does, and says what came of it."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from newsletter.app import App
from newsletter.checks import names
from newsletter.demo.server import Stage
from newsletter.demo.settings import shipped
from newsletter.errors import ApprovalError
from newsletter.pipeline.collect import PullReport
from newsletter.types import Article, Image

SUBJECT = "Back pain: move first, scan later"
PREHEADER = "A new guideline, walking by the clock, and what to expect from an injection."
EDITOR = "Ines Sample"
APPROVER = "Dr. Ada Sample"
SOURCE = "the demo"
EARLIER = timedelta(days=4)
"""When the feed is collected for the first time; more comes in since than one page of it holds."""

READERS = (
    ("all.topics@example.org", ""),
    ("conditions.only@example.org", "conditions"),
    ("treatments.and.news@example.org", "treatments,news"),
    ("news.only@example.org", "news"),
    ("conditions.and.treatments@example.org", "conditions,treatments"),
)


@dataclass(frozen=True, slots=True)
class Step:
    command: str
    """What an editor types for it; what is done in an editor begins with #."""
    said: tuple[str, ...]


def tell(app: App, stage: Stage, clock: Callable[[], datetime]) -> Iterator[Step]:
    """Do it all, one step at a time: each is finished when it is yielded."""
    earlier = clock() - EARLIER
    stage.turn_to(earlier)
    yield _pull(app, earlier, f"    # {EARLIER.days} days ago")
    stage.turn_to(clock())
    yield _pull(app, clock(), "    # today")
    yield _pull(app, clock(), "    # a moment later")
    slug = app.slug(None, clock())
    yield _draft(app, slug, clock())
    yield _edit(app, slug)
    yield _build(app, slug)
    yield from _subscribe(app, clock)
    yield _check(app, slug, clock())
    yield _approve(app, slug, clock())
    yield _send(app, slug, clock())
    yield _send_again(app, slug, clock())


# --- collecting ------------------------------------------------------------------------------------------


def _pull(app: App, now: datetime, when: str) -> Step:
    report = app.pull(now)
    for feed in report.feeds:
        if feed.error:
            raise feed.error
    return Step(f"newsletter pull{when}", tuple(_pulled(report)))


def _pulled(report: PullReport) -> Iterator[str]:
    if all(feed.state == "same" for feed in report.feeds):
        yield "Nothing has changed since."
        return
    new = [one for feed in report.feeds for one in feed.new]
    skipped = [one for feed in report.feeds for one in feed.skipped]
    yield f"{len(new)} new, {len(skipped)} skipped: {_counted(one.section for one in new)}."
    for one in skipped:
        yield f"Skipped {one.title or 'an entry without a title'}: {one.reason}."
    for feed in report.feeds:
        yield from filter(None, feed.notes)


# --- writing ---------------------------------------------------------------------------------------------


def _draft(app: App, slug: str, now: datetime) -> Step:
    app.composer.draft(slug, now)
    issue = app.composer.read(slug)
    count = sum(len(chosen) for _, chosen in issue.picks)
    return Step("newsletter build", (f"Drafted content/issues/{slug}.md with {count} picks.",))


def _edit(app: App, slug: str) -> Step:
    """What a person does with a draft: subject, note, and a still for each video (the sample's show nothing)."""
    path = app.composer.path(slug)
    stills = {article.url: article.image for article, _ in app.composer.pickable() if _needs_still(article)}
    text = edited(path.read_text(encoding="utf-8"), {url: one for url, one in stills.items() if one})
    path.write_text(text, encoding="utf-8")
    return Step(
        f"# {EDITOR} edits content/issues/{slug}.md",
        (f"A subject of her own: “{SUBJECT}”.", f"A note to the readers, and {len(stills)} video stills."),
    )


def _needs_still(article: Article) -> bool:
    return article.video is not None and article.image is not None


def edited(text: str, stills: dict[str, Image]) -> str:
    """A draft with the editor's subject, preheader, name and note, and with pictures for these picks. Pure."""
    text = re.sub(r"^subject: .*$", f"subject: {json.dumps(SUBJECT)}", text, count=1, flags=re.M)
    text = re.sub(r"^preheader: .*$", f"preheader: {json.dumps(PREHEADER)}", text, count=1, flags=re.M)
    text = re.sub(r"^# author: .*$", f"author: {EDITOR}", text, count=1, flags=re.M)
    for url, image in stills.items():
        pick = f"- url: {url}\n      image: {image.url}\n      alt: {json.dumps(image.alt)}"
        text = text.replace(f"\n    - {url}\n", f"\n    {pick}\n")
    return f"{text.rstrip()}\n\n{shipped('note.md')}"


def _build(app: App, slug: str) -> Step:
    built = app.composer.build(slug)
    variants = built.report["variants"]
    size = variants[0]["html_bytes"] / 1000
    return Step(
        f"newsletter build {slug} --offline",
        (f"{len(variants)} variants, one for each choice of topics; the whole one has {size:.0f} kB.",),
    )


# --- sending ---------------------------------------------------------------------------------------------


def _subscribe(app: App, clock: Callable[[], datetime]) -> Iterator[Step]:
    for email, topics in READERS:
        added = app.add_subscriber(email, topics, SOURCE, clock())
        chosen = "every topic" if not added.subscriber.topics.ids else _listed(added.subscriber.topics.ids)
        option = f" --topics {topics}" if topics else ""
        command = f'newsletter subscribers add {email} --confirmed --source "{SOURCE}"{option}'
        yield Step(command, (f"Reader {added.subscriber.id}, {chosen}.",))


def _check(app: App, slug: str, now: datetime) -> Step:
    verdict = app.check(slug, now)
    if verdict.errors:
        raise ApprovalError(f"the sample issue has an error: {verdict.errors[0].message}")
    heard = "no error" + (f", and {len(verdict.warnings)} warnings" if verdict.warnings else "")
    grade = f"; it reads at grade {verdict.reading_grade:.0f}" if verdict.reading_grade else ""
    return Step(f"newsletter check {slug} --offline", (f"{len(list(names()))} checks: {heard}{grade}.",))


def _approve(app: App, slug: str, now: datetime) -> Step:
    done = app.approvals.approve(slug, APPROVER, now)
    return Step(
        f'newsletter approve {slug} --by "{APPROVER}" --offline',
        (f"Approved as {done.seal.hash[:12]}: one changed byte would void it.",),
    )


def _send(app: App, slug: str, now: datetime) -> Step:
    issue = app.publish(slug, now)
    report = app.sending.send(slug, now)
    lines = [f"Sent {report.sent} of {issue.audience} mails, to the outbox."]
    if report.stopped:
        lines.append(f"Stopped: {report.stopped}")
    return Step(f"newsletter send {slug}", tuple(lines))


def _send_again(app: App, slug: str, now: datetime) -> Step:
    again = app.sending.send(slug, now)
    tally = app.sending.status(slug, now).tally
    said = f"Sent {again.sent} more: {tally.sent} of {tally.audience} readers have it, each once."
    return Step(f"newsletter send {slug}", (said,))


# --- words -----------------------------------------------------------------------------------------------


def _counted(names: Iterable[str]) -> str:
    return _listed(f"{count} {name}" for name, count in sorted(Counter(names).items()))


def _listed(names: Iterable[str]) -> str:
    *others, last = names
    return f"{', '.join(others)} and {last}" if others else last


def first_mail(root: Path, slug: str) -> Path:
    """The mail of the first reader, who wants everything."""
    return min((root / "outbox" / slug).glob("*.eml"))


def where_to_look(root: Path, slug: str, page: Path) -> tuple[tuple[str, Path], ...]:
    """What came of it, and where."""
    return (
        ("the issue, in a browser", page),
        ("its text part", root / "build" / slug / "all.txt"),
        ("the mails, one a reader", root / "outbox" / slug),
        ("the file an editor owns", root / "content" / "issues" / f"{slug}.md"),
    )
