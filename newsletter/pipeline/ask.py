"""Ask what only the world knows: whether links and pictures answer.

Politely: one question at a time to a host, HEAD before GET, none that was answered within a day, and no more of a host
that is not there or keeps us waiting. Answers are kept in the build folder.
"""

from __future__ import annotations

import json
import re
import struct
import time
from collections.abc import Container, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import asdict
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests

from newsletter import __version__
from newsletter.checks import Answer, Case
from newsletter.checks._page import page_of
from newsletter.checks.links import PLAIN, UNREACHABLE, form_fault

HOSTS = 8
"""Hosts asked at the same time."""
PAUSE = 0.2
"""Seconds between two questions to one host."""
KEEP_GOOD, KEEP_BAD = timedelta(days=1), timedelta(minutes=10)
TIMEOUT = (5, 10)
"""Seconds to connect, and to wait for the next byte."""
MOST_WAITS = 2
"""Times that a host may keep us waiting in vain."""
MOST = 6_000_000
"""Bytes of a picture that are counted at most."""
LONGEST = 20.0
"""Seconds that a picture may take to come."""
_HEAD = 65_536
"""Bytes of a picture in which its size is looked for."""
_RESERVED = re.compile(r"(?:^|\.)(?:example\.(?:com|net|org)|example|test|invalid)$")
_NO_HEAD = {400, 401, 403, 404, 405, 406, 429, 500, 501, 503}
"""Answers to HEAD that say little: many servers do not know it."""


def wanted(case: Case) -> dict[str, bool]:
    """Each address worth asking, and whether it is a picture. Names kept for examples (RFC 2606) answer nobody, and
    other machines of one's own network are none of a letter's business."""
    letter = case.config.newsletter
    own = {urlsplit(one).netloc for one in (letter.site_url, letter.public_url)}
    found: dict[str, bool] = {}
    for edition in case.editions:
        page = page_of(edition.html)
        found |= {link.href: False for link in page.links}
        found |= {one.get("src", ""): True for one in page.all("img")}
    return {url: picture for url, picture in found.items() if _can_be_asked(url, own)}


def _can_be_asked(url: str, own: Container[str]) -> bool:
    if not url.startswith(("http://", "https://")):
        return False
    fault = form_fault(url, set())
    if fault and not fault[0].startswith(PLAIN):
        return fault[0].startswith(UNREACHABLE) and urlsplit(url).netloc in own
    return not _RESERVED.search((urlsplit(url).hostname or "").lower())


def ask_all(urls: Mapping[str, bool], now: datetime, *, cache: Path | None = None) -> dict[str, Answer]:
    """What each address answers. Where no host at all is found, this machine is offline: nothing is said."""
    known = _remembered(cache, now) if cache else {}
    open_ = [url for url in urls if url not in known]
    by_host: dict[str, list[str]] = {}
    for url in open_:
        by_host.setdefault(urlsplit(url).netloc.lower(), []).append(url)
    fresh: dict[str, Answer] = {}
    with ThreadPoolExecutor(HOSTS) as pool:
        for answers in pool.map(lambda group: _ask_host(group, urls), by_host.values()):
            fresh |= answers
    if fresh and all(one.trouble in ("no such host", "no connection") for one in fresh.values()):
        fresh = {}
    if cache and fresh:
        _remember(cache, fresh, now)
    return {url: answer for url, answer in {**known, **fresh}.items() if url in urls}


def _ask_host(urls: Iterable[str], pictures: Mapping[str, bool]) -> dict[str, Answer]:
    found: dict[str, Answer] = {}
    with requests.Session() as session:
        session.headers["User-Agent"] = (
            f"newsletter/{__version__} (checks the links of a letter before it goes out)"
        )
        for url in urls:
            if trouble := _given_up(found):
                found[url] = Answer(0, url, trouble=trouble)
                continue
            if found:
                time.sleep(PAUSE)
            found[url] = ask(session, url, picture=pictures[url])
    return found


def _given_up(found: Mapping[str, Answer]) -> str | None:
    """Why a host is not asked again: there is none, or it kept us waiting too often already."""
    troubles = [one.trouble for one in found.values()]
    if "no such host" in troubles:
        return "no such host"
    return "timeout" if troubles.count("timeout") >= MOST_WAITS else None


