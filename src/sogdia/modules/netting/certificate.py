"""What makes a batch right, obligation by obligation: the same lines check it on the ledger and before it is sent.

An obligation of `most` units from debtor u to creditor v is reduced by a *flow* f, 0 ≤ f ≤ most. When every party's
flows in and out add up to the same, nobody's position changes by a unit: each gives up as much as it is let off. Of
all such flows a batch has to be one with the greatest sum.

The coordinator shows that with a whole number p for each party, its *potential*. With the drop d = p(u) - p(v):

    d < 1   the obligation is cleared whole      f = most
    d > 1   it is not touched                    f = 0
    d = 1   any flow

Why that suffices: let g be any other flow that preserves all positions. The sum of g × d over all obligations is
nothing, since each p(v) is counted as often coming as going. So the sum of g is the sum of g × (1 - d), which is at
most the sum of most × (1 - d) over the obligations with d < 1; and f reaches exactly that. Why such potentials exist:
if they did not, there would be a cycle along which more could be cleared. (Linear programming calls it complementary
slackness.)

So each obligation is checked by itself, in any parts, and the whole by three counters: all are covered, once each; all
sums are nothing.
"""

from __future__ import annotations

from enum import Enum

SLACK = 1
"""The drop at which a unit more or less cleared makes no difference: each cleared unit counts one."""


class Fault(Enum):
    """What is wrong with the flow of an obligation."""

    ABOVE = "above"
    """More than is owed."""
    BELOW = "below"
    """Less than is owed, though more could be cleared."""
    TOO_MUCH = "too much"
    """Something, where clearing it costs more elsewhere."""


def fault_of(debtor_potential: int, creditor_potential: int, flow: int, most: int) -> Fault | None:
    """Say what is wrong with a flow of 0 or more, or nothing. `most` is 0 for what may not be netted now."""
    if flow > most:
        return Fault.ABOVE
    drop = debtor_potential - creditor_potential
    if drop < SLACK and flow < most:
        return Fault.BELOW
    if drop > SLACK and flow:
        return Fault.TOO_MUCH
    return None
