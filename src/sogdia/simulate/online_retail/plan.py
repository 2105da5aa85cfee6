"""The plan of a run: which parties, articles, orders and returns the invoices amount to, in the order of time.

    files ─→ invoices by (time, number) ─→ each line its class ─→ orders, and cancellations matched to them ─→ steps

An invoice's time and country are those on its first readable line, in the files' own order (see `read_files`). Invoices
of the same second go by number as text, so a purchase comes before a cancellation ("C" follows the digits). When the
lines of one invoice name several customers, each customer has an order of its own: nobody pays for another's goods.

Line 1 of an order is the first line that is sold, not the first of the invoice: postage and fees are not goods.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from sogdia.simulate.online_retail.classes import SOLD, LineClass, class_of_sale, class_without_trade, is_cancellation
from sogdia.simulate.online_retail.countries import country_code
from sogdia.simulate.online_retail.lines import InputRefused, InvoiceLine, Malformed
from sogdia.simulate.online_retail.matching import Piece, Purchase, Purchases
from sogdia.simulate.online_retail.moments import moment_as_text
from sogdia.simulate.online_retail.prices import line_total_pence

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from sogdia.simulate.online_retail.lines import InvoiceFile

ORDER_LINES_MAX = 2_000
WINDOW_SECONDS = 14 * 86_400


class Way(StrEnum):
    """The two ways goods come back."""

    RETURN = "returned_in_window"  # out of escrow, while the return window is open
    REFUND = "refunded_after_window"  # by the merchant, from its own balance


@dataclass(frozen=True, slots=True)
class Party:
    """A buyer: a customer of the files, or the guest of one invoice. The key fits a ledger reference."""

    key: str
    customer: str | None
    country_name: str
    country_code: str


@dataclass(frozen=True, slots=True)
class Variant:
    """One stock code at one price, and how many of it are sold in all: the stock to list."""

    stock_code: str
    unit_price_e12: int
    title: str
    quantity: int


@dataclass(frozen=True, slots=True)
class OrderLine:
    """One line of an order: `variant` counts in the plan's variants from 0, `number` within the order from 1."""

    number: int
    variant: int
    quantity: int
    total_pence: int
    source: InvoiceLine


@dataclass(frozen=True, slots=True)
class Order:
    """What one party bought on one invoice. Party and invoice together name it."""

    invoice: str
    party: str
    time: int
    country_name: str
    country_code: str
    lines: tuple[OrderLine, ...]

    @property
    def total_pence(self) -> int:
        """What the buyer pays."""
        return sum(line.total_pence for line in self.lines)


@dataclass(frozen=True, slots=True)
class Return:
    """One cancelled line of a customer, and the pieces of earlier orders that it takes back."""

    invoice: str
    party: str
    time: int
    pieces: tuple[Piece, ...]
    source: InvoiceLine

    @property
    def refund_pence(self) -> int:
        """What goes back to the buyer."""
        return sum(piece.refund_pence for piece in self.pieces)


@dataclass(frozen=True, slots=True)
class JudgedLine:
    """Where one line of the files ended, and its own sum as written (nothing is known of a malformed one's)."""

    file: str
    line_number: int
    line_class: LineClass
    pence: int


@dataclass(frozen=True, slots=True)
class Disagreement:
    """A line whose time, country or customer differs from those on its invoice's first line."""

    file: str
    line_number: int
    invoice: str
    column: str
    on_line: str
    on_invoice: str


@dataclass(frozen=True, slots=True)
class Plan:
    """All that a driver replays, and where every line went. Depends on the files' content alone."""

    files: tuple[str, ...]
    parties: tuple[Party, ...]
    variants: tuple[Variant, ...]
    steps: tuple[Order | Return, ...]
    judged: tuple[JudgedLine, ...]
    malformed: tuple[Malformed, ...]
    disagreements: tuple[Disagreement, ...]
    invoices_in_several_files: tuple[str, ...]

    @property
    def orders(self) -> Iterator[Order]:
        """The orders among the steps."""
        return (step for step in self.steps if isinstance(step, Order))

    @property
    def returns(self) -> Iterator[Return]:
        """The returns among the steps."""
        return (step for step in self.steps if isinstance(step, Return))


