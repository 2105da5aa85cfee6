"""The exchange: rate cards, conversions, and rates that are kept for orders."""

from __future__ import annotations

from sogdia.kernel.module import Module
from sogdia.modules.exchange import bonds, cards, conversions, events, invariants, queries
from sogdia.modules.exchange.genesis import ExchangeGenesis, load_genesis
from sogdia.modules.exchange.records import BONDS, CARDS, LOCKS, PAIR_CARDS, PARTNERS, RULES, SWAPPED
from sogdia.modules.exchange.refusals import ExchangeRefusal

MODULE = Module(
    name="exchange",
    number=700,
    operations=(
        cards.PostCard,
        cards.ChangeCard,
        cards.FundCard,
        cards.CloseCard,
        conversions.Convert,
        bonds.PostBond,
        bonds.WithdrawBond,
    ),
    tables=(RULES, CARDS, LOCKS, PAIR_CARDS, SWAPPED, BONDS, PARTNERS),
    events=(
        events.CardPosted,
        events.CardChanged,
        events.CardFunded,
        events.CardClosed,
        events.Converted,
        events.RateLocked,
        events.LockUndone,
        events.MoneySwapped,
        events.BondPosted,
        events.BondWithdrawn,
        events.RefundedAtRate,
        events.SwapEnded,
    ),
    refusals=ExchangeRefusal,
    queries=(
        queries.RateCardQuery,
        queries.RateCardsQuery,
        queries.QuoteQuery,
        queries.LockQuery,
        queries.SwappedQuery,
        queries.BondQuery,
    ),
    invariants=(
        invariants.no_lock_is_kept_for_nothing,
        invariants.bonds_stand_for_their_orders,
        invariants.what_changes_is_due_at_the_end_of_a_block,
        invariants.every_cards_tiers_rise,
        invariants.every_card_is_found_by_its_monies,
        invariants.partners_are_those_of_cards,
    ),
    exits=(),
    turns=(cards.CARD_TURN,),
    genesis=ExchangeGenesis,
    load_genesis=load_genesis,
)
