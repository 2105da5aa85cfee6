"""Why netting refuses. Numbers 800 to 899, for ever."""

from __future__ import annotations

from sogdia.kernel.refusal import RefusalCode


class NettingRefusal(RefusalCode):
    """Rules of obligations, pools and batches."""

    PARTIES_IDENTICAL = 800, "Debtor and creditor are the same", "Name another debtor."
    DEBTOR_UNKNOWN = 801, "The debtor is not a party of this network", "Correct the account."
    COORDINATOR_UNKNOWN = 802, "The coordinator is not a party of this network", "Correct the account, or name none."
    DUE_NOT_A_DATE = 803, "A due date is midnight UTC", "Name the first second of the day."
    DUE_TOO_FAR = 804, "The due date is too far ahead", "State the obligation later."
    OBLIGATION_EXISTS = 805, "The sender has stated an obligation under this reference", "Choose another reference."
    OBLIGATION_UNKNOWN = (
        806,
        "There is no such obligation of the sender's or to it",
        "Correct the name; it may have been paid, forgiven or netted.",
    )
    SENDER_NOT_DEBTOR = 807, "Only the debtor may do this", "Ask the debtor."
    OBLIGATION_ACCEPTED = 808, "The debtor has accepted the obligation already", "Pay it, or ask to have it forgiven."
    OBLIGATION_NOT_ACCEPTED = 809, "The debtor has not accepted the obligation", "Wait until it has."
    NO_COORDINATOR = 810, "The obligation names no coordinator", "Accept it without netting."
    OBLIGATION_HELD = 811, "A batch holds the obligation", "Ask again when the batch has ended; the time is named."
    POOL_HELD = 812, "A batch holds the pool", "Ask again when the batch has ended; the time is named."
    POOL_FULL = 813, "The pool has as many obligations as the network allows", "Accept it without netting."
    OBLIGATION_NOT_POOLED = 814, "The obligation is in no pool", "Nothing to do."
    UNITS_ABOVE_LEFT = 815, "More is named than is left of the obligation", "Name at most what is left."
    NAMES_NOT_IN_ORDER = 816, "What is listed must be named once each, in rising order", "Sort the list."
    MONIES_DIFFER = 817, "An obligation is in another money", "Pay each money by itself."
    TEXT_NOT_ALLOWED = (
        818,
        "The text holds characters that could deceive a reader",
        "Use plain text; the problem is named.",
    )
    DUES_NOT_IN_ORDER = 819, "Due dates must be named once each, in rising order", "Sort the dates."
    DUE_AHEAD = 820, "Several dates are netted together only once all have come", "Net each later date by itself."
    POOL_EMPTY = 821, "The sender has no pool for this money and date", "Leave the date out."
    POOL_RESTS = 822, "The pool was held by a batch that lapsed", "Wait until the named time."
    BATCH_EXISTS = 823, "The sender has a batch under this reference", "Choose another reference."
    BATCH_UNKNOWN = 824, "There is no such batch of the sender's", "Correct the reference; it may have ended."
    BATCH_NOT_OPEN = 825, "The batch has ended", "Open another."
    FREEZES_CHANGED = (
        826,
        "The issuer has frozen or unfrozen a holder since the batch was opened",
        "Drop the batch and open another.",
    )
    PARTY_DECLARED = 827, "The party has a potential in this batch", "Leave it out."
    PARTY_NOT_DECLARED = 828, "A party of the obligation has no potential in this batch", "Declare its potential first."
    PART_NOT_NEXT = 829, "The part does not begin where the one before it ended", "Begin at the named obligation."
    FLOWS_TOO_MANY = 830, "The batch has fewer obligations left than flows are named", "Name as many as are left."
    FLOW_ABOVE_AMOUNT = (
        831,
        "A flow is larger than what may be netted of its obligation",
        "Name at most what is left; nothing when an end is frozen.",
    )
    CLEARABLE_LEFT = (
        832,
        "More of an obligation could be cleared, by the batch's own potentials",
        "Solve anew, or correct the potentials.",
    )
    CLEARED_AT_A_LOSS = (
        833,
        "An obligation is reduced where the batch's own potentials say that it costs more elsewhere",
        "Solve anew, or correct the potentials.",
    )
    SUMS_TOO_LARGE = 834, "The flows pass what can be counted", "Take the largest obligations out of the pool."
    NOT_COVERED = 835, "Obligations of the batch have no flow yet", "Declare the flows of all; the next one is named."
    NOT_CONSERVING = 836, "Parties would give up more or less than they are let off", "Correct the flows."
    POOL_STILL_CARRIED_OUT = 837, "The pool's last batch is still being carried out", "Ask again in a few blocks."
    SENDER_IS_COORDINATOR = 838, "The coordinator may not do this", "Ask the debtor or the creditor."
