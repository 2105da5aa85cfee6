"""Why goods go back, and who bears what the rate has done since they left, when they were paid for in another money.

    remorse     the buyer changed its mind     it gets the merchant's money, and bears the rate
    merchant    not delivered, wrong, faulty   it gets what it paid; the merchant bears the rate up to its bond
    carrier     lost or damaged on the way     it gets what it paid, as far as escrow and cover reach

The buyer states the cause with its request, and it is the one by which the refund goes, whoever answers or is silent: a
merchant who does not agree refuses. What is refunded unasked goes by the cause that the merchant states. Before the
goods leave, and in an order of one money, the cause changes nothing of what is paid. The whole table stands in
`docs/concepts/who-bears-the-rate.md`.
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from sogdia.kernel.enums import Numbered


class Cause(Numbered):
    """Why goods go back."""

    REMORSE = 1
    MERCHANT = 2
    CARRIER = 3


CauseNumber = Annotated[int, Meta(ge=1, le=3)]
