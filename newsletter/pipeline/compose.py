"""Compose: new articles → a draft; an issue file and its articles → a layout.

Everything is decided by values alone, so that the same articles make the same draft.

Which articles: those that became new in the issue's window, are not dated in the future, and are in no other
issue, be it a file or published. Within its section the newest comes first; a section takes up to its `max`.

Which one leads: the newest pick with a picture or a video still; when none has one, the newest pick. Where
two are equally new, the earlier section of the settings decides, then the address in alphabetical order.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from newsletter.config import Config
from newsletter.content import LeftOut, Proposal
from newsletter.errors import ContentError, NothingNew
from newsletter.types import Article, Correction, Image, Issue, Layout, Pick, Story, Video
from newsletter.urls import canonical_url

SUBJECT_LENGTH = 60
PREHEADER_LENGTH = 110


@dataclass(frozen=True, slots=True)
class Additions:
    """What a refresh brings to an issue."""

    picks: Mapping[str, tuple[Article, ...]]
    left_out: tuple[LeftOut, ...]


# --- which articles --------------------------------------------------------------------------------------


def candidates(
    articles: Iterable[Article], *, since: datetime, until: datetime, used: Collection[str]
) -> list[Article]:
    """The articles that an issue can take, newest first. `used` holds canonical URLs."""
    fitting = (
        article
        for article in articles
        if since <= article.new_at <= until
        and (article.published_at is None or article.published_at <= until)
        and article.canonical_url not in used
    )
    return sorted(fitting, key=_newest_first)


def propose(
    day: date, found: Sequence[Article], config: Config, *, since: datetime, until: datetime
) -> Proposal:
    """A draft for the issue of `day` from candidates, newest first. Raises NothingNew when there are none."""
    picks, left_out = _into_sections(found, {section.id: section.max for section in config.sections})
    if not any(picks.values()):
        raise _nothing(day, since, until, config, left_out)
    lead = choose_lead(picks)
    others = [article for chosen in picks.values() for article in chosen if article is not lead]
    return Proposal(
        date=day,
        since=since,
        until=until,
        subject=shorten(lead.title, SUBJECT_LENGTH),
        preheader=propose_preheader(lead, others),
        lead=lead,
        picks=tuple(picks.items()),
        left_out=left_out,
    )


def additions(issue: Issue, text: str, found: Sequence[Article], config: Config) -> Additions:
    """What came in since the issue was drafted or last refreshed, as far as its sections have room.

    An article whose address stands anywhere in the file, be it in a remark, is not offered again, nor one
    that an editor has seen and deleted.
    """
    mentioned = {canonical_url(url.rstrip("\"',;]}")) for url in re.findall(r"https?://\S+", text)}
    fresh = [
        article
        for article in found
        if article.canonical_url not in mentioned and _is_later(article, issue.drafted_at)
    ]
    taken = {section: len(chosen) for section, chosen in issue.picks}
    room = {section.id: max(0, section.max - taken.get(section.id, 0)) for section in config.sections}
    picks, left_out = _into_sections(fresh, room)
    return Additions({section: chosen for section, chosen in picks.items() if chosen}, left_out)


def choose_lead(picks: Mapping[str, Sequence[Article]]) -> Article:
    """The pick that leads, by the rule above."""
    everything = [article for chosen in picks.values() for article in chosen]
    newest = sorted(everything, key=lambda article: -_moment(article))  # stable: sections keep their order
    return next((article for article in newest if article.image or article.video), newest[0])


def _into_sections(
    found: Iterable[Article], room: Mapping[str, int]
) -> tuple[dict[str, tuple[Article, ...]], tuple[LeftOut, ...]]:
    picks: dict[str, list[Article]] = {section: [] for section in room}
    left_out = []
    for article in found:
        if article.section not in room:
            left_out.append(LeftOut(article, f"the settings have no section {article.section!r}"))
        elif len(picks[article.section]) >= room[article.section]:
            left_out.append(LeftOut(article, f"{article.section} is full"))
        else:
            picks[article.section].append(article)
    return {section: tuple(chosen) for section, chosen in picks.items()}, tuple(left_out)


def _moment(article: Article) -> float:
    return (article.published_at or article.new_at).timestamp()


def _newest_first(article: Article) -> tuple[float, str]:
    return -_moment(article), article.canonical_url


def _is_later(article: Article, drafted_at: datetime | None) -> bool:
    return drafted_at is None or article.first_seen_at > drafted_at or article.new_at > drafted_at


def _nothing(
    day: date, since: datetime, until: datetime, config: Config, left_out: Sequence[LeftOut]
) -> NothingNew:
    begin = _spoken(since, config.newsletter.zone)
    if since > until:
        return NothingNew(f"it is too early for the issue of {day}: its articles are those from {begin} on")
    if left_out:
        return NothingNew(
            f"no new article since {begin} has a section: {left_out[0].why}",
            hint="Run `newsletter pull` after a change of the sections.",
        )
    return NothingNew(
        f"nothing new since {begin}: there is no issue of {day} to draft",
        hint="`newsletter articles` lists what there is; an issue file can also be written by hand.",
    )


def _spoken(moment: datetime, zone: ZoneInfo) -> str:
    local = moment.astimezone(zone)
    return f"{local:%a} {local.day} {local:%b %Y, %H:%M} ({zone.key})"


# --- words for a draft -----------------------------------------------------------------------------------


def shorten(text: str, length: int) -> str:
    """`text` in at most `length` characters, cut between words."""
    text = " ".join(text.split())
    if len(text) <= length:
        return text
    cut = text[: length - 1]
    if not text[length - 1].isspace() and " " in cut[length // 2 :]:
        cut = cut[: cut.rindex(" ")]
    return cut.rstrip(" ,;:–—-.") + "…"


def propose_preheader(lead: Article, others: Sequence[Article]) -> str:
    """The other picks' titles as far as they fit, and how many more; alone, the lead's first words."""
    if not others:
        return shorten(lead.excerpt, PREHEADER_LENGTH)
    titles = [" ".join(article.title.split()).rstrip(".") for article in others]
    for count in range(len(titles), 0, -1):
        more = len(titles) - count
        line = "Also: " + "; ".join(titles[:count]) + (f"; and {more} more" if more else "")
        if len(line) <= PREHEADER_LENGTH:
            return line
    more_words = f"; and {len(titles) - 1} more" if len(titles) > 1 else ""
    return shorten(f"Also: {titles[0]}", PREHEADER_LENGTH - len(more_words)) + more_words


# --- the layout ------------------------------------------------------------------------------------------


def urls_of(issue: Issue) -> set[str]:
    """The canonical URLs of an issue's picks."""
    return {canonical_url(pick.url) for _, chosen in issue.picks for pick in chosen}


