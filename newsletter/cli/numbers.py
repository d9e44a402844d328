"""Numbers as people say them."""

from __future__ import annotations

from newsletter.types import News, Tally

_STATES = ("sent", "refused", "skipped", "queued", "sending", "in_doubt")


def duration(seconds: float) -> str:
    """`0.4 s`, `12 s`, `3 min 20 s`, `2 h 5 min`."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def parts(tally: Tally) -> str:
    """The tally as a sum, without what is nought: `5,000 = 4,990 sent + 10 in doubt`."""
    counted = [(getattr(tally, state), state.replace("_", " ")) for state in _STATES]
    said = " + ".join(f"{number:,} {state}" for number, state in counted if number)
    return f"{tally.audience:,} = {said}" if said else "no readers"


def told(news: dict[News, int]) -> str:
    """`4,980 delivered, 3 soft bounced, 1 complained`; empty when nothing was told."""
    return ", ".join(f"{number:,} {one.replace('_', ' ')}" for one, number in news.items())
