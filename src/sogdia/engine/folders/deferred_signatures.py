"""Signatures that are verified in a helper process while the blocks that hold them are executed already.

Execution takes every signature for valid and goes on; the verdict comes later. Whoever executes blocks this way must
not use what came of them before `finish` has returned. So no signature is skipped, and nothing waits for one.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections import deque
from concurrent.futures import ProcessPoolExecutor
from typing import TYPE_CHECKING, NamedTuple, Self

from sogdia.kernel.signature import DIGEST_BYTES, ED25519, PUBLIC_KEY_BYTES, SIGNATURE_BYTES, self_test, verify

if TYPE_CHECKING:
    from concurrent.futures import Future

    from sogdia.kernel.stored_block import StoredBlock

MESSAGE_BYTES = DIGEST_BYTES
CHECK_BYTES = PUBLIC_KEY_BYTES + MESSAGE_BYTES + SIGNATURE_BYTES
"""Checks of Ed25519, in which the message is the envelope's id."""

CHECKS_IN_CHUNK = 1_000
CHUNKS_UNDER_WAY_MAX = 8
"""So many chunks may wait for their verdict; then execution waits, too."""


class WrongSignatureError(Exception):
    """A signature that was taken for valid is not."""

    def __init__(self, block: StoredBlock, envelope_id: bytes) -> None:
        """Remember which envelope of which block carries it."""
        super().__init__(f"height {block.height}, envelope {envelope_id.hex()}: a signature is wrong")
        self.block = block
        self.envelope_id = envelope_id


class _Chunk(NamedTuple):
    """Checks that are under way, and from which check on they are of which block."""

    checks: bytes
    blocks: list[tuple[int, StoredBlock]]
    verdict: Future[int | None]


class DeferredSignatures:
    """A verifier that says yes at once and finds out later. The helper process starts when there is enough to do."""

    def __init__(self) -> None:
        """Begin with nothing to verify."""
        self.count = 0
        self._checks = bytearray()
        self._blocks: list[tuple[int, StoredBlock]] = []
        self._under_way: deque[_Chunk] = deque()
        self._pool: ProcessPoolExecutor | None = None

    def begin_block(self, block: StoredBlock) -> None:
        """Take note that the signatures from now on are of another block."""
        if len(self._checks) >= CHECKS_IN_CHUNK * CHECK_BYTES:
            self._hand_over()
        self._blocks.append((len(self._checks) // CHECK_BYTES, block))

    def __call__(self, scheme: int, public_key: bytes, message: bytes, signature: bytes) -> bool:
        """Take a signature for valid for now; what does not have the form of most is verified on the spot."""
        lengths = (len(public_key), len(message), len(signature))
        if scheme != ED25519 or lengths != (PUBLIC_KEY_BYTES, MESSAGE_BYTES, SIGNATURE_BYTES):
            return verify(scheme, public_key, message, signature)
        self._checks += public_key + message + signature
        self.count += 1
        return True

    def finish(self) -> None:
        """Wait for every verdict; raises `WrongSignatureError` for the first signature that is wrong."""
        while self._under_way:
            self._wait()
        checks, blocks = self._take_checks()
        _require_all_valid(checks, blocks, first_wrong(checks))

    def _hand_over(self) -> None:
        if self._pool is None:
            # A new interpreter: a fork would share the open LMDB files, which no process may inherit.
            context = multiprocessing.get_context("spawn")
            self._pool = ProcessPoolExecutor(1, mp_context=context, initializer=_begin_to_verify)
        checks, blocks = self._take_checks()
        self._under_way.append(_Chunk(checks, blocks, self._pool.submit(first_wrong, checks)))
        if len(self._under_way) > CHUNKS_UNDER_WAY_MAX:
            self._wait()

    def _take_checks(self) -> tuple[bytes, list[tuple[int, StoredBlock]]]:
        taken = bytes(self._checks), self._blocks
        self._checks = bytearray()
        self._blocks = []
        return taken

    def _wait(self) -> None:
        chunk = self._under_way.popleft()
        _require_all_valid(chunk.checks, chunk.blocks, chunk.verdict.result())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_why: object) -> None:
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)


def first_wrong(checks: bytes) -> int | None:
    """Give the number of the first check whose signature is wrong, or nothing. This is what the helper process does."""
    for number in range(len(checks) // CHECK_BYTES):
        check = checks[number * CHECK_BYTES : (number + 1) * CHECK_BYTES]
        message = check[PUBLIC_KEY_BYTES : PUBLIC_KEY_BYTES + MESSAGE_BYTES]
        if not verify(ED25519, check[:PUBLIC_KEY_BYTES], message, check[-SIGNATURE_BYTES:]):
            return number
    return None


def _require_all_valid(checks: bytes, blocks: list[tuple[int, StoredBlock]], wrong: int | None) -> None:
    if wrong is not None:
        block = [block for from_check, block in blocks if from_check <= wrong][-1]
        start = wrong * CHECK_BYTES + PUBLIC_KEY_BYTES
        raise WrongSignatureError(block, checks[start : start + MESSAGE_BYTES])


def _begin_to_verify() -> None:
    # Ctrl-C reaches every process of a terminal; the helper ends when its parent says so, or is gone.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_the_parent, daemon=True).start()
    self_test()


def _end_with_the_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
