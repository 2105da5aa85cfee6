"""Why the exchange refuses. Numbers 700 to 799, for ever."""

from __future__ import annotations

from sogdia.kernel.refusal import RefusalCode


class ExchangeRefusal(RefusalCode):
    """Rules of rate cards, conversions and locks."""

    SENDER_NOT_PROVIDER = 700, "Only a liquidity provider may quote rates", "Ask the registrar for the role."
    MONIES_IDENTICAL = 701, "The card takes and gives the same money", "Name two different monies."
    TIERS_NOT_IN_ORDER = 702, "Tiers must be named once each, by rising units", "Sort the tiers and join repeated ones."
    TIERS_ABOVE_MOST = (
        703,
        "A tier begins above the most that is exchanged at once",
        "Raise the most, or drop the tier.",
    )
    RATE_NOT_REDUCED = 704, "A rate is not in lowest terms", "Divide both parts by their greatest common divisor."
    PREMIUMS_NOT_IN_ORDER = (
        705,
        "Premiums must be named by rising seconds and never fall",
        "Sort the premiums; a longer time costs at least as much.",
    )
    CARD_EXISTS = 706, "The sender has a card under this reference", "Change that card, or choose another reference."
    CARD_UNKNOWN = 707, "There is no such rate card", "Look at the provider's cards; it may have been closed."
    TERMS_EXPIRED = 708, "The terms would have ended already", "Choose a later time."
    TERMS_VALID_TOO_LONG = 709, "The terms are valid for longer than the network allows", "Choose an earlier time."
    CHANGE_PENDING = 710, "The card changes with the next block already", "Ask again in the next block."
    CHANGES_TOO_MANY = 711, "Too many cards change with the next block", "Ask again in the next block."
    CARD_IS_OWN = 712, "The sender's own card cannot be accepted by it", "Choose another provider's card."
    DIGEST_DIFFERS = 713, "The card's terms are not those that were accepted", "Look at the new rate and decide again."
    CARD_EXPIRED = 714, "The card's terms have ended", "Choose another card, or wait until the provider renews it."
    UNITS_BELOW_LEAST = 715, "Less is asked than the card exchanges at least", "Ask for more, or choose another card."
    UNITS_ABOVE_MOST = 716, "More is asked than the card exchanges at once", "Ask for less, or choose another card."
    CAPACITY_SPENT = 717, "More is asked than the card has left", "Ask for less, or choose another card."
    ROUNDING_TOO_LARGE = (
        718,
        "Rounding to a whole minor unit would cost more than a hundredth",
        "Exchange a larger amount.",
    )
    PAYMENT_TOO_LARGE = 719, "The payment passes what can be paid", "Ask for less."
    PAYMENT_ABOVE_MAXIMUM = 720, "The exchange costs more than the sender is ready to pay", "Look at the rate again."
    LOCK_TOO_LONG = 721, "The card keeps no rate for as long as this order may take", "Choose another card."
    CARDS_TOO_MANY = 722, "There are too many cards from this money to that one", "Fund or change a card that is there."
    COVERS_NOT_IN_ORDER = (
        723,
        "Covers must be named by rising shares above nothing, the larger never for less",
        "Sort the covers; a larger share costs at least as much.",
    )
    COVER_NOT_SOLD = 724, "The card sells no such cover", "Name one of the card's covers, or none."
    BOND_TOO_SMALL = (
        725,
        "The merchant's terms stand for less than the card asks",
        "Choose another card, or pay in the merchant's own money.",
    )
    BOND_SPENT = (
        726,
        "The merchant's bond stands for other orders already",
        "Pay in the merchant's own money, or ask the merchant to set more aside.",
    )
    BOND_UNKNOWN = 727, "The sender has no bond in this money", "Look at your bonds; it may be in another money."
    BOND_NOT_FREE = (
        728,
        "More is asked than is free of the bond",
        "Ask for what is free, or wait until orders are over.",
    )
    PARTNERS_TOO_MANY = 729, "A money is exchanged by cards for too many others already", "Quote it for one of those."
    OWN_CARDS_TOO_MANY = (
        730,
        "The sender has too many cards from this money to that one",
        "Change or fund one of them, or close one; its place is free from the next block on.",
    )
