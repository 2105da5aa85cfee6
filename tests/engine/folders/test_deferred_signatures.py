"""Signatures verified beside the execution: none is skipped, and the first wrong one is told."""

from __future__ import annotations

import subprocess
import sys
import time
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pytest

from sogdia.client.keys import KeyPair
from sogdia.engine.folders import deferred_signatures
from sogdia.engine.folders.deferred_signatures import DeferredSignatures, WrongSignatureError
from sogdia.kernel.stored_block import encode_block
from tests.engine.folders.ledgers import Surgeon, stored_story

if TYPE_CHECKING:
    from sogdia.kernel.stored_block import StoredBlock

KEY = KeyPair(sha256(b"a signer").digest())


@pytest.fixture(scope="module")
def block(tmp_path_factory):
    return Surgeon(stored_story(tmp_path_factory.mktemp("story") / "ledger")).block(1)


def at_height(block: StoredBlock, height: int) -> StoredBlock:
    """A block that says it has another height."""
    header = msgspec.structs.replace(block.header.header, height=height)
    return msgspec.structs.replace(block, header=msgspec.structs.replace(block.header, header=header))


def check(signatures: DeferredSignatures, number: int, *, sound: bool = True) -> bool:
    """Ask for the verdict on a signature."""
    message = sha256(number.to_bytes(2, "big")).digest()
    signed = KEY.sign(message if sound else bytes(32))
    return signatures(1, KEY.public, message, signed)


@pytest.mark.parametrize("in_chunk", [1, 3, 1_000])
def test_sound_signatures_pass(block, monkeypatch, in_chunk):
    monkeypatch.setattr(deferred_signatures, "CHECKS_IN_CHUNK", in_chunk)
    with DeferredSignatures() as signatures:
        for height in range(1, 20):
            signatures.begin_block(at_height(block, height))
            assert check(signatures, height)

        signatures.finish()

    assert signatures.count == 19


@pytest.mark.parametrize("in_chunk", [1, 3, 1_000])
@pytest.mark.parametrize("wrong", [1, 2, 11, 19])
def test_the_first_wrong_signature_is_told_with_its_block(block, monkeypatch, in_chunk, wrong):
    monkeypatch.setattr(deferred_signatures, "CHECKS_IN_CHUNK", in_chunk)

    def verify_all() -> None:
        with DeferredSignatures() as signatures:
            for height in range(1, 20):
                signatures.begin_block(at_height(block, height))
                check(signatures, 2 * height)
                check(signatures, 2 * height + 1, sound=height < wrong)
            signatures.finish()

    with pytest.raises(WrongSignatureError) as caught:
        verify_all()

    assert caught.value.block.height == wrong
    assert caught.value.envelope_id == sha256((2 * wrong + 1).to_bytes(2, "big")).digest()


def test_what_does_not_have_the_form_of_a_signature_is_refused_on_the_spot(block):
    with DeferredSignatures() as signatures:
        signatures.begin_block(block)

        assert not signatures(1, KEY.public, bytes(32), bytes(63))
        assert not signatures(1, KEY.public + b"x", bytes(31), bytes(64))
        assert not signatures(2, KEY.public, bytes(32), bytes(64))

        signatures.finish()
    assert signatures.count == 0


PARENT = """
import sys, time
from pathlib import Path
from sogdia.engine.folders import deferred_signatures
from sogdia.engine.folders.deferred_signatures import DeferredSignatures
from sogdia.kernel.stored_block import decode_block
deferred_signatures.CHECKS_IN_CHUNK = 1
signatures = DeferredSignatures()
block = decode_block(sys.stdin.buffer.read())
for _ in range(3):
    signatures.begin_block(block)
    signatures(1, bytes(32), bytes(32), bytes(64))
print(next(iter(signatures._pool._processes)), flush=True)
time.sleep(60)
"""


def is_running(process: int) -> bool:
    """Tell whether a process exists and has not ended."""
    try:
        state = Path(f"/proc/{process}/stat").read_text("ascii").rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state not in ("Z", "X")


def test_the_helper_process_ends_with_its_parent_even_when_that_is_killed(block):
    with subprocess.Popen([sys.executable, "-c", PARENT], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as parent:
        assert parent.stdin is not None
        assert parent.stdout is not None
        parent.stdin.write(encode_block(block))
        parent.stdin.close()
        helper = int(parent.stdout.readline())
        assert is_running(helper)

        parent.kill()

    until = time.monotonic() + 20
    while is_running(helper) and time.monotonic() < until:
        time.sleep(0.02)
    assert not is_running(helper)
