"""The clerk: writes and signs the envelopes of every step, the same ones whenever it is asked.

    set-up     registrar and sponsor enter the parties; the retailer publishes terms and opens the listings
    order      mint, place, accept, ship, deliver: one envelope each, each only after the one before it
    return     in the window: the buyer asks, the retailer approves; after it: the retailer refunds

Salts come from a step's own name, never from chance. So an envelope that was sent before a kill can be known again
afterwards by its salt, even one whose content depends on the ledger's state.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple

from sogdia.client.envelopes import SALT_BYTES, VALIDITY_SECONDS, EnvelopeMaker
from sogdia.kernel.codec import encode
from sogdia.kernel.signature import ED25519
from sogdia.modules.identity import Kind
from sogdia.modules.identity.parties import RegisterParty
from sogdia.modules.market.late_refunds import RefundLate
from sogdia.modules.market.listings import AddVariant, OpenListing, PublishTerms
from sogdia.modules.market.orders import AcceptOrder, ConfirmDelivery, OrderLine, PlaceOrder, ShipOrder
from sogdia.modules.market.records import LineQuantity
from sogdia.modules.market.returns import ApproveReturn, RequestReturn
from sogdia.modules.money.currencies import Mint
from sogdia.simulate.online_retail.network import CURRENCY, ISSUER, REGISTRAR, RETAILER, SPONSOR

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sogdia.client.envelopes import Sender, Signed
    from sogdia.kernel.operation import Operation
    from sogdia.modules.market.records import FinalLine
    from sogdia.simulate.online_retail.catalogue import Catalogue
    from sogdia.simulate.online_retail.matching import Piece
    from sogdia.simulate.online_retail.network import Cast
    from sogdia.simulate.online_retail.plan import Order, Party

OPERATIONS_MAX = 16
"""How many operations an envelope holds."""

TERMS = "standard"
LANGUAGE = "en"
ONE_PIECE = "C62"
"""The unit of all goods: one piece, by UN/ECE Recommendation 20."""

ORDER_STEPS = ("mint", "place", "accept", "ship", "deliver")
RETURN_STEPS = ("request", "approve")


class Written(NamedTuple):
    """A signed envelope, the salt by which it is known again, and the first operation, to say what it is about."""

    salt: bytes
    signed: Signed
    operation: Operation


class Clerk:
    """Writes envelopes for the parties of one network."""

    def __init__(self, cast: Cast, catalogue: Catalogue) -> None:
        """Write for a cast and its catalogue."""
        self._cast = cast
        self._catalogue = catalogue
        self._maker = EnvelopeMaker(cast.network)

    # ------------------------------------------------------------------------------------------------------ set-up

    def registrations(self, time: int, parties: Sequence[Party]) -> Iterator[Written]:
        """Enter the parties, as many in an envelope as it holds."""
        signers = [self._cast.sender(REGISTRAR), self._cast.sender(SPONSOR)]
        operations = [
            RegisterParty(
                reference=party.key,
                kind=int(Kind.PERSON),
                country=party.country_code,
                roles=0,
                sponsor=self._cast.sender(SPONSOR).account,
                scheme=ED25519,
                public=self._cast.sender(party.key).keys.public,
            )
            for party in parties
        ]
        for at in range(0, len(operations), OPERATIONS_MAX):
            yield self._write(time, ("register", str(at)), signers, operations[at : at + OPERATIONS_MAX])

    def listings(self, time: int) -> Iterator[Written]:
        """Publish the terms and open the listings, each with its variants."""
        retailer = [self._cast.sender(RETAILER)]
        yield self._write(time, ("terms",), retailer, [self._terms()])
        for listing in self._catalogue.listings:
            operations: list[Operation] = [
                OpenListing(
                    reference=listing.reference,
                    terms=TERMS,
                    title=listing.title,
                    language=LANGUAGE,
                    unit=ONE_PIECE,
                    hs_code="",
                    origin="",
                )
            ]
            operations += [
                AddVariant(listing=listing.reference, variant=each.number, offer=each.offer, stock=each.stock)
                for each in listing.variants
            ]
            for at in range(0, len(operations), OPERATIONS_MAX):
                path = ("list", listing.reference, str(at))
                yield self._write(time, path, retailer, operations[at : at + OPERATIONS_MAX])

    def _terms(self) -> PublishTerms:
        """Sell for pounds; nobody but the retailer is paid."""
        return PublishTerms(
            reference=TERMS,
            asset=self._cast.asset,
            carrier=None,
            freight_per_order=0,
            tax_collector=None,
            platform=None,
            platform_fee=0,
        )

    # ------------------------------------------------------------------------------------------------------- steps

    def order(self, order: Order) -> Iterator[Written]:
        """Take an order from the buyer's money to the delivery, each step only after the one before it."""
        cast = self._cast
        issuer, retailer, buyer = cast.sender(ISSUER), cast.sender(RETAILER), cast.sender(order.party)
        name = self._cast.order_name(order.party, order.invoice)
        places = self._catalogue.places
        place = PlaceOrder(
            reference=order.invoice,
            merchant=retailer.account,
            lines=tuple(OrderLine(*places[line.variant], line.quantity) for line in order.lines),
            pay_at_most=order.total_pence,
        )
        steps: tuple[tuple[Sender, Operation], ...] = (
            (issuer, Mint(currency=CURRENCY, to=buyer.account, units=order.total_pence)),
            (buyer, place),
            (retailer, AcceptOrder(order=name)),
            (retailer, ShipOrder(order=name)),
            (buyer, ConfirmDelivery(order=name)),
        )
        before: tuple[Signed, ...] = ()
        for what, (sender, operation) in zip(ORDER_STEPS, steps, strict=True):
            written = self._write(order.time, _order_path(order, what), [sender], [operation], before)
            before = (written.signed,)
            yield written

    def returned(self, time: int, party: str, number: int, pieces: Sequence[Piece]) -> Iterator[Written]:
        """Return pieces of one order in its window: the buyer asks, the retailer approves.

        `number` is the return's in the plan. Pieces come by rising line, as the ledger wants them.
        """
        buyer, retailer = self._cast.sender(party), self._cast.sender(RETAILER)
        invoice = pieces[0].order_invoice
        name = self._cast.order_name(party, invoice)
        lines = tuple(LineQuantity(piece.order_line, piece.quantity) for piece in pieces)
        request = RequestReturn(order=name, lines=lines)
        ask, answer = (_return_path(number, invoice, what) for what in RETURN_STEPS)
        asked = self._write(time, ask, [buyer], [request])
        yield asked
        yield self._write(time, answer, [retailer], [ApproveReturn(order=name)], (asked.signed,))

    def refunded(  # noqa: PLR0913 - a refund after settlement needs the line and its path besides the piece
        self, time: int, party: str, number: int, piece: Piece, line: FinalLine, path: tuple[bytes, ...]
    ) -> Written:
        """Refund one piece of a settled order. `number` is the return's in the plan."""
        name = self._cast.order_name(party, piece.order_invoice)
        refund = RefundLate(order=name, line=line, path=path, quantity=piece.quantity)
        return self._write(time, _refund_path(number, piece), [self._cast.sender(RETAILER)], [refund])

    def _write(
        self,
        time: int,
        path: tuple[str, ...],
        senders: Sequence[Sender],
        operations: Sequence[Operation],
        after: Sequence[Signed] = (),
    ) -> Written:
        """Write one envelope, valid for a day from the time of its step."""
        salt = _salt(path)
        signed = self._maker.make(senders, operations, expiry=time + VALIDITY_SECONDS, after=after, salt=salt)
        return Written(salt, signed, operations[0])


def salts_of_order(order: Order) -> frozenset[bytes]:
    """Give the salts of an order's envelopes."""
    return frozenset(_salt(_order_path(order, what)) for what in ORDER_STEPS)


def salts_of_piece(number: int, piece: Piece) -> frozenset[bytes]:
    """Give the salts that the envelopes for a piece of a return may have, whichever way it goes back."""
    paths = [_return_path(number, piece.order_invoice, what) for what in RETURN_STEPS]
    return frozenset(_salt(path) for path in (*paths, _refund_path(number, piece)))


def _order_path(order: Order, what: str) -> tuple[str, ...]:
    """Name a step of an order."""
    return ("order", order.party, order.invoice, what)


def _return_path(number: int, order_invoice: str, what: str) -> tuple[str, ...]:
    """Name a step by which goods of one order come back in its window."""
    return ("return", str(number), order_invoice, what)


def _refund_path(number: int, piece: Piece) -> tuple[str, ...]:
    """Name the refund of one piece after the window."""
    return ("return", str(number), piece.order_invoice, "refund", str(piece.order_line))


def _salt(path: tuple[str, ...]) -> bytes:
    """Give the salt of the envelope that a step's name stands for."""
    return sha256(encode(path)).digest()[:SALT_BYTES]
