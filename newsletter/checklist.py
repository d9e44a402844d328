"""[checks]: how grave each kind of finding is, and the limits that go by a number."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from newsletter.kinds import Table

Severity = Literal["error", "warning", "off"]


class Checks(Table):
    """Every check by its name, as `newsletter check` shows it, with the severity it ships with.

    An error stops an issue unless a person waives it. A check whose finding is a matter of degree has warnings
    of its own; "warning" here turns its errors into warnings, too.
    """

    # the issue is whole
    placeholders: Severity = "error"
    garbled: Severity = "error"
    empty_parts: Severity = "error"
    required_parts: Severity = "error"
    headers: Severity = "error"
    text_part: Severity = "error"
    mjml: Severity = "error"
    html_balance: Severity = "error"
    # links and pictures
    link_form: Severity = "error"
    link_answers: Severity = "error"
    link_tracking: Severity = "error"
    images: Severity = "error"
    # inboxes
    size: Severity = "error"
    subject: Severity = "error"
    repeated_subject: Severity = "error"
    page_title: Severity = "error"
    mail_programs: Severity = "warning"
    spam: Severity = "error"
    # access
    language: Severity = "error"
    headings: Severity = "error"
    contrast: Severity = "error"
    link_texts: Severity = "error"
    text_size: Severity = "error"
    tables: Severity = "error"
    reading_grade: Severity = "warning"
    # what a doctor would sign
    already_sent: Severity = "error"
    old_article: Severity = "warning"
    claims: Severity = "error"
    headline_dose: Severity = "error"
    personal_data: Severity = "error"
    sponsored: Severity = "error"
    crisis_help: Severity = "error"
    retractions: Severity = "error"

    # limits
    size_warning_kb: float = Field(default=90, gt=0)
    """Kilobytes of 1000 bytes of a variant's HTML, as it is sent."""
    size_limit_kb: float = Field(default=100, gt=0)
    subject_length: int = Field(default=70, ge=10)
    preheader_length: int = Field(default=140, ge=10)
    min_contrast: float = Field(default=4.5, ge=1, le=21)
    min_text_px: int = Field(default=14, ge=8, le=32)
    max_reading_grade: float = Field(default=12, ge=1)
    old_after_years: float = Field(default=3, gt=0)
    image_limit_kb: float = Field(default=1000, gt=0)
    spam_points: float = Field(default=5, gt=0)
    clients: tuple[str, ...] = ("gmail", "outlook", "apple-mail", "yahoo")
    """The families of mail programs that `mail_programs` holds the issue against, as caniemail.com names them."""
    mail_programs_allowed: tuple[str, ...] = ()
    """CSS properties and elements that `mail_programs` passes over, because the mail works without them."""
    claims_allowed: tuple[str, ...] = ()
    """Phrases that `claims` passes over, such as the name of a charity."""
