"""Reference rates: what organisations report, the median of it, and a guard rail for slips of the finger."""

from __future__ import annotations

from sogdia.kernel.module import Module
from sogdia.modules.reference import events, invariants, queries, reports
from sogdia.modules.reference.genesis import ReferenceGenesis, load_genesis
from sogdia.modules.reference.records import RATES, RULES
from sogdia.modules.reference.refusals import ReferenceRefusal

MODULE = Module(
    name="reference",
    number=1100,
    operations=(reports.ReportRate, reports.WithdrawReport),
    tables=(RULES, RATES),
    events=(events.RateReported, events.ReportWithdrawn, events.ReferenceHalted),
    refusals=ReferenceRefusal,
    queries=(queries.ReferenceRateQuery, queries.RateReportsQuery),
    invariants=(
        invariants.every_organisation_reports_a_pair_once,
        invariants.every_median_is_that_of_its_reports,
    ),
    exits=(),
    genesis=ReferenceGenesis,
    load_genesis=load_genesis,
)
