"""Executing stored blocks once more, and the first difference between what is stored and what is derived."""

from __future__ import annotations

from itertools import zip_longest
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from sogdia.engine.collector import spared_collector
from sogdia.engine.folders.deferred_signatures import DeferredSignatures, WrongSignatureError
from sogdia.engine.ledger.sealing import DifferenceError, check_header, next_header, stored_form, transactions_root
from sogdia.kernel.codec import NOT_DECODABLE
from sogdia.kernel.header import Header
from sogdia.kernel.refusal import Refused
from sogdia.kernel.stored_block import StoredBlock, decode_block

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sogdia.engine.ledger.ledger import Ledger
    from sogdia.engine.ledger.sealing import SealedBlock
    from sogdia.kernel.machine import Result


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """The first place at which what is stored is not what the rules derive: `expected` was derived, `found` is stored.

    `part` says what differs: "genesis", "block" (missing, damaged, or in another spelling), "header", "envelope" (it is
    not admissible), "signature", "receipt", "exit", "step" (in the life of an object), "state root" or "record".
    """

    height: int
    part: str
    message: str
    number: int | None = None
    """Which envelope of the block, or which exit, from 0; for a step, which of its results."""
    id: bytes | None = None
    """The id of that envelope, exit or result."""
    table: str | None = None
    key: bytes | None = None
    expected: bytes | int | None = None
    found: bytes | int | None = None


class DifferenceFoundError(Exception):
    """Blocks do not come out as they are stored; carries the first difference."""

    def __init__(self, difference: Difference) -> None:
        """Remember the difference."""
        super().__init__(difference.message)
        self.difference = difference


class Followed(NamedTuple):
    """A block that came out as it is stored, and how many signatures its envelopes carry."""

    sealed: SealedBlock
    signatures: int


def follow_all(ledger: Ledger, blocks: Iterable[bytes]) -> Iterator[Followed]:
    """Execute stored blocks, in order, over `ledger`, with every signature verified again.

    Raises `DifferenceFoundError` for the first difference. The verdicts on signatures come later than the blocks, so
    what came of these may be used only when the iterator has ended.
    """
    with spared_collector(), DeferredSignatures() as signatures:
        try:
            try:
                for raw in blocks:
                    yield _follow(ledger, raw, signatures)
            except WrongSignatureError:
                raise
            except Exception:
                # A wrong signature further up would come first, so the verdicts are waited for before this is told.
                signatures.finish()
                raise
            signatures.finish()
        except WrongSignatureError as error:
            raise DifferenceFoundError(_wrong_signature(error)) from error


def _follow(ledger: Ledger, raw: bytes, signatures: DeferredSignatures) -> Followed:
    height = ledger.tip.height + 1
    try:
        stored = decode_block(raw)
    except NOT_DECODABLE as error:
        message = f"height {height}: the stored block cannot be read: {error}"
        raise DifferenceFoundError(Difference(height=height, part="block", message=message)) from error
    signatures.begin_block(stored)
    before = signatures.count
    try:
        sealed = ledger.follow(stored, signatures)
    except DifferenceError as error:
        raise DifferenceFoundError(_difference_in(ledger, stored, error)) from error
    if sealed.raw != raw:
        message = f"height {height}: the stored block is a second spelling of what was derived"
        raise DifferenceFoundError(
            Difference(height=height, part="block", message=message, expected=sealed.raw, found=raw)
        )
    return Followed(sealed, signatures.count - before)


def _wrong_signature(error: WrongSignatureError) -> Difference:
    ids = [result.id for result in error.block.results]
    return Difference(
        height=error.block.height,
        part="signature",
        message=str(error),
        number=ids.index(error.envelope_id) if error.envelope_id in ids else None,
        id=error.envelope_id,
    )


# -------------------------------------------------------------------------------------- what exactly differs in a block


def _difference_in(ledger: Ledger, stored: StoredBlock, error: DifferenceError) -> Difference:
    """Execute a block again that did not come out as it is stored, and compare part by part in the same order."""
    in_header = _in_header(ledger, stored, error)
    if in_header is not None:
        return in_header
    block = ledger.begin_block(stored.header.header.time, stored.misbehaviour)
    for number, raw in enumerate(stored.envelopes):
        try:
            block.include(ledger.machine.envelopes.open(raw, block.limits))
        except Refused:
            found = stored.results[number].id if number < len(stored.results) else None
            return Difference(height=error.height, part="envelope", message=str(error), number=number, id=found)
    block.close()
    return (
        _in_results("receipt", stored.results, block.results, error)
        or _in_results("exit", stored.exits, block.exits, error)
        or _in_places(stored, block.exits_after, error)
        or _in_steps(ledger, stored, decode_block(stored_form(stored.header, stored.envelopes, block)), error)
    )


def _in_header(ledger: Ledger, stored: StoredBlock, error: DifferenceError) -> Difference | None:
    header, state = stored.header.header, ledger.state()
    root = transactions_root(stored.envelopes)
    expected = next_header(ledger.machine.network, ledger.tip, state, ledger.tree.root, header.time, root)
    try:
        check_header(stored, expected, ledger.tip, ledger.signers(header.height))
    except DifferenceError:
        for field in Header.__struct_fields__:
            derived, found = getattr(expected, field), getattr(header, field)
            if derived != found:
                part = "state root" if field == "state_root" else "header"
                return Difference(height=error.height, part=part, message=str(error), expected=derived, found=found)
        return Difference(height=error.height, part="header", message=str(error))
    return None


def _in_results(part: str, stored: list[Result], derived: list[Result], error: DifferenceError) -> Difference | None:
    for number in range(max(len(stored), len(derived))):
        found = stored[number] if number < len(stored) else None
        expected = derived[number] if number < len(derived) else None
        if found != expected:
            whose = expected or found
            same_id = found is not None and expected is not None and found.id == expected.id
            return Difference(
                height=error.height,
                part=part,
                message=str(error),
                number=number,
                id=None if whose is None else whose.id,
                expected=None if expected is None else expected.receipt if same_id else expected.id,
                found=None if found is None else found.receipt if same_id else found.id,
            )
    return None


def _in_places(stored: StoredBlock, derived: list[int], error: DifferenceError) -> Difference | None:
    """Tell which exit came before or after another envelope than the block says."""
    for number, (found, expected) in enumerate(zip(stored.exits_after, derived, strict=True)):
        if found != expected:
            which = stored.exits[number].id
            return Difference(height=error.height, part="exit", message=str(error), number=number, id=which)
    return None


def _in_steps(ledger: Ledger, stored: StoredBlock, derived: StoredBlock, error: DifferenceError) -> Difference:
    """Tell which step in the life of which object is missing, too many or another."""
    for found, expected in zip_longest(stored.steps, derived.steps):
        if found != expected:
            step = expected or found
            result = derived.all_results()[step.result] if expected else None
            table = ledger.machine.tables.get(step.object[0])
            return Difference(
                height=error.height,
                part="step",
                message=str(error),
                number=step.result,
                id=None if result is None else result.id,
                table=None if table is None else table.name,
                key=step.object[1:],
                expected=None if expected is None else expected.object,
                found=None if found is None else found.object,
            )
    return Difference(height=error.height, part="step", message=str(error))
