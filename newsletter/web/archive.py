"""Past issues: the very bytes that were sent, less the readers' own links, below what was corrected since; a feed of
them; a map of the pages.

Only what has been published is here: an issue file that nobody sent has no page.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime
from xml.etree import ElementTree as Xml

from flask import Blueprint, Response, abort

from newsletter.render.archive import archive_page, as_sent, whole_edition, with_note
from newsletter.storage.database import reading
from newsletter.storage.issues import PublishedIssue, find_issue, list_editions, list_issues
from newsletter.types import Edition, IssueState
from newsletter.web.desk import Desk, desk

pages = Blueprint("archive", __name__)
IN_FEED = 20
SLUG = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
# A mail's styles stand in its elements, its pictures on the site.
POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src https: http: data:; form-action 'none'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
ATOM = "http://www.w3.org/2005/Atom"


@dataclass(frozen=True, slots=True)
class Listed:
    slug: str
    subject: str
    day: date
    published_at: datetime


@pages.get("/style.css")
def style() -> Response:
    headers = {"Cache-Control": "public, max-age=31536000, immutable"}
    return Response(desk().style, mimetype="text/css", headers=headers)


@pages.get("/issues/")
def index() -> Response:
    return desk().page("issues", issues=[_listed(one) for one in _published(desk())])


@pages.get("/issues/<slug>")
def issue(slug: str) -> Response:
    here = desk()
    if not SLUG.fullmatch(slug):  # PostgreSQL would not even take some
        abort(404)
    with reading(here.app.database) as conn:
        found = find_issue(conn, slug)
        if found is None or not is_public(found):
            abort(404)
        edition = whole_edition(list_editions(conn, found.id).values())
    headers = {"Content-Security-Policy": POLICY, "Cache-Control": "public, max-age=300"}
    note, _ = here.corrections_of(slug)
    page = archive_page(here.config, edition, found.published_at, note)
    return Response(page, mimetype="text/html", headers=headers)


@pages.get("/feed.xml")
def feed() -> Response:
    here = desk()
    with reading(here.app.database) as conn:
        shown = [one for one in list_issues(conn) if is_public(one)][:IN_FEED]
        entries = [(one, whole_edition(list_editions(conn, one.id).values())) for one in shown]
    return Response(
        atom(here, entries), mimetype="application/atom+xml", headers={"Cache-Control": "public, max-age=300"}
    )


@pages.get("/sitemap.xml")
def sitemap() -> Response:
    here = desk()
    base = here.config.newsletter.public_url
    root = Xml.Element("urlset", xmlns="http://www.sitemaps.org/schemas/sitemap/0.9")
    addresses = [f"{base}/", f"{base}/issues/", *(f"{base}/issues/{one.slug}" for one in _published(here))]
    for address in addresses:
        Xml.SubElement(Xml.SubElement(root, "url"), "loc").text = address
    return Response(_xml(root), mimetype="application/xml", headers={"Cache-Control": "public, max-age=300"})


@pages.get("/robots.txt")
def robots() -> Response:
    """Readers' links must not be in any index."""
    base = desk().config.newsletter.public_url
    private = ("confirm", "unsubscribe", "preferences", "address", "keep", "data")
    lines = [
        "User-agent: *",
        *(f"Disallow: /{name}/" for name in private),
        f"Sitemap: {base}/sitemap.xml",
        "",
    ]
    return Response("\n".join(lines), mimetype="text/plain")


def latest_issue(here: Desk) -> PublishedIssue | None:
    return next(iter(_published(here)), None)


def is_public(issue: PublishedIssue) -> bool:
    """What was sent, or is being sent, may be seen; what was stopped may not be meant to be."""
    return issue.state in (IssueState.SENDING, IssueState.SENT)


def atom(here: Desk, issues: list[tuple[PublishedIssue, Edition]]) -> bytes:
    """RFC 4287: the issues in full, the newest first. One that was corrected since is updated."""
    base = here.config.newsletter.public_url
    entries = [(one, edition, *here.corrections_of(one.slug)) for one, edition in issues]
    moments = [corrected or one.published_at for one, _, _, corrected in entries]
    root = Xml.Element("feed", xmlns=ATOM)
    _add(root, "title", here.config.newsletter.name)
    _add(root, "id", f"{base}/feed.xml")
    _add(root, "link", rel="self", href=f"{base}/feed.xml", type="application/atom+xml")
    _add(root, "link", rel="alternate", href=f"{base}/issues/", type="text/html")
    _add(root, "updated", max(moments, default=here.clock()).isoformat())
    _add(_add(root, "author"), "name", here.config.newsletter.name)
    for (issue, edition, note, _), updated in zip(entries, moments, strict=True):
        entry = _add(root, "entry")
        _add(entry, "title", edition.subject)
        _add(entry, "id", f"{base}/issues/{issue.slug}")
        _add(entry, "link", rel="alternate", href=f"{base}/issues/{issue.slug}", type="text/html")
        _add(entry, "published", issue.published_at.isoformat())
        _add(entry, "updated", updated.isoformat())
        _add(entry, "summary", edition.preheader)
        _add(entry, "content", with_note(as_sent(here.config, edition), note), type="html")
    return _xml(root)


def _published(here: Desk) -> list[PublishedIssue]:
    with reading(here.app.database) as conn:
        return [one for one in list_issues(conn) if is_public(one)]


def _listed(one: PublishedIssue) -> Listed:
    return Listed(one.slug, one.subject, date.fromisoformat(one.slug), one.published_at)


def _add(parent: Xml.Element, tag: str, text: str | None = None, **attributes: str) -> Xml.Element:
    child = Xml.SubElement(parent, tag, attributes)
    child.text = text
    return child


def _xml(root: Xml.Element) -> bytes:
    return bytes(Xml.tostring(root, encoding="utf-8", xml_declaration=True))
