"""The world outside, played by a seed: it keeps books of its own, and tells of them as banks do on their worse days.

What it has told and what it holds back is known, so a test can compare its money with the gateway's after every step:
`balance` is the truth, `withheld` what of it nobody was told yet.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Final

import msgspec

from sogdia.gateway.desk import DAY
from sogdia.gateway.happenings import Answer, Closing, Entry, Kind, Says
from sogdia.gateway.passing import IN
from sogdia.gateway.paying_out import OUT, write_once

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from sogdia.gateway.emulator.writing import Asked, Side
    from sogdia.gateway.happenings import Happening

FILE: Final = "emulator.json"
UNITS_MOST: Final = 500_000
MEMORY: Final = 200
"""So many of its latest documents it may send once more."""


class Booked(msgspec.Struct, kw_only=True):
    """An entry in the other side's own books."""

    rail: str
    reference: str
    kind: Kind
    units: int
    booked: int
    about: str = ""
    texts: tuple[str, ...] = ()
    payer: str = ""
    reason: str = ""
    told: bool = False

    def entry(self) -> Entry:
        """Give it as it is told."""
        return Entry(
            self.reference, self.kind, self.units, self.booked, self.about, self.texts, self.payer, self.reason
        )


class Book(msgspec.Struct, kw_only=True):
    """Everything that the other side remembers."""

    steps: int = 0
    documents: int = 0
    entries: list[Booked] = []
    orders: dict[str, str] = {}
    """What it has decided about each pay-out that it was asked for."""
    waiting: list[tuple[str, str]] = []
    """(rail, pay-out) of orders that it has not answered yet."""
    units: dict[str, int] = {}
    """Of each pay-out."""
    told: list[tuple[str, str]] = []
    """(rail, content) of documents that it has sent, the latest last."""


