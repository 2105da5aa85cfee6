"""The pages on roles and keys name what the code declares: every operation, every role, every level."""

from __future__ import annotations

import re
from pathlib import Path

from sogdia.kernel.accounts import Level
from sogdia.modules import ALL
from sogdia.modules.identity import Role

CONCEPTS = Path(__file__).resolve().parents[2] / "docs" / "concepts"
OPERATIONS = [each for module in ALL for each in module.operations]


def names_in(text: str) -> list[str]:
    """Give the names of classes that stand as code in a text."""
    return re.findall(r"`([A-Z][A-Za-z]+)`", text)


def test_every_operation_stands_once_on_the_page_of_roles():
    named = names_in((CONCEPTS / "roles.md").read_text("utf-8"))

    assert sorted(named) == sorted(each.__name__ for each in OPERATIONS)


def test_every_role_has_a_row():
    rows = re.findall(r"^\| `([a-z_]+)` \|", (CONCEPTS / "roles.md").read_text("utf-8"), re.MULTILINE)

    assert rows == [str(role.name).lower() for role in Role]


def test_the_levels_of_keys_name_the_operations_that_need_them():
    page = (CONCEPTS / "keys-and-mandates.md").read_text("utf-8")
    rows = dict(re.findall(r"^\| (any key|keys) \| (.*) \|$", page, re.MULTILINE))

    for words, level in (("any key", Level.ANY_KEY), ("keys", Level.KEYS)):
        assert sorted(names_in(rows[words])) == sorted(each.__name__ for each in OPERATIONS if each.key_level == level)
