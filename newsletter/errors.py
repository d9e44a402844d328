"""The error tree. Every error says what happened, where, and what to do; the leaf's name says what is known.

NewsletterError                 exit 1: the thing asked about is not so
├── UsageError                  exit 2: used wrongly or misconfigured
│   ├── ConfigError             newsletter.toml: file, line, key
│   ├── ContentError            an issue file: file, line, key
│   ├── TemplateError           a template: file, line
│   ├── AddressError            an address no mail can be sent to, and why
│   └── ListError               a file of subscribers that cannot be taken in
├── FeedError                   one feed's trouble; the others go on
│   ├── FeedUnreachable         no answer, or not the answer of a feed
│   └── FeedRefused             an answer that must not be taken in (exports, hostile)
│       ├── CommentsRefused     what readers wrote
│       └── FeedTooBig          more bytes than an answer may have
├── NothingNew                  a week without new articles
├── StorageError                the database cannot be opened, is too old, or refuses a change
├── SubscriberError             there is no such reader, or they left, or must not be written to
├── ApprovalError               the issue is not approved, or has changed since
├── IssueError                  there is no such issue in the ledger, or it is past what was asked
│   └── AlreadyPublished        its deliveries are planned: only sending can go on
├── ProviderError               what is known about one call
│   ├── NotTaken                certainly not accepted: may be queued again
│   │   └── Rejected            and would not be if it were tried again as it is
│   ├── MaybeTaken              nobody can know: in doubt
│   └── StopSending             no further call can work (a wrong key): stop the run
├── WebhookRefused              a provider's news that is not genuine, or cannot be taken in now
└── LinkError                   a link that does not hold
    ├── LinkInvalid             forged, cut off, or meant for something else
    └── LinkExpired             genuine, but too old; carries when it was made
"""

from __future__ import annotations

from datetime import datetime


class NewsletterError(Exception):
    """An error for a person: *what* happened, *where*, and what to do (*hint*)."""

    exit_code = 1

    def __init__(self, what: str, *, where: str = "", hint: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.where = where
        self.hint = hint

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        advice = f"\n  {self.hint}" if self.hint else ""
        return f"{place}{self.what}{advice}"


class UsageError(NewsletterError):
    """Used wrongly or misconfigured."""

    exit_code = 2


class ConfigError(UsageError):
    """A mistake in newsletter.toml or in a secret it needs."""


class ContentError(UsageError):
    """A mistake in an issue file."""


class TemplateError(UsageError):
    """A mistake in a template, or one that could not be rendered."""


class AddressError(UsageError):
    """An address no mail can be sent to; `what` reads on after "the address" and never repeats it."""

    def __str__(self) -> str:
        return f"the address {super().__str__()}"


class ListError(UsageError):
    """A file of subscribers that cannot be taken in: not a table of text, or of unknown columns."""


class FeedError(NewsletterError):
    """One feed's trouble; the others go on."""


class FeedUnreachable(FeedError):
    """No answer in time, or an HTTP error."""

    def __init__(self, what: str, *, where: str = "", hint: str = "", status: int | None = None) -> None:
        super().__init__(what, where=where, hint=hint)
        self.status = status
        """The HTTP status; None when there was no answer, or it broke off."""


class FeedRefused(FeedError):
    """An answer that must not be taken in: an export file, a web page, hostile."""


class CommentsRefused(FeedRefused):
    """What readers wrote, and nothing else."""


class FeedTooBig(FeedRefused):
    """More bytes than an answer may have."""


class NothingNew(NewsletterError):
    """There is no new article to make an issue of."""


class StorageError(NewsletterError):
    """The database cannot be opened, is of another version, or refuses a change."""


class SubscriberError(NewsletterError):
    """There is no such reader, or they left, or must not be written to."""


class ApprovalError(NewsletterError):
    """The issue is not approved, or is no longer what was approved."""


class IssueError(NewsletterError):
    """There is no such issue in the ledger, or its state does not allow what was asked."""


class AlreadyPublished(IssueError):
    """The issue's editions are frozen and its deliveries planned; an issue is published once."""


class ProviderError(NewsletterError):
    """What is known about one call to a provider."""


class NotTaken(ProviderError):
    """The provider has certainly not accepted anything of this call."""

    def __init__(
        self, what: str, *, where: str = "", hint: str = "", retry_after: float | None = None
    ) -> None:
        super().__init__(what, where=where, hint=hint)
        self.retry_after = retry_after
        """Seconds the provider asks us to wait, when it says so."""


class Rejected(NotTaken):
    """Not accepted, and never will be as it is: something in the call is wrong, perhaps one reader's address."""


class MaybeTaken(ProviderError):
    """The provider may have accepted the call; nobody can know from here."""


class StopSending(ProviderError):
    """Nothing of this call was accepted, and no further call can work until a person acts."""


class WebhookRefused(NewsletterError):
    """A provider's news that is not genuine, or cannot be taken in now; `status` tells the provider which."""

    def __init__(self, what: str, *, status: int = 401) -> None:
        super().__init__(what)
        self.status = status


class LinkError(NewsletterError):
    """A reader's link that does not hold."""


class LinkInvalid(LinkError):
    """Forged, cut off on its way, or made for another purpose."""


class LinkExpired(LinkError):
    """Genuine but too old."""

    def __init__(self, what: str, *, made_at: datetime) -> None:
        super().__init__(what)
        self.made_at = made_at
