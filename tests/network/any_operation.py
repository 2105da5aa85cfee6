"""Any operation of any module, filled at random from few names: most are refused, some meet what is there.

What a field may hold is read from its type, as decoding does; a name, an account, a time or a height comes from those
that occur. No operation is named here, so that one which is added later takes part by itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import inspect

from sogdia.kernel.values import name_of
from sogdia.modules import ALL
from sogdia.testing.ledger import keys_of

if TYPE_CHECKING:
    from random import Random

    from sogdia.kernel.operation import Operation

REFERENCES = ("p0", "p1", "p2", "t1", "a", "b", "o1")
TEXTS = {"currency": ("USD", "KWD", "EUR"), "country": ("KE", "UZ", "KZ"), "purpose": ("GDDS",), "language": ("en",)}
TIMES = ("deadline", "until", "expiry", "valid", "not_before", "from_time", "due")
ACCOUNT_BYTES, HASH_BYTES = 20, 32
FAR = 10**6

OPERATIONS: tuple[type[Operation], ...] = tuple(
    sorted((each for module in ALL for each in module.operations), key=lambda each: each.__name__)
)
_TYPES = {each: inspect.type_info(each) for each in OPERATIONS}


class AnyOperation:
    """Fills operations, with accounts and the time as they are."""

    def __init__(self, random: Random, accounts: dict[str, bytes]) -> None:
        """Choose by `random` among these accounts."""
        self._random = random
        self._accounts = accounts
        self.time = 0
        self.height = 0

    def operation(self) -> Operation:
        """Fill any operation."""
        kind = self._random.choice(OPERATIONS)
        told: Any = _TYPES[kind]
        fields = {each.name: self._field(each.type, each.name) for each in told.fields}
        return kind(**fields | {"signer": 0, "mandate": None})

    def account(self) -> bytes:
        """Give somebody's account."""
        return self._accounts[self._random.choice(sorted(self._accounts))]

    def _field(self, told: Any, name: str) -> Any:  # noqa: ANN401, PLR0911 - whatever the type asks for
        random = self._random
        match told:
            case inspect.BoolType():
                return bool(random.randrange(2))
            case inspect.NoneType():
                return None
            case inspect.IntType():
                return self._number(told, name)
            case inspect.StrType():
                return self._text(told, name)
            case inspect.BytesType():
                return self._bytes(told)
            case inspect.UnionType():
                return self._field(random.choice(told.types), name)
            case inspect.VarTupleType():
                least = told.min_length or 0
                count = random.randint(least, max(least, min(2, told.max_length or 2)))
                return tuple(self._field(told.item_type, name) for _each in range(count))
            case inspect.StructType():
                return told.cls(**{each.name: self._field(each.type, each.name) for each in told.fields})
            case _:
                raise TypeError(f"nothing is known of fields like {told}")

    def _number(self, told: inspect.IntType, name: str) -> int:
        random = self._random
        least, most = told.ge or 0, told.le or FAR
        if any(part in name for part in TIMES):
            return max(least, min(most, self.time + random.choice([-1, 1, 60, 500])))
        if name == "height":
            return self.height + random.randrange(8)
        close = min(most, least + random.choice([0, 1, 3, 20]))
        return random.randint(least, random.choice([close, close, min(most, least + FAR)]))

    def _text(self, told: inspect.StrType, name: str) -> str:
        for part, texts in TEXTS.items():
            if part in name:
                return self._random.choice(texts)
        if told.pattern is None:
            return self._random.choice(["Tea from Lanzhou", "чай", "@tea"])[: told.max_length]
        if told.pattern.startswith("^[0-9A-Za-z"):
            return self._random.choice(REFERENCES)
        return "KGM"[: told.max_length] if told.pattern.startswith("^[A-Z0-9]+") else ""

    def _bytes(self, told: inspect.BytesType) -> bytes:
        least, most, random = told.min_length or 0, told.max_length or 0, self._random
        if least == most == ACCOUNT_BYTES:
            return self.account()
        if least == ACCOUNT_BYTES + 1:
            return name_of(self.account(), random.choice(REFERENCES))
        if least == HASH_BYTES:
            return keys_of(random.choice(REFERENCES)).public
        return random.randbytes(max(least, 1))
