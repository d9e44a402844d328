"""The test-send box: one mail by the very path of `newsletter test`, and what came of it."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from newsletter.preview.studio import Snapshot, Tried
from newsletter.preview.trouble import Trouble, explain


def send_test(now: Snapshot, root: Path, to: str, variant: str, at: datetime) -> Tried:
    """Send the issue as it is shown to one address. Whatever goes wrong is in the answer."""
    to = to.strip()
    if now.made is None or now.trouble:
        return Tried(to, variant, "", Trouble("the issue has a mistake", hint="Mend it, then send the test."))
    label = now.made.shown.variant(variant).label
    try:
        [receipt] = now.made.app.send_test(now.made.slug, [to], variant or None, at)
    except (
        Exception
    ) as error:  # a refusal, no provider, a fault: the editor must see it, and the page must live on
        return Tried(to, label, "", explain(error, root))
    provider = now.made.app.config.provider.name
    if receipt.outcome != "sent":
        said = f"{provider} says: {receipt.outcome}"
        return Tried(to, label, "", Trouble(said, hint=receipt.reason or ""))
    return Tried(to, label, f"{label} went to {to} by {provider}.")
