"""The scientific papers that a text names: DOIs (ISO 26324) and PMIDs, PubMed's numbers."""

from __future__ import annotations

import re
from collections.abc import Container, Iterator
from urllib.parse import unquote

_DOI = re.compile(r"\b10\.\d{4,9}/[^\s\"<>“”|\\^`{}]{1,200}")
_PMID = re.compile(
    r"(?:\bPMID|\bPub ?Med(?: ?ID)?|pubmed\.ncbi\.nlm\.nih\.gov/|ncbi\.nlm\.nih\.gov/(?:m/)?pubmed/)"
    r"[\s:#]{0,3}(\d{4,9})\b",
    re.I,
)


def papers_in(text: str) -> tuple[str, ...]:
    """DOIs in small letters and PMIDs, each once. What follows a DOI in a sentence or an address may cling to it."""
    dois = (one.lower().rstrip(".,;:)]}'*_") for one in _DOI.findall(unquote(text)))
    return tuple(dict.fromkeys([*dois, *_PMID.findall(text)]))


def known_papers(text: str, known: Container[str]) -> Iterator[str]:
    """Those of the papers in a text that are `known`, each once."""
    for key in papers_in(text):
        if found := next((one for one in _shorter(key) if one in known), None):
            yield found


def _shorter(key: str) -> Iterator[str]:
    """`10.1/a.b/full` → itself, `10.1/a.b`, `10.1/a`: publishers put more behind a DOI."""
    while key:
        yield key
        end = max(key.rfind(sign) for sign in "/.,;:?#&)]}'*_")
        key = key[:end] if end > key.find("/") else ""
