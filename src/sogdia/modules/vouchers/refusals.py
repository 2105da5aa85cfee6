"""Why vouchers are refused. Numbers 900 to 999, for ever."""

from __future__ import annotations

from sogdia.kernel.refusal import RefusalCode


class VoucherRefusal(RefusalCode):
    """Rules of purses, vouchers and proofs of fraud."""

    SCHEME_NOT_FOR_VOUCHERS = (
        900,
        "Vouchers are signed with Ed25519 or P-256",
        "Make a key of one of these schemes on the phone.",
    )
    KEY_WEAK = 901, "The public key cannot be used for signatures", "Use a key made by an ordinary generator."
    PURSE_TOO_LARGE = 902, "The shares add up to more than can be set aside", "Make smaller shares."
    PAYEE_IS_PAYER = 903, "The payer cannot be a payee of its own purse", "Name another payee."
    PAYEE_UNKNOWN = 904, "A payee is not a party", "Correct the account, or have the payee registered."
    PURSE_ENDED = 905, "The purse would have ended already", "Choose a later end."
    PURSE_LASTS_TOO_LONG = 906, "The purse would last longer than the network allows", "Choose an earlier end."
    PURSE_EXISTS = 907, "The sender has a purse under this reference", "Choose another reference, or wait for its end."
    PURSES_TOO_MANY = 908, "The sender has as many purses as it may", "Wait until one of them has ended."
    PAYER_CAUGHT = (
        909,
        "A key of the sender's has signed more than could be paid",
        "Open a purse whose shares each name their payee.",
    )
    PURSE_ABOVE_CAP = 910, "The purse would hold more than the network allows", "Make smaller shares."
    PURSE_UNKNOWN = (
        911,
        "There is no such purse",
        "Compare the name; a purse is gone after its deadline, with what was left.",
    )
    SHARE_UNKNOWN = 912, "The purse has no such share", "Ask the payer for a voucher of a share that is there."
    SHARE_OF_ANOTHER = 913, "The share is not the sender's to give back", "Only the payee that it names can."
    SHARE_EMPTY = 914, "Nothing is left of the share", "Nothing needs to be done."
    VOUCHERS_NOT_TOGETHER = (
        915,
        "The vouchers are not all of one purse and one share",
        "Ask for each share by an operation of its own.",
    )
    NETWORK_OTHER = 916, "The voucher is for another network", "Redeem it there."
    SIGNATURE_WRONG = (
        917,
        "The voucher is not signed by its purse's key as it reads",
        "Read it in again; if it stays so it was altered, or never signed: do not take it.",
    )
    PAYEE_OTHER = 918, "The share is for another payee", "Ask the payer for a voucher of the right share."
    VOUCHER_EXPIRED = 919, "The voucher has expired", "Ask the payer for another one."
    SEQUENCE_USED = (
        920,
        "A voucher with this number has been paid from the share",
        "If it read differently, both are proof of fraud, which anybody may report.",
    )
    SHARE_SPENT = (
        921,
        "Less is left of the share than the voucher says",
        "Show it as proof of fraud: its key signed more than was set aside.",
    )
    FRAUD_KNOWN = 922, "The purse is known for fraud already", "Nothing needs to be done."
    VOUCHER_REPEATED = 923, "A voucher stands there twice", "Name each voucher once."
    NO_FRAUD = (
        924,
        "All these vouchers can be paid",
        "Redeem them; fraud is one number with two texts, or more promised than was set aside.",
    )