def ask(session: requests.Session, url: str, *, picture: bool) -> Answer:
    """One address's answer: by HEAD, and by GET where that says nothing, or for a picture."""
    try:
        if not picture:
            with session.head(url, allow_redirects=True, timeout=TIMEOUT) as answer:
                if answer.status_code not in _NO_HEAD:
                    return _answer(answer)
        with session.get(url, allow_redirects=True, timeout=TIMEOUT, stream=True) as answer:
            return _picture(answer) if picture and answer.ok else _answer(answer)
    except requests.RequestException as error:
        return Answer(0, url, trouble=trouble_of(error))
    except (ValueError, OSError):  # an address that the library cannot read at all
        return Answer(0, url, trouble="no such host")


def trouble_of(error: requests.RequestException) -> str:
    """Why there was no answer, in the words that the checks know."""
    if isinstance(error, requests.exceptions.SSLError):
        return "certificate"
    if isinstance(error, requests.TooManyRedirects):
        return "too many redirects"
    if isinstance(error, requests.Timeout):
        return "timeout"
    said = str(error)
    if re.search(r"NameResolution|getaddrinfo|Name or service|nodename|Temporary failure in name", said):
        return "no such host"
    if "Connection refused" in said:
        return "refused"
    return "no connection"


def _answer(answer: requests.Response) -> Answer:
    length = answer.headers.get("Content-Length", "")
    return Answer(
        status=answer.status_code,
        url=answer.url,
        content_type=answer.headers.get("Content-Type", ""),
        bytes=int(length) if length.isdigit() else None,
        moved=any(one.status_code in (301, 308) for one in answer.history),
    )


def _picture(answer: requests.Response) -> Answer:
    head, count, began = b"", 0, time.monotonic()
    for chunk in answer.iter_content(16_384):
        count += len(chunk)
        head += chunk if len(head) < _HEAD else b""
        if count > MOST or time.monotonic() - began > LONGEST:
            break
    told = _answer(answer)
    return Answer(
        told.status,
        told.url,
        told.content_type,
        max(count, told.bytes or 0),
        picture_width(head),
        moved=told.moved,
    )


def picture_width(head: bytes) -> int | None:
    """The width that a PNG, GIF or JPEG says it has; None where it cannot be read."""
    with suppress(struct.error, IndexError):
        if head.startswith(b"\x89PNG"):
            return int(struct.unpack(">I", head[16:20])[0])
        if head.startswith(b"GIF8"):
            return int(struct.unpack("<H", head[6:8])[0])
        if head.startswith(b"\xff\xd8"):
            return _jpeg_width(head)
    return None


def _jpeg_width(head: bytes) -> int | None:
    at = 2
    while at + 9 < len(head):
        kind, length = struct.unpack(">xBH", head[at : at + 4])
        if 0xC0 <= kind <= 0xCF and kind not in (
            0xC4,
            0xC8,
            0xCC,
        ):  # a start of frame (ITU-T T.81, table B.1)
            return int(struct.unpack(">H", head[at + 7 : at + 9])[0])
        at += 2 + length
    return None


# --- what was answered before ----------------------------------------------------------------------------


def _remembered(cache: Path, now: datetime) -> dict[str, Answer]:
    found = {}
    for url, entry in _entries(cache).items():
        with suppress(KeyError, TypeError, ValueError):
            answer = Answer(**entry["answer"])
            keep = KEEP_GOOD if 200 <= answer.status < 400 else KEEP_BAD
            if timedelta(0) <= now - datetime.fromisoformat(entry["at"]) < keep:
                found[url] = answer
    return found


def _entries(cache: Path) -> dict[str, Any]:
    try:
        data = json.loads(cache.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return data if isinstance(data, dict) else {}


def _remember(cache: Path, fresh: Mapping[str, Answer], now: datetime) -> None:
    entries = {
        **_entries(cache),
        **{url: {"at": now.isoformat(), "answer": asdict(one)} for url, one in fresh.items()},
    }
    with suppress(OSError):  # a folder that cannot be written to only makes the next check slower
        cache.parent.mkdir(parents=True, exist_ok=True)
        waiting = cache.with_name(f"{cache.name}.new")
        waiting.write_text(json.dumps(entries, indent=1, sort_keys=True), encoding="utf-8")
        waiting.replace(cache)