class Outside:
    """The other side of all rails."""

    def __init__(self, folder: Path, sides: Mapping[str, Side], openings: Mapping[str, int], seed: int) -> None:
        """Take up where it was left, in a gateway's folder."""
        self.folder = folder
        self.sides = sides
        self.openings = openings
        self._seed = seed
        path = folder / FILE
        self.book = msgspec.json.decode(path.read_bytes(), type=Book) if path.exists() else Book()

    def save(self) -> None:
        """Write down what it remembers."""
        write_once(self.folder / FILE, msgspec.json.encode(self.book))

    # ------------------------------------------------------------------------------------------------------ its books

    def balance(self, rail: str) -> int:
        """Say what really lies at a rail."""
        return self.openings[rail] + sum(each.units for each in self.book.entries if each.rail == rail)

    def withheld(self) -> int:
        """Say how much has come or gone without anybody having been told."""
        return sum(each.units for each in self.book.entries if not each.told)

    def book_entry(self, rail: str, kind: Kind, units: int, now: int, **more: object) -> Booked:
        """Book something."""
        number = len(self.book.entries) + 1
        made = Booked(rail=rail, reference=f"{rail}-{number}", kind=kind, units=units, booked=now, **more)  # type: ignore[arg-type]  # texts and names
        self.book.entries.append(made)
        return made

    def tell(self, booked: Booked, now: int) -> None:
        """Tell of an entry."""
        booked.told = True
        self._send(booked.rail, [booked.entry()], now)

    def _send(self, rail: str, told: Sequence[Happening], now: int) -> None:
        for content in self.sides[rail].write(told, now):
            self._drop(rail, content)
            self.book.told = [*self.book.told[-MEMORY:], (rail, content.decode())]

    def _drop(self, rail: str, content: bytes) -> None:
        self.book.documents += 1
        write_once(self.folder / rail / IN / f"{self.book.documents:06}", content)

    def close_day(self, until: int, now: int) -> None:
        """Send every rail's statement until the end of a day, with all that was booked on it."""
        for rail in self.sides:
            before = [each for each in self.book.entries if each.rail == rail and each.booked < until]
            units = self.openings[rail] + sum(each.units for each in before)
            of_day = [each for each in before if each.booked >= until - DAY or not each.told]
            for each in of_day:
                each.told = True
            self._send(rail, [*(each.entry() for each in of_day), Closing(units, until)], now)

    # ------------------------------------------------------------------------------------------------------- its doings

    def collect(self, now: int) -> None:
        """Fetch the orders that lie in the folders `out`; one that was fetched before is not taken twice."""
        for rail in self.sides:
            folder = self.folder / rail / OUT
            for path in sorted(folder.iterdir()) if folder.is_dir() else ():
                if path.name.startswith("."):
                    continue
                asked: Asked = self.sides[rail].asked(path.read_bytes())
                path.unlink()
                if asked.payout not in self.book.units:
                    self.book.units[asked.payout] = asked.units
                    self.book.waiting.append((rail, asked.payout))
                elif self.book.orders.get(asked.payout) == "no":
                    self._send(rail, [Answer(asked.payout, Says.REFUSED, "AM05 asked before, and refused")], now)

    def answer(self, rail: str, payout: str, how: str, now: int) -> None:
        """Answer an order: yes, late, no, twice, return, no-and-yes. Silence is not answering."""
        self.book.waiting.remove((rail, payout))
        self.book.orders[payout] = how
        units = self.book.units[payout]
        if how in ("no", "no-and-yes"):
            self._send(rail, [Answer(payout, Says.REFUSED, "AC04 the account is closed")], now)
        else:
            self._send(rail, [Answer(payout, Says.ACCEPTED)], now)
        times = {"no": 0, "twice": 2}.get(how, 1)
        paid = [self.book_entry(rail, Kind.PAID, -units, now, about=payout) for _ in range(times)]
        if how == "return":
            paid.append(
                self.book_entry(rail, Kind.RETURNED, units, now, about=payout, reason="AC04 the account is closed")
            )
            self._send(rail, [Answer(payout, Says.RETURNED, "AC04 the account is closed")], now)
        if how != "late":
            for each in paid:
                self.tell(each, now)

    def take_back(self, credit: Booked, units: int, now: int) -> Booked:
        """Take a credit back, or a part of it."""
        return self.book_entry(
            credit.rail, Kind.TAKEN_BACK, -units, now, about=credit.reference, reason="the payer disputes it"
        )

    # ---------------------------------------------------------------------------------------------------- its bad days

    def step(self, references: Sequence[str], now: int) -> str:
        """Do one thing, chosen by the seed and the step; gives what it was."""
        self.book.steps += 1
        chance = random.Random(f"{self._seed}/{self.book.steps}")  # noqa: S311 - to be repeated, not to be secret
        self.collect(now)
        does = chance.choices(
            ("pays in", "answers", "takes back", "tells late", "tells twice", "sweeps", "takes a fee"),
            (40, 25, 8, 17, 9, 4, 1),
        )[0]
        match does:
            case "pays in":
                self._pays_in(chance, references, now)
            case "answers":
                self._answers(chance, now)
            case "takes back":
                self._takes_back(chance, now)
            case "tells late":
                self._tells_late(chance, now)
            case "tells twice":
                if self.book.told:
                    rail, content = chance.choice(self.book.told)
                    self._drop(rail, content.encode())
            case "sweeps":
                self._sweeps(chance, now)
            case _:
                rail = chance.choice(sorted(self.sides))
                self.tell(self.book_entry(rail, Kind.DEBIT, -chance.randint(1, 500), now, reason="a fee"), now)
        return does

    def _pays_in(self, chance: random.Random, references: Sequence[str], now: int) -> None:
        rail = chance.choice(sorted(self.sides))
        units = chance.randint(1, UNITS_MOST)
        right = chance.choice(references) if references else "for my account"
        digit = chance.randrange(4, len(right)) if references else 0
        wrong = f"{right[:digit]}{(int(right[digit]) + 1) % 10}{right[digit + 1 :]}" if references else right
        text = chance.choices((f"top up {right}", right, wrong, "thank you", f"{right} {wrong}"), (30, 30, 6, 6, 3))[0]
        payer = chance.choice(("KE-4711", "KE-4712", ""))
        booked = self.book_entry(rail, Kind.CREDIT, units, now, texts=(text,), payer=payer)
        if chance.random() < 0.8:  # noqa: PLR2004 - one of five is told later
            self.tell(booked, now)

    def _answers(self, chance: random.Random, now: int) -> None:
        if self.book.waiting:
            rail, payout = chance.choice(self.book.waiting)
            how = chance.choices(("yes", "late", "no", "return", "twice", "no-and-yes"), (50, 15, 15, 12, 4, 4))[0]
            self.answer(rail, payout, how, now)

    def _takes_back(self, chance: random.Random, now: int) -> None:
        taken: dict[str, int] = {}
        for each in self.book.entries:
            if each.kind == Kind.TAKEN_BACK:
                taken[each.about] = taken.get(each.about, 0) - each.units
        open_ = [
            (each, each.units - taken.get(each.reference, 0))
            for each in self.book.entries
            if each.kind == Kind.CREDIT and each.units > taken.get(each.reference, 0)
        ]
        if open_:
            credit, left = chance.choice(open_)
            back = self.take_back(credit, left if chance.random() < 0.7 else chance.randint(1, left), now)  # noqa: PLR2004 - most are taken back whole
            if chance.random() < 0.7:  # noqa: PLR2004 - as above
                self.tell(back, now)

    def _sweeps(self, chance: random.Random, now: int) -> None:
        """Pass on what a rail has collected to the first one, a bank as a rule; each tells of it when it likes."""
        first, *others = self.sides
        rail = chance.choice(others or [first])
        units = self.balance(rail)
        if units > 0 and rail != first:
            name = f"SWEEP-{self.book.steps}"
            left = self.book_entry(rail, Kind.SWEPT, -units, now, about=name)
            came = self.book_entry(first, Kind.CREDIT, units, now, texts=(f"collected, {name}.",))
            for each in (left, came):
                if chance.random() < 0.6:  # noqa: PLR2004 - the others are told later
                    self.tell(each, now)

    def _tells_late(self, chance: random.Random, now: int) -> None:
        untold = [each for each in self.book.entries if not each.told]
        if untold:
            self.tell(chance.choice(untold), now)
