"""The ledger as a gateway sees it: a running node, and the issuer's key."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
from msgspec import structs

from sogdia.cli.exits import usage
from sogdia.cli.finding import find_node
from sogdia.cli.outcomes import decode_receipt
from sogdia.cli.sending import open_key, signing_for
from sogdia.client.connection import NodeNotRunningError, RefusedByNodeError, TryLaterError
from sogdia.client.declared import answer_type, refusal_codes
from sogdia.client.envelopes import EnvelopeMaker, Sender
from sogdia.gateway.desk import Happened, LedgerSilentError, Sent
from sogdia.index.sources import NodeSource
from sogdia.kernel.parameters import Limits
from sogdia.kernel.refusals import KernelRefusal
from sogdia.kernel.stored_block import decode_block
from sogdia.kernel.values import owner_of
from sogdia.modules.money.currencies import Mint
from sogdia.modules.money.events import Minted
from sogdia.modules.money.queries import CurrencyQuery

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sogdia.cli.sending import Signing
    from sogdia.cli.sessions import Session
    from sogdia.client.envelopes import Signed
    from sogdia.kernel.operation import Operation
    from sogdia.kernel.receipt import Receipt
    from sogdia.modules.money.records import Currency


class Signer(NamedTuple):
    """Who signs: the issuer itself, or an agent that has a mandate of the issuer's."""

    key: str
    mandate: str | None


class IssuerLedger:
    """A node and an issuer; without a signer it reads and signs nothing."""

    def __init__(self, session: Session, issuer: bytes, node_folder: Path | None, signer: Signer | None) -> None:
        """Act for an issuer; the key is opened when it is needed, once."""
        self._session = session
        self._issuer = issuer
        self._folder = node_folder
        named = None if signer is None else signer.mandate
        self._mandate = None if named is None else session.naming.name(named)
        self._maker = EnvelopeMaker(session.naming.network.hash)
        self._signing = None if signer is None else self._found(signer.key)

    def _found(self, key: str) -> Signing:
        signing = signing_for(key, self._session, 0)
        acts_for = signing.account if self._mandate is None else owner_of(self._mandate)
        if acts_for != self._issuer:
            raise usage(
                f"{key!r} acts for {self._session.naming.call(acts_for)}, and this gateway is another's.",
                "Name the key of the issuer that stands in gateway.toml, or a mandate of that issuer.",
            )
        return signing

    @property
    def network(self) -> bytes:
        """The hash of the network's genesis."""
        return bytes(self._session.naming.network.hash)

    @property
    def issuer(self) -> bytes:
        """The issuer's account."""
        return self._issuer

    @property
    def now(self) -> int:
        """The ledger's time, as it was when this pass began."""
        return self._session.now

    @property
    def height(self) -> int:
        """Up to which block everything is durable."""
        return self._session.node.height()

    def blocks(self, first: int, last: int) -> Iterator[tuple[int, int, list[Happened]]]:
        """Give what happened, block by block."""
        source = NodeSource(find_node(self._folder))
        try:
            for raw in source.blocks(first, last):
                block = decode_block(raw)
                happened = []
                for place, result in block.as_it_happened():
                    facts = decode_receipt(result.receipt).events
                    minted = any(isinstance(each, Minted) and each.asset.issuer == self._issuer for each in facts)
                    salt = self._salt(block.envelopes[place]) if minted and place < len(block.envelopes) else b""
                    happened.append(Happened(result.id, tuple(facts), salt))
                yield block.height, block.header.header.time, happened
        finally:
            source.close()

    def _salt(self, envelope: bytes) -> bytes:
        """Give the salt of an envelope that mints and does nothing else."""
        body = self._maker.codec.open(envelope, Limits()).body
        return body.salt if [type(each) for each in body.operations] == [Mint] else b""

    def supply(self, currency: str) -> tuple[int, int]:
        """Give a height, and how much of the issuer's currency exists at it."""
        height, found = self._session.node.query(CurrencyQuery(currency=currency, issuer=self._issuer))
        known: Currency | None = msgspec.convert(found, answer_type(CurrencyQuery), strict=True)
        return height, 0 if known is None else known.supply

    def sign(self, operation: Operation, *, salt: bytes, expiry: int) -> Signed:
        """Sign an operation as the issuer."""
        asked = structs.replace(operation, mandate=self._mandate)
        return self._maker.make([self._sender], [asked], expiry=expiry, salt=salt)

    def again(self, envelope: bytes, expiry: int) -> Signed:
        """Sign the operation of an earlier envelope once more."""
        body = self._maker.codec.open(envelope, Limits()).body
        (operation,) = body.operations
        return self.sign(operation, salt=body.salt, expiry=expiry)

    @cached_property
    def _sender(self) -> Sender:
        if self._signing is None:
            raise usage("This command signs, and no key was named.", "Say --from KEY.")
        return Sender(self._signing.account, open_key(self._signing.key, self._session.ring), self._signing.number)

    def send(self, envelope: bytes, identity: bytes) -> Sent:
        """Send an envelope, or find it where it has been sent before."""
        try:
            found = self._session.node.submit(envelope)
        except RefusedByNodeError as refused:
            known = self._session.node.result(identity)
            if known is None:
                if refused.code == KernelRefusal.ENVELOPE_EXPIRED:
                    return Sent(0, expired=True)
                raise LedgerSilentError(f"it does not take an envelope now: {_sentence(refused.code)}") from refused
            found = known
        except (NodeNotRunningError, TryLaterError, OSError, TimeoutError) as error:
            raise LedgerSilentError(str(error)) from error
        receipt: Receipt = decode_receipt(found.receipt)
        return Sent(receipt.code, _sentence(receipt.code) if receipt.code else "")


def _sentence(number: int) -> str:
    code: Any = refusal_codes().get(number)
    return f"refusal {number}" if code is None else f"{number} {code.name}: {code.rule}. {code.way_out}"
