"""What size costs: time per transaction, memory, start and proofs at 50,000 and at millions of records.

The ledger is filled with balances of made-up holders (real records under the real tree, written in large flushes); then
the usual life cycles run over it, one block of 256 steps after the other, each durable.
"""

from __future__ import annotations

import gc
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from hashlib import sha256
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

import msgspec

from bench.work import STEPS, Maker, genesis, keys_of
from sogdia.engine.ledger.ledger import Ledger
from sogdia.kernel.codec import encode
from sogdia.kernel.state import State
from sogdia.kernel.tree_hashes import root_from_proof, stored_hash, stored_hash_in
from sogdia.modules import ALL
from sogdia.modules.money.records import BALANCES, CURRENCIES, Asset, Balance

if TYPE_CHECKING:
    from collections.abc import Iterator

START = 1_700_000_000
BLOCK_STEPS = 256
FILL_RECORDS = 100_000
WARM_UP_LIVES = 512
LIVES = 2_048
PROOFS = 2_000
PAGE_BYTES = 4_096


class Size(msgspec.Struct, frozen=True, kw_only=True):
    """What was measured over a ledger of `records` records."""

    records: int
    microseconds_a_step: float
    start_seconds: float
    private_megabytes: float
    mapped_megabytes: float
    proof_made_microseconds: float
    proof_checked_microseconds: float
    proof_bytes: float
    proof_bytes_max: int


def fill(ledger: Ledger, records: int) -> None:
    """Give made-up holders one minor unit each, so that the ledger has about `records` records."""
    asset = Asset("USD", Maker(ledger.machine.network, 0).account("bank"))
    given = 0
    while (missing := records - ledger.tree.count) > 0:
        state = State(ledger.base)
        for number in range(given, given + min(FILL_RECORDS, missing)):
            holder = sha256(number.to_bytes(8, "big")).digest()[:20]
            BALANCES.put(state, (holder, asset), Balance(available=1))
        given += min(FILL_RECORDS, missing)
        currency = CURRENCIES.must(state, asset)
        CURRENCIES.put(state, asset, msgspec.structs.replace(currency, supply=given))
        ledger.tree.update(state.encoded_changes())
        ledger.build_block(START + 1, [], empty=True)
        ledger.commit(flush=True)


def run_lives(ledger: Ledger, lives: list[tuple[bytes, ...]]) -> Iterator[float]:
    """Run life cycles; give the seconds of each block, from wire bytes to durable receipts."""
    open_envelope = ledger.machine.envelopes.open
    limits = ledger.limits()
    for begin in range(0, len(lives), BLOCK_STEPS):
        for step in range(STEPS):
            started = perf_counter()
            envelopes = [open_envelope(life[step], limits) for life in lives[begin : begin + BLOCK_STEPS]]
            built = ledger.build_block(START + 2, envelopes)
            yield perf_counter() - started
            refused = [outcome for outcome in built.outcomes if isinstance(outcome, Exception)]
            if refused:
                message = f"the bench's own envelope was refused: {refused[0]}"
                raise RuntimeError(message)


def prove(ledger: Ledger) -> tuple[float, float, float, int]:
    """Make and check proofs of balances; give seconds to make and to check one, and mean and largest size."""
    asset = Asset("USD", Maker(ledger.machine.network, 0).account("bank"))
    keys = [
        BALANCES.full_key((sha256(number.to_bytes(8, "big")).digest()[:20], asset))
        for number in range(0, PROOFS * 7, 7)
    ]
    root = ledger.tree.root
    started = perf_counter()
    proofs = [ledger.tree.prove(key) for key in keys]
    made = perf_counter() - started
    started = perf_counter()
    for key, (stored, entries, levels) in zip(keys, proofs, strict=True):
        key_hash, told = sha256(key).digest(), stored_hash(stored or b"")
        if root_from_proof(key_hash, entries, levels) != root or stored_hash_in(entries, key_hash) != told:
            message = "a proof of the bench does not hold"
            raise RuntimeError(message)
    checked = perf_counter() - started
    sizes = [len(encode(each)) for each in proofs]
    return made / len(keys), checked / len(keys), statistics.mean(sizes), max(sizes)


def memory() -> tuple[float, float]:
    """Give this process's private and mapped memory in megabytes (Linux)."""
    pages = Path("/proc/self/statm").read_text(encoding="ascii").split()
    resident, shared = int(pages[1]), int(pages[2])
    return (resident - shared) * PAGE_BYTES / 2**20, shared * PAGE_BYTES / 2**20


def fill_here(folder: Path, records: int) -> None:
    """Make a ledger in `folder` that holds `records` records."""
    ledger = Ledger.create(folder, ALL, genesis(START, clock="manual"), [keys_of("node")])
    open_envelope = ledger.machine.envelopes.open
    preparations = list(Maker(ledger.machine.network, START + 900).preparations())
    for begin in range(0, len(preparations), BLOCK_STEPS):
        chunk = preparations[begin : begin + BLOCK_STEPS]
        ledger.build_block(START + 1, [open_envelope(raw, ledger.limits()) for raw in chunk])
    fill(ledger, records)
    ledger.close()


def measure_here(folder: Path) -> Size:
    """Open the ledger in `folder` and measure; in a process of its own, so that the memory is its own."""
    started = perf_counter()
    ledger = Ledger.open(folder, ALL, [keys_of("node")])
    start_seconds = perf_counter() - started
    ledger.valid = _taken_as_valid
    maker = Maker(ledger.machine.network, START + 901)
    lives = [maker.life(number) for number in range(WARM_UP_LIVES + LIVES)]
    gc.collect()
    gc.freeze()
    list(run_lives(ledger, lives[:WARM_UP_LIVES]))
    seconds = list(run_lives(ledger, lives[WARM_UP_LIVES:]))
    private, mapped = memory()
    proof_made, proof_checked, proof_mean, proof_max = prove(ledger)
    count = ledger.tree.count
    ledger.close()
    return Size(
        records=count,
        microseconds_a_step=sum(seconds) / (LIVES * STEPS) * 1e6,
        start_seconds=start_seconds,
        private_megabytes=private,
        mapped_megabytes=mapped,
        proof_made_microseconds=proof_made * 1e6,
        proof_checked_microseconds=proof_checked * 1e6,
        proof_bytes=proof_mean,
        proof_bytes_max=proof_max,
    )


def _taken_as_valid(scheme: int, public_key: bytes, message: bytes, signature: bytes) -> bool:  # noqa: ARG001
    """Leave the signatures out: they cost the same at every size, and here the rest is measured."""
    return True


def measure(records: int) -> Size:
    """Fill a ledger and measure it, each in a child process; what they leave on the disk is removed."""
    scratch = Path(tempfile.mkdtemp(prefix="bench-growth-", dir=Path.cwd()))
    try:
        _child("fill", scratch / "ledger", str(records))
        return msgspec.json.decode(_child("measure", scratch / "ledger"), type=Size)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _child(*arguments: object) -> bytes:
    command = [sys.executable, "-m", "bench.growth", *map(str, arguments)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, env=environment).stdout


if __name__ == "__main__":
    if sys.argv[1] == "fill":
        fill_here(Path(sys.argv[2]), int(sys.argv[3]))
    else:
        sys.stdout.buffer.write(msgspec.json.encode(measure_here(Path(sys.argv[2]))))
