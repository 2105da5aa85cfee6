"""The two ways to fail: the sender asked for something a rule forbids, or our own code is wrong.

`require` refuses a request with a permanent number; the refusal is part of the ledger's history. `ensure` guards what
must be true whatever anyone sends; when it is not, the node stops. Nothing catches the second.
"""

from __future__ import annotations

from typing import Self

from sogdia.kernel.enums import Numbered

Fact = int | str | bytes
"""What a rule may name: the values that were compared, never prose."""

Facts = tuple[tuple[str, int | str], ...]
"""The values as they stand in a receipt."""

INT64_MIN, UINT64_MAX = -(2**63), 2**64 - 1
"""What the encoding can write as an integer. A rule may have compared more, and must not stop the node by saying so."""


class RefusalCode(Numbered):
    """A permanent number for one rule, with the rule in words and the way out.

    Numbers are appended, never changed or used again. The words are for people and are not hashed.
    """

    rule: str
    way_out: str

    def __new__(cls, number: int, rule: str, way_out: str) -> Self:
        """Make a code from its number, rule and way out."""
        code = int.__new__(cls, number)
        code._value_ = number
        code.rule = rule
        code.way_out = way_out
        return code


class Refused(Exception):  # noqa: N818 - a refusal is an answer, not an error of ours
    """The sender's request breaks a rule. Carries the rule's code and the values that were compared."""

    def __init__(self, code: RefusalCode, facts: Facts = ()) -> None:
        """Remember `code` and `facts`."""
        super().__init__(code, facts)
        self.code = code
        self.facts = facts

    def __str__(self) -> str:
        """Say the rule, the values and the way out in one line."""
        return explain(self.code, self.facts)


class Broken(Exception):  # noqa: N818 - reads as what it says: an invariant is broken
    """Our own code or data is wrong. The node must stop."""


def require(condition: object, code: RefusalCode, **facts: Fact) -> None:
    """Refuse the request with `code` unless `condition` holds."""
    if not condition:
        raise Refused(code, facts_of(facts))


def facts_of(values: dict[str, Fact]) -> Facts:
    """Write values down as they stand in a receipt: bytes in hexadecimal, integers beyond 64 bits as their digits."""
    return tuple((name, _fact(value)) for name, value in values.items())


def _fact(value: Fact) -> int | str:
    if isinstance(value, bytes):
        return value.hex()
    return str(value) if isinstance(value, int) and not INT64_MIN <= value <= UINT64_MAX else value


def ensure(condition: object, message: str) -> None:
    """Stop the node unless `condition` holds. Unlike an assertion it cannot be switched off."""
    if not condition:
        raise Broken(message)


def explain(code: RefusalCode, facts: Facts) -> str:
    """Put a refusal in words: number, rule, values, way out."""
    values = ", ".join(f"{name} {value}" for name, value in facts)
    return f"{int(code)} {code.name}: {code.rule}{f' ({values})' if values else ''}. {code.way_out}"
