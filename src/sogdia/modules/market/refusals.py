"""Why the market refuses. Numbers 400 to 499, for ever."""

from __future__ import annotations

from sogdia.kernel.refusal import RefusalCode


class MarketRefusal(RefusalCode):
    """Rules of listings and orders."""

    TERMS_EXIST = 400, "The sender has published terms under this reference", "Choose another reference."
    TERMS_UNKNOWN = 401, "There are no such terms", "Publish the terms first, or correct the reference."
    PAYEE_UNKNOWN = 402, "A payee of the terms is not a party of this network", "Correct the account."
    PAYEE_LACKS_ROLE = 403, "A payee of the terms lacks the role it is named for", "Name a party that has the role."
    LISTING_EXISTS = 404, "The sender has used this reference for a listing", "Choose another reference."
    LISTING_UNKNOWN = 405, "There is no such listing", "Correct the merchant or the reference."
    LISTING_CLOSED = 406, "The listing is closed", "Choose another listing."
    VARIANT_EXISTS = 407, "The listing has a variant with this number", "Choose another number."
    VARIANT_UNKNOWN = 408, "The listing has no such variant", "Correct the variant's number."
    VARIANTS_TOO_MANY = 409, "The listing has as many variants as it may", "Open another listing."
    TEXT_NOT_ALLOWED = (
        410,
        "The text holds characters that could deceive a reader",
        "Use plain text; the problem is named.",
    )
    HS_CODE_WRONG = 411, "An HS code has 6 to 10 digits", "Correct the code, or leave it empty when unknown."
    GTIN_WRONG = 412, "The GTIN's length or check digit is wrong", "Correct the number, or leave it empty when unknown."
    TIERS_NOT_IN_ORDER = 413, "Tier prices must fall as quantities rise", "Order the tiers by quantity, each cheaper."
    COUNTRY_UNKNOWN = (
        414,
        "This is not an ISO 3166 country code",
        "Use the two-letter code, or leave it empty when unknown.",
    )
    STOCK_INSUFFICIENT = 415, "There is less in stock than is asked", "Order less."
    QUANTITY_BELOW_MINIMUM = 416, "The merchant sells this in larger quantities", "Order at least the minimum."
    TERMS_DIFFER = 417, "The lines come under different terms", "Place one order for each."
    PRICE_ABOVE_MAXIMUM = (
        418,
        "The listings ask more than the order is willing to pay",
        "Look at the prices and sign again.",
    )
    PARTIES_IDENTICAL = 419, "Buyer and merchant are the same", "Buy from somebody else."
    ORDER_EXISTS = 420, "The sender has used this reference for an order", "Choose another reference."
    ORDER_UNKNOWN = 421, "There is no such open order", "Correct the order's name; it may be closed."
    SENDER_NOT_BUYER = 422, "Only the buyer may do this", "Ask the buyer."
    SENDER_NOT_MERCHANT = 423, "Only the merchant may do this", "Ask the merchant."
    SENDER_NOT_RECEIVER = 424, "Only the carrier or the buyer may confirm delivery", "Ask one of them."
    ORDER_STATE_WRONG = (
        425,
        "The order's state does not allow this",
        "Look at the order: it has moved on, or is not there yet.",
    )
    ORDER_CLOSING = 426, "The order is being closed", "Wait for the next blocks; nothing more can be done with it."
    LINE_UNKNOWN = 427, "The order has no such line", "Correct the line's number."
    LINES_NOT_IN_ORDER = (
        428,
        "Lines must be named once each, by rising number",
        "Sort the lines and join repeated ones.",
    )
    EVERY_LINE_DECLINED = 429, "No line would be left", "Decline the order instead."
    RETURN_TOO_LARGE = 430, "More is to be returned than is left of the line", "Return at most what is left."
    NOTHING_PROPOSED = (
        431,
        "The other side has proposed no such split",
        "Propose one, or accept the figure that was proposed.",
    )
    SPLIT_TOO_LARGE = 432, "The split gives more than is in escrow", "Propose at most what is in escrow."
    SENDER_NOT_PARTY = 433, "Only the buyer or the merchant may do this", "Ask one of them."
    CLOSED_ORDER_UNKNOWN = 434, "There is no such closed order", "Correct the order's name; it may still be open."
    LINE_NOT_PROVEN = (
        435,
        "The line and its path do not lead to the order's root",
        "Take both from the order's history.",
    )
    NOT_SETTLED_BY_LINE = 436, "The order was not settled line by line", "What was agreed or refunded stands."
    SPLIT_IS_OWN = 437, "The sender's own proposal cannot be accepted by it", "Wait for the other side."
    LISTING_HAS_NO_CHANGE = 438, "The variant has these values already", "Nothing to do."
    STOCK_TOO_LARGE = 439, "The stock would pass what can be counted", "Add less."
    RETURN_TIME_OVER = 440, "The time for returns is over", "Ask the merchant for a refund, or for a split."
    TOTAL_TOO_LARGE = 441, "The order's total passes what can be paid", "Order less."
    NOTHING_TO_PAY = 442, "The order costs nothing", "Order something that has a price."
    CARRIER_IS_MERCHANT = (
        443,
        "The merchant names itself as the carrier, whose word confirms delivery",
        "Leave the carrier empty; then the merchant gets the freight and the buyer confirms.",
    )
    ORDER_NEVER_PLACED = 444, "No order was ever placed under this name", "Correct the order's name."
    SENDER_NOT_IN_ORDER = 445, "Only the buyer, the merchant or the carrier may do this", "Ask one of them."
    CARD_GIVES_OTHER_MONEY = (
        446,
        "The rate card gives other money than the merchant sells for",
        "Choose a card that gives the merchant's money.",
    )
    FEES_TOO_LARGE = 447, "The platform's fee and the shares take more than the price", "Lower them to 100 % together."
    RELEASES_TOO_LARGE = (
        448,
        "More than the price is paid out before the end",
        "Lower what is paid out on shipment and on delivery to 100 % together.",
    )
    DOOR_NEEDS_CARRIER = 449, "Somebody has to take the cash at the door", "Name a carrier in the terms."
    DOOR_TERMS_WRONG = (
        450,
        "What is paid at the door cannot be paid out before, and is less than all when there is a deposit",
        "Leave out what is paid out early, and ask for a deposit below 100 %.",
    )
    STAKE_WITHOUT_CASH = 451, "A carrier takes no cash under these terms", "Leave its stake empty."
    WHOLE_PAYMENT_NEEDED = (
        452,
        "At a kept rate an order is paid whole and at once, and these terms take it in steps",
        "Convert the money first, and place the order in the merchant's own.",
    )
    BALANCE_DUE = 453, "The rest of the order has not been paid", "Have it paid first."
    BALANCE_NOT_DUE = 454, "Nothing is left to be paid of the order", "Nothing to do."
    BALANCE_DIFFERS = 455, "Another amount is left to be paid", "Look at the order and sign again."
    SENDER_NOT_CARRIER = 456, "Only the order's carrier may do this", "Ask the carrier."
    CASH_NOT_TAKEN = 457, "This order is not one of cash on delivery", "Choose the order that it is about."
    REFUSAL_UNKNOWN = 458, "The order was not refused at the door", "Look at how it ended."
    CONTEST_TIME_OVER = 459, "The time to contest it is over", "Ask the merchant."
    SENDER_NOT_ARBITRATOR = (
        460,
        "Only an arbitrator whom the order's terms name may do this, and no side of it",
        "Ask the arbitrator.",
    )
    CAUSE_IS_THE_BUYERS = (
        461,
        "Of an order at a kept rate only the buyer can say that somebody else than the merchant is why goods go back",
        "State your own cause, or let the buyer ask for the return.",
    )
    NOBODY_EXCHANGES = (
        462,
        "Nobody exchanges so much back into the buyer's money now, for what there is",
        "Try again when somebody does, or let the buyer ask for the return: that one waits by itself.",
    )
    NOTHING_WAITS = 463, "The refund does not wait for a rate", "Nothing to do; it goes on by itself."