def resolve(
    issue: Issue,
    articles: Mapping[str, Article],
    config: Config,
    corrections: tuple[Correction, ...] = (),
) -> Layout:
    """The issue with every pick's words settled; what the file says wins. `articles` by canonical URL.

    Raises ContentError for a section that the settings do not know, for a pick that neither file nor store
    has words for, and for an issue without picks.
    """
    picks = dict(issue.picks)
    _refuse_unknown_sections(issue, config)
    zone = config.newsletter.zone
    sections = {
        section: [settle(pick, section, articles, issue.path, zone) for pick in picks[section]]
        for section in config.section_ids
        if section in picks
    }
    stories = [story for chosen in sections.values() for story in chosen]
    if not stories:
        raise ContentError(
            "has no picks", where=issue.path, hint="Add the address of an article to a section."
        )
    lead = next((story for story in stories if story.url == issue.lead), stories[0])
    kept = (
        (section, tuple(one for one in chosen if one is not lead)) for section, chosen in sections.items()
    )
    return Layout(
        slug=issue.slug,
        subject=issue.subject,
        preheader=issue.preheader,
        date=issue.date,
        note=issue.note,
        lead=lead,
        sections=tuple((section, chosen) for section, chosen in kept if chosen),
        corrections=corrections,
    )


def settle(pick: Pick, section: str, articles: Mapping[str, Article], path: str, zone: ZoneInfo) -> Story:
    """One pick's words: those of the file, else the article's. Raises ContentError when there are none."""
    article = articles.get(canonical_url(pick.url))
    if article is None and (pick.title is None or pick.blurb is None):
        lacking = " and ".join(
            name for name, value in (("title", pick.title), ("blurb", pick.blurb)) if value is None
        )
        raise ContentError(
            f"the article is not in the store, and the pick gives no {lacking}: {pick.url}",
            where=f"{path}:{pick.line}",
            hint="Run `newsletter pull`, check the address, or give the pick a title and a blurb of its own.",
        )
    image, video = _pictures(pick.image, article)
    return Story(
        title=pick.title or (article.title if article else ""),
        url=pick.url,
        blurb=pick.blurb or (article.excerpt if article else ""),
        image=image,
        video=video,
        author=article.author if article else None,
        published=article.published_at.astimezone(zone).date() if article and article.published_at else None,
        section=section,
    )


def _pictures(own: Image | None, article: Article | None) -> tuple[Image | None, Video | None]:
    """The editor's picture wins, also as the still of the article's video; `image: none` shows neither."""
    image, video = (article.image, article.video) if article else (None, None)
    if own is None:
        return image, video
    if not own.url:
        return None, None
    return own, Video(video.url, own.url) if video else None


def _refuse_unknown_sections(issue: Issue, config: Config) -> None:
    for section, chosen in issue.picks:
        if section not in config.section_ids:
            line = f":{chosen[0].line}" if chosen else ""
            raise ContentError(
                f"the settings have no section {section!r}",
                where=f"{issue.path}{line}",
                hint=f"There is {', '.join(config.section_ids)}.",
            )
