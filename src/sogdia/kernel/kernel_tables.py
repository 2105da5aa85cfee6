"""All tables that the kernel itself owns; their numbers are 1 to 19."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sogdia.kernel.accounts import PARTIES
from sogdia.kernel.calendar import DUE_NODES, DUE_PAGES
from sogdia.kernel.header import VALIDATORS
from sogdia.kernel.heights import DUE_HEIGHTS
from sogdia.kernel.mandates import MANDATES
from sogdia.kernel.members import MEMBERS, NODE_KEYS
from sogdia.kernel.parameters import PARAMETERS
from sogdia.kernel.passkey import PASSKEYS
from sogdia.kernel.protocol import PROTOCOL
from sogdia.kernel.quota import QUOTAS
from sogdia.kernel.spent import SPENT_PAGES, SPENT_SLOTS, SPENT_TOTAL

if TYPE_CHECKING:
    from sogdia.kernel.state import Table

KERNEL_TABLES: tuple[Table[Any, Any], ...] = (
    PARAMETERS,
    PARTIES,
    DUE_NODES,
    DUE_PAGES,
    SPENT_PAGES,
    SPENT_SLOTS,
    SPENT_TOTAL,
    QUOTAS,
    VALIDATORS,
    PASSKEYS,
    MANDATES,
    MEMBERS,
    NODE_KEYS,
    PROTOCOL,
    DUE_HEIGHTS,
)
