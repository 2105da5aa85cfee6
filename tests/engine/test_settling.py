"""The memory moves on after a block's answers have left, and nobody ever reads what it was before."""

import threading
from pathlib import Path

import pytest

from sogdia.client.connection import Durable
from sogdia.engine.storage.ledger_file import DATA
from sogdia.kernel.genesis import network_of
from sogdia.kernel.tree import Tree
from tests.engine.running_node import new_ledger, opened, reopened, running_node, wallet_of
from tests.engine.tiny_module import NOTES, START, NoteText, Wallet, tiny_genesis

SECONDS_MAX = 5.0


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "ledger"


def test_a_receipt_is_in_hand_before_the_tree_takes_its_block(folder, monkeypatch):
    in_hand = threading.Event()
    waited: list[bool] = []
    original = Tree.update

    def update(tree: Tree, changes: object) -> bytes:
        waited.append(in_hand.wait(SECONDS_MAX))
        return original(tree, changes)  # type: ignore[arg-type]

    signer = Wallet(network_of(tiny_genesis()))
    with running_node(folder) as node, node.connect() as client:
        monkeypatch.setattr(Tree, "update", update)
        assert isinstance(client.submit(signer.note(1)), Durable)
        in_hand.set()
        assert client.query(NoteText(name=signer.name(1)))[1] == "saffron"

    assert waited[0]


def test_whatever_is_read_after_a_block_is_read_from_the_state_after_it(folder):
    ledger = new_ledger(folder)
    wallet = wallet_of(ledger)
    looks = {
        "state": lambda: NOTES.find(ledger.state(), wallet.name(1)) is not None,
        "base": lambda: ledger.base.find(NOTES, NOTES.full_key(wallet.name(1))) is not None,
        "tree": lambda: ledger.tree.read(NOTES.full_key(wallet.name(1))) is not None,
        "tip": lambda: ledger.tip.height == 1,
        "ids": lambda: ledger.ids.live() == 1,
    }
    ledger.close()

    for look in looks.values():
        (folder / DATA).unlink()
        ledger = new_ledger(folder)
        ledger.execute(START, opened(ledger, wallet.note(1)))

        assert look()
        ledger.abandon()


def test_settling_says_whether_there_was_anything_to_settle(folder):
    ledger = new_ledger(folder)

    before = ledger.settle()
    ledger.execute(START, opened(ledger, wallet_of(ledger).note(1)))

    assert (before, ledger.settle(), ledger.settle()) == (False, True, False)
    ledger.abandon()


def test_buckets_that_are_written_with_a_block_that_has_not_settled_stand_at_the_one_before(folder, monkeypatch):
    monkeypatch.setattr("sogdia.engine.ledger.writing.FLUSH_BUCKETS", 0)
    ledger = new_ledger(folder)
    wallet = wallet_of(ledger)
    for number in range(3):
        ledger.execute(START, opened(ledger, wallet.note(number)))
        ledger.writer.commit()

    assert (ledger.file.height(), ledger.file.flushed().height) == (3, 2)
    root = ledger.tree.root
    ledger.abandon()
    again = reopened(folder)
    assert (again.tip.height, again.tree.root) == (3, root)
    again.close()
