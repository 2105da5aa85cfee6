"""Faults in the rails: movements, statements, messages, files of payments, reconciliation."""

from __future__ import annotations

from tools.seeded_faults import Fault

MOVEMENTS = ("tests/rails/test_movements.py",)
STATEMENTS = ("tests/rails/test_statements.py",)
MESSAGES = ("tests/rails/test_messages.py",)
SPELLING = ("tests/rails/test_spelling.py",)
IMPORTS = ("tests/rails/test_imports.py",)
RECONCILING = ("tests/rails/test_reconciling.py",)
KEPT = ("tests/index/test_movements.py",)

RAILS_FAULTS = (
    Fault(
        "Books read a block's results as they stand and not as they came",
        "rails/books.py",
        "for place, result in results:",
        "for place, result in sorted(results):",
        KEPT,
    ),
    Fault(
        "What went home of a hold is not told",
        "rails/movements.py",
        '    yield _set_aside(payer, asset, -fact.returned, reference, "")',
        '    yield _set_aside(payer, asset, 0, reference, "")',
        MOVEMENTS,
    ),
    Fault(
        "What an order refunds before shipping is told twice, by the order and by its lock",
        "rails/movements.py",
        "    return rate is not None and not rate.swapped",
        "    return False and rate is not None",
        MOVEMENTS,
    ),
    Fault(
        "The premium that was owed for the time is not told",
        "rails/movements.py",
        "    yield from _paid(buyer, provider, fact.takes, fact.owed, reference, EXCHANGE, from_held=True)",
        "    yield from _paid(buyer, provider, fact.takes, 0, reference, EXCHANGE, from_held=True)",
        MOVEMENTS,
    ),
    Fault(
        "A fact that nobody knows is taken to move nothing",
        "rails/movements.py",
        "        if declared not in MOVES_NOTHING and",
        "        if declared in MOVES_NOTHING and",
        MOVEMENTS,
    ),
    Fault(
        "The last second of a day belongs to the next one",
        "rails/statements.py",
        "        elif told.time < self._period.until:",
        "        elif told.time < self._period.until - 1:",
        STATEMENTS,
    ),
    Fault(
        "A day begins with what its first second moved",
        "rails/statements.py",
        "        if told.time < self._period.since:",
        "        if told.time <= self._period.since:",
        STATEMENTS,
    ),
    Fault(
        "A statement that does not balance is given out",
        "rails/statements.py",
        "        if found != self.closing:",
        "        if found.booked < self.closing.booked - 10**9:",
        STATEMENTS,
    ),
    Fault(
        "Money set aside is not compared with the ledger",
        "rails/statements.py",
        "        if told != added:",
        "        if told.booked != added.booked:",
        STATEMENTS,
    ),
    Fault(
        "A statement's closing available balance counts what is set aside",
        "rails/camt.py",
        '_balance(statement, part("Cd", available), closing.available, last_day)',
        '_balance(statement, part("Cd", available), closing.booked, last_day)',
        MESSAGES,
    ),
    Fault(
        "An entry for information is told as booked",
        "rails/camt.py",
        'part("Cd", "BOOK" if movement.booked else "INFO")',
        'part("Cd", "BOOK")',
        MESSAGES,
    ),
    Fault(
        "A loss is told as a gain",
        "rails/parts.py",
        '"DBIT" if units < 0 else "CRDT"',
        '"CRDT"',
        MESSAGES,
    ),
    Fault(
        "A formula in a reference is run by the spreadsheet",
        "rails/csv_files.py",
        '    return f"\'{text}" if text.startswith(FORMULA) else text',
        "    return text",
        STATEMENTS,
    ),
    Fault(
        "The agent of the payee is that of the payer",
        "rails/clearing.py",
        '        agent("CdtrAgt", issuer, network),\n        party("Cdtr"',
        '        agent("CdtrAgt", payment.debtor, network),\n        party("Cdtr"',
        MESSAGES,
    ),
    Fault(
        "A rate is told the wrong way round",
        "rails/spelling.py",
        "Decimal(got).scaleb(-MINOR_DIGITS[got_currency]) / Decimal(paid).scaleb(-MINOR_DIGITS[paid_currency])",
        "Decimal(paid).scaleb(-MINOR_DIGITS[paid_currency]) / Decimal(got).scaleb(-MINOR_DIGITS[got_currency])",
        SPELLING,
    ),
    Fault(
        "Digits that the currency has not are cut off",
        "rails/spelling.py",
        "    if len(fraction) > digits:",
        "    if len(fraction) > 5:",
        IMPORTS,
    ),
    Fault(
        "Check digits of accounts are not looked at",
        "rails/spelling.py",
        "or int(check) != _check_of(letters)",
        "or int(check) > 98",
        SPELLING,
    ),
    Fault(
        "A UETR does not say of which network it is",
        "rails/uetr.py",
        'sha256(b"sogdia/uetr" + network + result_id',
        'sha256(b"sogdia/uetr" + result_id',
        SPELLING,
    ),
    Fault(
        "A document may define entities",
        "rails/xml.py",
        "    parser.StartDoctypeDeclHandler = look.doctype\n",
        "",
        IMPORTS,
    ),
    Fault(
        "The schema is not asked about what comes in",
        "rails/xml.py",
        "    root = _parse(raw)\n    _check_schema(root, kind)\n",
        "    root = _parse(raw)\n",
        IMPORTS,
    ),
    Fault(
        "A file is paid though one of its payments is refused",
        "rails/importing.py",
        "all(each.answer.status != REFUSED for each in outcomes)",
        "any(each.answer.status != REFUSED for each in outcomes)",
        IMPORTS,
    ),
    Fault(
        "Payments are tried each for itself, whatever the others take",
        "rails/importing.py",
        "    left[key] = rest\n",
        "",
        IMPORTS,
    ),
    Fault(
        "Nothing is noted before it is sent",
        "rails/importing.py",
        "            journal.note(noted)\n",
        "",
        IMPORTS,
    ),
    Fault(
        "The salt of a payment does not come of its message",
        "rails/importing.py",
        '    parts = (b"sogdia/pain.001", wish.debtor, message.encode(), wish.end_to_end.encode())',
        '    parts = (b"sogdia/pain.001", wish.debtor, wish.end_to_end.encode())',
        IMPORTS,
    ),
    Fault(
        "The same reference may stand for another payment",
        "rails/journal.py",
        "        if noted is not None and noted.wish != digest_of(wish):",
        "        if noted is not None and len(noted.wish) != 32:",
        IMPORTS,
    ),
    Fault(
        "The control sum is not compared",
        "rails/initiation.py",
        "        if control_sum is not None and Decimal(control_sum) != total:",
        "        if control_sum is not None and Decimal(control_sum) < total:",
        IMPORTS,
    ),
    Fault(
        "A line counts twice when both its names are given",
        "rails/reconciling.py",
        "    said |= {(name, pair.row.units): pair for pair in matched for name in names_of(pair.entry)}\n",
        "",
        RECONCILING,
    ),
    Fault(
        "A line with a known reference is matched to another payment of that amount",
        "rails/reconciling.py",
        "        if not found or row.reference in known:",
        "        if not found:",
        RECONCILING,
    ),
    Fault(
        "Books in the index forget the rates of orders between blocks",
        "index/remembering.py",
        "        rates=shelf(Kind.RATE, AtRate),\n",
        "",
        KEPT,
    ),
    Fault(
        "What a batch moved stays behind when the batch breaks off",
        "index/batch.py",
        "        self._kept.clear()\n",
        "",
        KEPT,
    ),
    Fault(
        "The movement behind the days is not looked at",
        "index/reading/movements.py",
        "    for each in rows if behind is None else [*rows, behind]:",
        "    for each in rows:",
        KEPT,
    ),
    Fault(
        "A statement from the index leaves out the blocks that are not in it yet",
        "index/reading/movements.py",
        "    return Book(at.network, kept_memory(find, since.__setitem__), at.height)",
        "    return Book(at.network, kept_memory(find, since.__setitem__), at.height + 1)",
        KEPT,
    ),
    Fault(
        "One envelope can hold more payments than UETRs tell apart",
        "rails/uetr.py",
        "NUMBER_BITS: Final = 14",
        "NUMBER_BITS: Final = 11",
        MOVEMENTS,
    ),
)
