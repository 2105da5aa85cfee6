"""What is always true of reference rates."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sogdia.kernel.refusal import ensure
from sogdia.modules.reference.ratios import is_reduced, median_of
from sogdia.modules.reference.records import CODE_LETTERS, RATES, RULES
from sogdia.modules.reference.reports import enough_until

if TYPE_CHECKING:
    from sogdia.kernel.state import Reader


def every_organisation_reports_a_pair_once(state: Reader) -> None:
    """A pair's currencies are in order, and its reports too: one an organisation, in lowest terms."""
    for key, known in RATES.items(state):
        ensure(key[:CODE_LETTERS] < key[CODE_LETTERS:], "a pair of currencies is out of order")
        reporting = [each.organisation for each in known.reports]
        ensure(reporting == sorted(set(reporting)), "an organisation reports a pair twice, or out of order")
        ensure(all(is_reduced(each.ratio) for each in known.reports), "a report is not in lowest terms")


def every_median_is_that_of_its_reports(state: Reader) -> None:
    """A median in force is that of enough reports, and holds no longer than enough of them are fresh."""
    rules = RULES.must(state, None)
    for _key, known in RATES.items(state):
        if len(known.reports) < rules.organisations_min:
            ensure(known.fresh_until == 0, "a reference rate of too few organisations is in force")
            continue
        ensure(known.median == median_of([each.ratio for each in known.reports]), "a median is not of its reports")
        ensure(known.fresh_until == enough_until(rules, known.reports), "a reference rate outlives its reports")
