"""Which files hold guards, and which tests are asked about each. Of those only the ones that run the changed lines."""

from __future__ import annotations

LEDGER = ("test_guards", "test_locks", "test_once", "test_doubts")
NEWS = ("test_guards", "test_locks", "test_news", "test_doubts", "test_feedback", "test_feedback_send")

JUDGES: dict[str, tuple[str, ...]] = {
    "storage/ledger": LEDGER,
    "storage/lines": LEDGER,
    "storage/settling": LEDGER,
    "storage/doubts": LEDGER,
    "storage/news": NEWS,
    "storage/together": ("test_together",),
    "storage/planning": ("test_planning", "test_once", "test_send_command"),
    "storage/sendable": ("test_planning", "test_once"),
    "storage/issues": ("test_issue_state", "test_planning", *LEDGER),
    "pipeline/send": LEDGER,
    "pipeline/publish": ("test_planning", "test_once"),
    "pipeline/doubts": (*LEDGER, "test_any_provider"),
    "process": ("test_pace",),
    "links": ("test_links",),
    "calling": ("test_verdict",),
    "providers/__init__": (
        "test_verdict",
        "test_any_provider",
        "test_doubts",
        "test_once",
        "test_outbox",
        "test_config",
        "test_providers_contract",
    ),
    "storage/consent": ("test_consent", "test_subscribers"),
    "storage/suppressions": ("test_suppressions", "test_subscribers"),
}


def list_judges(files: list[str]) -> list[str]:
    """The test files for these modules, each once."""
    return list(dict.fromkeys(f"tests/{name}.py" for file in files for name in JUDGES[file]))
