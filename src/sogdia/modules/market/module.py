"""The market: terms, listings, orders, returns, settlement."""

from __future__ import annotations

from sogdia.kernel.module import Module
from sogdia.modules.market import (
    events,
    files,
    invariants,
    late_refunds,
    listings,
    orders,
    queries,
    records,
    returns,
    splits,
)
from sogdia.modules.market.exits import ORDER_EXIT
from sogdia.modules.market.genesis import MarketGenesis, load_genesis
from sogdia.modules.market.refusals import MarketRefusal

MODULE = Module(
    name="market",
    number=400,
    operations=(
        listings.PublishTerms,
        listings.OpenListing,
        listings.AddVariant,
        listings.ChangeOffer,
        listings.ChangeStock,
        listings.CloseListing,
        orders.PlaceOrder,
        orders.CancelOrder,
        orders.DeclineOrder,
        orders.AcceptOrder,
        orders.ShipOrder,
        orders.ConfirmDelivery,
        orders.SettleOrder,
        returns.RequestReturn,
        returns.ApproveReturn,
        returns.RefuseReturn,
        returns.RefundLines,
        splits.ProposeSplit,
        splits.AcceptSplit,
        late_refunds.RefundLate,
        files.OpenOrderFile,
    ),
    tables=(
        records.RULES,
        records.TERMS,
        records.LISTINGS,
        records.VARIANTS,
        records.ORDERS,
        records.LINES,
        records.CLOSED_ORDERS,
    ),
    events=(
        events.TermsPublished,
        events.ListingOpened,
        events.VariantAdded,
        events.OfferChanged,
        events.StockChanged,
        events.ListingClosed,
        events.OrderPlaced,
        events.OrderAccepted,
        events.LinesRefunded,
        events.OrderShipped,
        events.OrderDelivered,
        events.ReturnRequested,
        events.ReturnRefused,
        events.ReturnDropped,
        events.SplitProposed,
        events.OrderClosed,
        events.OrderDigested,
    ),
    refusals=MarketRefusal,
    queries=(queries.TermsQuery, queries.ListingQuery, queries.OrderQuery, queries.OrderLinesQuery),
    invariants=(
        invariants.held_money_is_what_orders_and_holds_set_aside,
        invariants.lines_add_up_to_their_orders,
        invariants.every_open_order_is_due_at_its_deadline,
        invariants.no_order_is_open_and_closed,
        invariants.every_variant_stands_in_an_open_listing,
    ),
    exits=(ORDER_EXIT,),
    genesis=MarketGenesis,
    load_genesis=load_genesis,
)
