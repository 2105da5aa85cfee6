"""Faults to be put into the rules, the comparisons and the payees, one at a time: each must be caught by a test.

Each names what it breaks, where, the text as it stands and the text that replaces it, and the tests that should notice.
When a line changes, its fault changes with it: a fault that can no longer be planted fails the run at once.
"""

from __future__ import annotations

from tests.faults_seeded.authority_faults import AUTHORITY_FAULTS
from tests.faults_seeded.backing_faults import BACKING_FAULTS
from tests.faults_seeded.book_faults import BOOK_FAULTS
from tests.faults_seeded.documents_faults import DOCUMENT_FAULTS, VAULT_FAULTS
from tests.faults_seeded.exchange_faults import EXCHANGE_FAULTS
from tests.faults_seeded.foundation_faults import IDENTITY_FAULTS, KERNEL_FAULTS, MONEY_FAULTS
from tests.faults_seeded.gateway_faults import GATEWAY_FAULTS
from tests.faults_seeded.governance_faults import GOVERNANCE_FAULTS
from tests.faults_seeded.issuer_faults import ISSUER_FAULTS
from tests.faults_seeded.light_faults import LIGHT_FAULTS
from tests.faults_seeded.market_faults import ORDER_FAULTS, PRICING_FAULTS, RETURN_FAULTS, SETTLEMENT_FAULTS
from tests.faults_seeded.netting_faults import NETTING_FAULTS
from tests.faults_seeded.payments_faults import PAYMENTS_FAULTS
from tests.faults_seeded.quotes_faults import QUOTES_FAULTS
from tests.faults_seeded.rails_faults import RAILS_FAULTS
from tests.faults_seeded.reference_faults import REFERENCE_FAULTS
from tests.faults_seeded.steps_faults import STEPS_FAULTS
from tests.faults_seeded.vouchers_faults import VOUCHERS_FAULTS
from tests.faults_seeded.waiting_faults import WAITING_FAULTS
from tools.seeded_faults import Fault

FAULTS = (
    *KERNEL_FAULTS,
    *IDENTITY_FAULTS,
    *AUTHORITY_FAULTS,
    *MONEY_FAULTS,
    *PRICING_FAULTS,
    *EXCHANGE_FAULTS,
    *BACKING_FAULTS,
    *BOOK_FAULTS,
    *QUOTES_FAULTS,
    *VOUCHERS_FAULTS,
    *NETTING_FAULTS,
    *ORDER_FAULTS,
    *SETTLEMENT_FAULTS,
    *RETURN_FAULTS,
    *STEPS_FAULTS,
    *WAITING_FAULTS,
    *DOCUMENT_FAULTS,
    *VAULT_FAULTS,
    *LIGHT_FAULTS,
    *GOVERNANCE_FAULTS,
    *ISSUER_FAULTS,
    *RAILS_FAULTS,
    *PAYMENTS_FAULTS,
    *REFERENCE_FAULTS,
    *GATEWAY_FAULTS,
)

HARMLESS = Fault(
    "Nothing: a comment that nobody executes",
    "modules/market/pricing.py",
    "BASIS = 10_000\n",
    "BASIS = 10_000  # ten thousand\n",
    ("tests/properties/test_pricing.py",),
)
"""Shows that a run can also end with a fault that survives."""

SURVIVORS: dict[str, str] = {}
"""Faults that no test notices, by name, each with the reason why that is known and borne."""