@dataclass(frozen=True, slots=True)
class _Invoice:
    """All readable lines under one invoice number."""

    number: str
    lines: tuple[InvoiceLine, ...]

    @property
    def first(self) -> InvoiceLine:
        """The line whose time and country hold for all."""
        return self.lines[0]


@dataclass(slots=True)
class _Draft:
    """A plan in the making: what has been seen up to the invoice at hand."""

    variant_of: dict[tuple[str, int], int]
    parties: dict[str, Party] = field(default_factory=dict)
    steps: list[Order | Return] = field(default_factory=list)
    judged: list[JudgedLine] = field(default_factory=list)
    purchases: Purchases = field(default_factory=Purchases)

    def judge(self, line: InvoiceLine, line_class: LineClass) -> None:
        """Note the one class of a line."""
        pence = line_total_pence(line.quantity, line.unit_price_e12)
        self.judged.append(JudgedLine(line.file, line.line_number, line_class, pence))


def make_plan(files: Sequence[InvoiceFile]) -> Plan:
    """Turn files, in the order that `read_files` gives them, into a plan."""
    malformed = tuple(line for file in files for line in file.lines if isinstance(line, Malformed))
    invoices = _invoices_of(line for file in files for line in file.lines if isinstance(line, InvoiceLine))
    variants = _variants_of(invoices)

    draft = _Draft({(variant.stock_code, variant.unit_price_e12): at for at, variant in enumerate(variants)})
    draft.judged += [JudgedLine(line.file, line.line_number, LineClass.MALFORMED, 0) for line in malformed]
    for invoice in invoices:
        if is_cancellation(invoice.number):
            _add_cancellation(draft, invoice)
        else:
            _add_orders(draft, invoice)

    return Plan(
        files=tuple(file.name for file in files),
        parties=tuple(draft.parties.values()),
        variants=variants,
        steps=tuple(draft.steps),
        judged=tuple(sorted(draft.judged, key=lambda line: (line.file, line.line_number))),
        malformed=malformed,
        disagreements=tuple(_disagreements_of(invoices)),
        invoices_in_several_files=_in_several_files(invoices),
    )


def way_back(ordered_at: int, returned_at: int, window_seconds: int) -> Way:
    """Say which way goods come back; the window's last second is still in it. Goods are delivered when ordered."""
    return Way.RETURN if returned_at <= ordered_at + window_seconds else Way.REFUND


def _invoices_of(lines: Iterable[InvoiceLine]) -> list[_Invoice]:
    """Gather lines by invoice number, oldest invoice first."""
    by_number: defaultdict[str, list[InvoiceLine]] = defaultdict(list)
    for line in lines:
        by_number[line.invoice].append(line)
    invoices = [_Invoice(number, tuple(gathered)) for number, gathered in by_number.items()]
    return sorted(invoices, key=lambda invoice: (invoice.first.time, invoice.number))


def _variants_of(invoices: Sequence[_Invoice]) -> tuple[Variant, ...]:
    """Find what is sold at which price. The title is the first description in time that says anything."""
    sold: Counter[tuple[str, int]] = Counter()
    titles: dict[tuple[str, int], str] = {}
    for line in (line for invoice in invoices if not is_cancellation(invoice.number) for line in invoice.lines):
        if class_of_sale(line) in SOLD:
            key = (line.stock_code, line.unit_price_e12)
            sold[key] += line.quantity
            titles[key] = titles.get(key) or _title(line.description)
    return tuple(Variant(code, price, titles[code, price] or code, sold[code, price]) for code, price in sorted(sold))


