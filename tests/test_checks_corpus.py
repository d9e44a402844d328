"""The gate finds what must not go out, and lets good issues pass: over issues with one fault each, and good ones."""

from __future__ import annotations

import pytest
from broken_issues import Broken, broken, mild
from checks_page import is_documented
from clean_issues import Draft, clean, near_misses
from rounds import ROUNDS, faults, findings, good

FAULTS = [*broken(), *mild(), *(fault for one in ROUNDS for fault in faults(one))]
GOOD = [*clean(), *near_misses(), *(draft for one in ROUNDS for draft in good(one))]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda one: f"{one.check}: {one.fault[:50]}")
def test_each_fault_is_found_by_its_check(fault: Broken) -> None:
    """By the check that is named for it, as an error; what is a matter of degree as a warning. A person can act on
    each without asking anybody, and whoever says so is named on the page."""
    found = findings(fault.draft)
    assert (fault.check, "warning" if fault.mild else "error") in {(one.check, one.severity) for one in found}
    for one in found:
        assert one.message
        assert one.where, one
        assert one.why, one
        assert one.hint, one
        assert one.check == "mail_programs" or is_documented(one), one


@pytest.mark.parametrize("draft", GOOD, ids=lambda one: one.name[:50])
def test_a_good_issue_has_no_error(draft: Draft) -> None:
    """Whatever its shape, and however near its words come to a fault."""
    assert [one for one in findings(draft) if one.severity == "error"] == []


def test_there_are_enough_of_both() -> None:
    """A hundred and twenty faults that stop an issue, thirty good issues."""
    assert len([one for one in FAULTS if not one.mild]) >= 120
    assert len(GOOD) >= 30
