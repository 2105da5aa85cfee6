"""The rules of the book on a network."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from sogdia.modules.book.records import RULES, BookRules, Lifetime

if TYPE_CHECKING:
    from sogdia.kernel.genesis import GenesisContext


class BookGenesis(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How long an offer may stand, in seconds."""

    lifetime_max: Lifetime = 90 * 86_400


def load_genesis(context: GenesisContext, section: BookGenesis) -> None:
    """Write the rules down."""
    RULES.put(context.state, None, BookRules(lifetime_max=section.lifetime_max))
