"""How the facts of each module become tables that a shop and an explorer ask. One file a module, as in `modules`.

A module without a file here is in `events`, in the sums by hour and with those whom its facts name all the same.
"""

from __future__ import annotations

from sogdia.index.projections import governance, identity, market, money, movements

ALL = (identity.PROJECTION, governance.PROJECTION, money.PROJECTION, market.PROJECTION, movements.PROJECTION)
