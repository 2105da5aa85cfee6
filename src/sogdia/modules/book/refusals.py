"""Why the book refuses. Numbers 1000 to 1099, for ever."""

from __future__ import annotations

from sogdia.kernel.refusal import RefusalCode


class BookRefusal(RefusalCode):
    """Rules of limit offers and of payments over a path."""

    PAIR_NOT_IN_ORDER = (
        1000,
        "A pair is named with the money first whose currency and issuer come first",
        "Exchange base and quote, turn the price round, and buy where you would sell.",
    )
    PRICE_NOT_SHORTEST = 1001, "A price can be written with fewer digits", "Drop the noughts at its end."
    OFFER_EXISTS = 1002, "The sender has an offer under this reference", "Choose another reference."
    OFFER_UNKNOWN = 1003, "The sender has no such offer", "Look at your offers; it may have been taken or be over."
    OFFER_OVER = 1004, "The offer would be over already", "Choose a later time."
    OFFER_TOO_LONG = 1005, "The offer would stand for longer than the network allows", "Choose an earlier time."
    OFFER_TOO_SMALL = (
        1006,
        "The offer is worth too little to be exchanged without loss by rounding",
        "Offer at least 100 minor units of both monies.",
    )
    OFFER_TOO_LARGE = 1007, "The offer passes what can be paid", "Offer less."
    WOULD_EXCHANGE = (
        1008,
        "The offer would be exchanged at once, and was only to stand",
        "Choose another price, or let it be exchanged.",
    )
    NOTHING_TO_EXCHANGE = (
        1009,
        "Nobody offers to exchange at this price now",
        "Choose another price, or let the offer stand.",
    )
    NOT_ALL_TO_EXCHANGE = (
        1010,
        "Not all of it can be exchanged at this price now",
        "Ask for less, choose another price, or take what there is.",
    )
    OWN_OFFER_MET = 1011, "The sender's own offer is the next to be taken", "Cancel that offer first."
    BOOKS_TOO_MANY = 1012, "A money is exchanged for too many others already", "Offer it for one of those."
    PATH_REPEATS = 1013, "A path names a money twice", "Name each money once."
    CROSSINGS_TOO_MANY = (
        1014,
        "The exchange would take more offers than one transaction may",
        "Exchange in several steps or by another path; offers of frozen holders can be cleared.",
    )
    PATH_TOO_DEAR = 1015, "The path costs more than the sender is ready to pay", "Look at the books again."
    PATH_BRINGS_TOO_LITTLE = 1016, "The path brings less than is to be received at least", "Look at the books again."
    PATH_TOO_SMALL = 1017, "So little, or what is left of it, would be worth nothing on the way", "Change the amount."
    OFFERS_REPEAT = 1018, "An offer is named twice", "Name each offer once."
    OFFER_STANDS = 1019, "The offer can still be taken", "Leave it to its owner."
    CARD_OF_OTHER_MONIES = (
        1020,
        "A rate card exchanges other monies than its step of the path",
        "Name a card that takes the money before it and gives the one behind it.",
    )
    CARDS_NOT_ONE_A_STEP = (
        1021,
        "A route does not say of each step by what it goes",
        "Name a card or none for each step: one fewer than there are monies.",
    )
    PRICE_FULL = 1022, "More would stand at this price than can be counted", "Choose another price, or offer less."