def _title(description: str) -> str:
    """Make a description fit to be shown: one space in place of anything invisible."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in description).split())


def _add_orders(draft: _Draft, invoice: _Invoice) -> None:
    """Judge the lines of a sale, and order what is sold: one order for each customer on the invoice."""
    sold: defaultdict[str | None, list[InvoiceLine]] = defaultdict(list)
    for line in invoice.lines:
        line_class = class_of_sale(line)
        draft.judge(line, line_class)
        if line_class in SOLD:
            sold[line.customer].append(line)
    for customer, lines in sold.items():
        order = _order(draft, invoice, customer, lines)
        draft.steps.append(order)
        if customer is not None:
            _remember(draft.purchases, customer, order)


def _order(draft: _Draft, invoice: _Invoice, customer: str | None, lines: list[InvoiceLine]) -> Order:
    """Make one party's order from its lines, and enter the party when it is new."""
    if len(lines) > ORDER_LINES_MAX:
        raise _too_long(invoice, lines)
    code = country_code(invoice.first.country)
    key = _party_key(customer, invoice.number)
    draft.parties.setdefault(key, Party(key, customer, invoice.first.country, code))
    ordered = tuple(
        OrderLine(
            number=number,
            variant=draft.variant_of[line.stock_code, line.unit_price_e12],
            quantity=line.quantity,
            total_pence=line_total_pence(line.quantity, line.unit_price_e12),
            source=line,
        )
        for number, line in enumerate(lines, start=1)
    )
    return Order(invoice.number, key, invoice.first.time, invoice.first.country, code, ordered)


def _remember(purchases: Purchases, customer: str, order: Order) -> None:
    """Keep an order's lines for the cancellations that follow."""
    for line in order.lines:
        purchase = Purchase(
            invoice=order.invoice,
            line_number=line.number,
            time=order.time,
            unit_price_e12=line.source.unit_price_e12,
            quantity=line.quantity,
            paid_pence=line.total_pence,
        )
        purchases.remember(customer, line.source.stock_code, purchase)


def _add_cancellation(draft: _Draft, invoice: _Invoice) -> None:
    """Judge the lines of a cancellation, and take back what earlier orders allow."""
    for line in invoice.lines:
        line_class = class_without_trade(line)
        if line_class is None:
            line_class, pieces = draft.purchases.match(line.customer, line.stock_code, -line.quantity)
            if pieces:
                key = _party_key(line.customer, invoice.number)
                draft.steps.append(Return(invoice.number, key, invoice.first.time, pieces, line))
        draft.judge(line, line_class)


def _party_key(customer: str | None, invoice: str) -> str:
    """Name a party: a customer by its number, a guest by its invoice, which no other guest shares."""
    return f"G-{invoice}" if customer is None else f"C-{customer}"


def _too_long(invoice: _Invoice, lines: list[InvoiceLine]) -> InputRefused:
    """Say how an invoice too long for one order would be split."""
    cut = lines[ORDER_LINES_MAX]
    return InputRefused(
        f"invoice {invoice.number}",
        f"sells {len(lines)} lines to one buyer; an order holds at most {ORDER_LINES_MAX}",
        f"Split it into invoices of at most {ORDER_LINES_MAX} lines: "
        f"give another number from {cut.file}, line {cut.line_number}, on.",
    )


def _disagreements_of(invoices: Sequence[_Invoice]) -> Iterator[Disagreement]:
    """Find the lines that differ from their invoice's first."""
    for invoice in invoices:
        expected = _shared_facts(invoice.first)
        for line in invoice.lines:
            for (column, on_line), (_, on_invoice) in zip(_shared_facts(line), expected, strict=True):
                if on_line != on_invoice:
                    yield Disagreement(line.file, line.line_number, invoice.number, column, on_line, on_invoice)


def _shared_facts(line: InvoiceLine) -> tuple[tuple[str, str], ...]:
    """Give what all lines of an invoice should share."""
    return (
        ("InvoiceDate", moment_as_text(line.time)),
        ("CustomerID", line.customer or ""),
        ("Country", line.country),
    )


def _in_several_files(invoices: Sequence[_Invoice]) -> tuple[str, ...]:
    """List invoices found in more than one file: they may go on over midnight, or files may overlap."""
    return tuple(invoice.number for invoice in invoices if len({line.file for line in invoice.lines}) > 1)
