"""The kernel and the modules decide alike on every machine."""

from __future__ import annotations

import pytest

from tests.tidy import purity, repository


def complaints_about(source: str) -> list[str]:
    return [reason for _, reason in purity.impurities(source)]


def test_the_deciding_code_is_pure():
    found = [
        repository.complaint(path, line, reason)
        for path in repository.pure_files()
        for line, reason in purity.impurities(path.read_text("utf-8"))
    ]

    assert found == []


def test_the_deciding_code_is_looked_at():
    folders = {path.relative_to(repository.SOURCE).parts[0] for path in repository.pure_files()}

    assert folders == set(repository.PURE_FOLDERS)


@pytest.mark.parametrize(
    "source",
    [
        "import time",
        "import os.path",
        "from datetime import UTC",
        "from random import random",
        "def f():\n    import json",
        "rate = 0.5",
        "share = 1j",
        "half = whole / 2",
        "whole /= 2",
        "assert paid",
        "hash(order)",
        "id(order)",
        "float(units)",
        "round(units)",
        "open(name)",
        "print(order)",
        "for buyer in {a, b}: pay(buyer)",
        "for buyer in set(buyers): pay(buyer)",
        "for buyer in frozenset(buyers) - gone: pay(buyer)",
        "for buyer in {order.buyer for order in orders}: pay(buyer)",
        "seen = set()\nfor buyer in seen: pay(buyer)",
        "def f(seen: set[bytes]):\n    return list(seen)",
        "def f(seen: frozenset[bytes] | None):\n    return tuple(seen)",
        "def f(seen: 'set[bytes]'):\n    return [*seen]",
        "class A:\n    def f(self):\n        self.seen: set[bytes] = g()\n        return b''.join(self.seen)",
        "names = [name for name in set(names)]",
        "names = {name: 1 for name in set(names)}",
        "names = (name for name in set(names))",
        "first = next(iter(set(names)))",
        "pairs = zip(set(names), amounts)",
        "seen = {1}\nfirst = seen.pop()",
        "both = [*here.union(there)]",
        "total = sum([rate * 0.5 for rate in rates])",
        "whole = sum(list(set(parts)) for parts in all_parts)",
    ],
)
def test_each_impurity_is_noticed(source):
    assert complaints_about(source) != []


@pytest.mark.parametrize(
    "source",
    [
        "from hashlib import sha256",
        "half = whole // 2",
        "for buyer in sorted(set(buyers)): pay(buyer)",
        "for buyer in sorted(name for name in set(names)): pay(buyer)",
        "seen = set()\nknown = name in seen",
        "seen = set()\ncount = len(seen)",
        "total = sum(units[name] for name in set(names))",
        "others = {name for name in set(names)}",
        "stack = []\nlast = stack.pop()",
        "amounts = {}\nfor name in amounts: pay(name)",
        "mask = low | high\nfor bit in range(mask): look(bit)",
        "envelope.id(1)",
    ],
)
def test_what_is_pure_passes(source):
    assert complaints_about(source) == []


def test_the_line_of_an_impurity_is_given():
    source = "half = whole // 2\nthird = whole / 3\n"

    assert [line for line, _ in purity.impurities(source)] == [2]
