"""Reads a data folder that may be damaged, in a process of its own for each, and says what it then sees.

    answers.py QUESTIONS       reads lines `folder answers` and says for each the status with which the reader ended

The program loads everything once and then forks for each folder: a fault costs a few hundredths of a second. The reader
opens the ledger as a node does, asks it everything, executes a few more blocks, and asks again.
"""

import json
import os
import resource
import sys
import time
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec

from bench.work import keys_of
from sogdia.engine.folders.audit import audit
from sogdia.engine.ledger.ledger import Ledger
from sogdia.engine.ledger.lookups import Lookups
from sogdia.kernel.codec import encode
from sogdia.kernel.receipt import result_leaf
from sogdia.modules import ALL
from sogdia.modules.market.queries import ListingQuery, OrderQuery
from sogdia.modules.money.queries import BalanceQuery

SECONDS_MAX = 20
ADDRESS_BYTES_MAX = 8 * 2**30
OUT_OF_TIME = 124


class Questions(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked: ids, full keys of records, objects and accounts, some of which aren't there; and what is sent."""

    ids: list[bytes]
    keys: list[bytes]
    lives: list[bytes]
    orders: list[bytes]
    listings: list[bytes]
    accounts: list[bytes]
    issuer: bytes
    blocks: list[list[bytes]]
    """Envelopes of the blocks that are executed afterwards."""
    time: int


def digest(answer: object) -> str:
    """An answer in short."""
    raw = answer if isinstance(answer, bytes) else encode(answer)
    return sha256(raw).hexdigest()


def asked(ledger: Ledger, questions: Questions, when: str) -> Iterator[tuple[str, str | None]]:
    """Every question with its answer, nothing for "not there"."""
    lookups, state = Lookups(ledger), ledger.state()
    yield f"{when}: height", str(ledger.tip.height)
    yield f"{when}: root and records", f"{ledger.tree.root.hex()} {ledger.tree.count}"
    yield f"{when}: ids", str(ledger.ids.live())
    for height in range(1, lookups.height() + 1):
        yield f"{when}: block {height}", digest(lookups.raw_block(height))
        yield f"{when}: header {height}", lookups.header(height).header.hash().hex()
    for each in questions.ids:
        found = lookups.find(each)
        words = None if found is None else f"{found.height} {found.number} {digest(result_leaf(*found.result))}"
        yield f"{when}: result {each.hex()}", words
        if found is not None and found.height < lookups.height():
            yield f"{when}: proof of result {each.hex()}", digest(lookups.receipt_proof(found))
    for key in questions.keys:
        opened = lookups.open_state_proof(key)
        stored = opened.proven[0]
        words = None if stored is None else digest(stored)
        yield f"{when}: record {key.hex()}", words
        if opened.height < lookups.height():
            yield f"{when}: proof of record {key.hex()}", digest(lookups.state_proof(opened))
    for key in questions.lives:
        yield f"{when}: life {key.hex()}", digest(lookups.life(key)) if lookups.life(key) else None
    queries: list[Any] = [
        *(OrderQuery(name=name) for name in questions.orders),
        *(ListingQuery(name=name) for name in questions.listings),
        *(BalanceQuery(account=each, currency="USD", issuer=questions.issuer) for each in questions.accounts),
    ]
    for number, query in enumerate(queries):
        yield f"{when}: query {number}", digest(query.answer(state))


class Reading:
    """What a reader has said so far, kept in a file, so that a later crash doesn't hide an earlier wrong answer."""

    def __init__(self, file: Path) -> None:
        """Begin with nothing said."""
        self._file = file
        self.answers: dict[str, str | None] = {}
        self.refused: list[str] = []
        self.save()

    def save(self) -> None:
        """Write down what has been said."""
        self._file.write_text(json.dumps({"answers": self.answers, "refused": self.refused}))

    def read(self, folder: Path, questions: Questions) -> None:
        """Open a folder, ask, go on, ask again, and audit what is then there."""
        ledger = Ledger.open(folder, ALL, [keys_of("node")])
        self._ask(ledger, questions, "before")
        for number, raws in enumerate(questions.blocks):
            envelopes = [ledger.machine.envelopes.open(raw, ledger.limits()) for raw in raws]
            outcomes: list[Any] = ledger.build_block(questions.time, envelopes).outcomes
            self.answers[f"outcomes of block {number}"] = digest([outcome.receipt for outcome in outcomes])
            if number == 0:
                ledger.commit(flush=True)
        self._ask(ledger, questions, "after")
        ledger.close()
        if audit(folder, ALL):
            self.refused.append("audit")
        else:
            self.answers["audit"] = "nothing found"

    def _ask(self, ledger: Ledger, questions: Questions, when: str) -> None:
        for question, answer in asked(ledger, questions, when):
            self.answers[question] = answer
        self.save()


def read_in_a_child(folder: Path, answers: Path, questions: Questions) -> int:
    """Read a folder in a process that may crash or hang; gives its status as a shell would."""
    child = os.fork()
    if child == 0:
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_BYTES_MAX, ADDRESS_BYTES_MAX))
        with answers.with_suffix(".errors").open("wb") as errors:
            os.dup2(errors.fileno(), 2)
        reading = Reading(answers)
        try:
            reading.read(folder, questions)
        except BaseException as error:  # noqa: BLE001 - whatever it is, it is the end of this reader
            sys.stderr.write(f"{type(error).__name__}: {error}\n")
            sys.stderr.flush()
            reading.save()
            os._exit(1)
        reading.save()
        os._exit(0)
    until = time.monotonic() + SECONDS_MAX
    while time.monotonic() < until:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.002)
    os.kill(child, 9)
    os.waitpid(child, 0)
    return OUT_OF_TIME


def main() -> None:
    """Read folders as they are named."""
    questions = msgspec.msgpack.decode(Path(sys.argv[1]).read_bytes(), type=Questions)
    for line in sys.stdin:
        folder, answers = map(Path, line.split())
        sys.stdout.write(f"{read_in_a_child(folder, answers, questions)}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
