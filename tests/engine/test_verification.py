"""Verdicts on signatures that are checked ahead: used once they are there, and not kept."""

from __future__ import annotations

import socket
import threading
from hashlib import sha256
from typing import TYPE_CHECKING

import pytest

from sogdia.client.keys import derive
from sogdia.client.p256_keys import P256KeyPair
from sogdia.engine.serving.checks import CHECK_BYTES, check_of, holds
from sogdia.engine.serving.verification import CheckedAhead
from sogdia.engine.serving.verifier_worker import COUNT_BYTES, READY, serve
from sogdia.kernel.signature import WEBAUTHN, verify
from sogdia.testing.passkeys import Passkey

if TYPE_CHECKING:
    from sogdia.client.envelopes import SigningKey


def test_a_verdict_is_used_once_it_is_there_and_not_kept_after_its_envelope(monkeypatch):
    on_the_spot: list[bytes] = []
    monkeypatch.setattr("sogdia.engine.serving.verification.holds", on_the_spot.append)
    parts = (bytes(32), bytes(32), bytes(64))
    checked, check = CheckedAhead(), check_of(1, *parts)

    checked.expect([check])
    checked(1, *parts)
    assert len(on_the_spot) == 1
    checked.take_arrived = lambda: checked.enter([check], b"\x01")
    assert checked(1, *parts)
    assert len(on_the_spot) == 1
    checked.forget(check)
    checked.enter([check], b"\x01")
    checked(1, *parts)
    assert len(on_the_spot) == 2


KEYS: dict[int, SigningKey] = {
    1: derive(b"checks", "key"),
    2: P256KeyPair(bytes(range(32))),
    3: Passkey(bytes(range(32))),
}
MESSAGE = bytes(range(32))


def signed(scheme):
    """What a key of a scheme signs, and its signature."""
    signature = KEYS[scheme].signature(MESSAGE)
    if scheme != WEBAUTHN:
        return MESSAGE, signature.value
    data, client_data = (signature.extra or b"")[2:39], (signature.extra or b"")[39:]
    return data + sha256(client_data).digest(), signature.value


@pytest.mark.parametrize("scheme", KEYS)
def test_a_check_of_each_scheme_has_one_size_and_holds_as_the_signature_does(scheme):
    message, signature = signed(scheme)
    public = KEYS[scheme].public

    good = check_of(scheme, public, message, signature)
    bad = check_of(scheme, public, message[:-1] + bytes((message[-1] ^ 1,)), signature)

    assert len(good) == len(bad) == CHECK_BYTES == 129
    assert verify(scheme, public, message, signature)
    assert (holds(good), holds(bad)) == (True, False)
    assert CheckedAhead()(scheme, public, message, signature)
    assert not CheckedAhead()(scheme, public, message + b"x", signature)


def test_the_worker_answers_checks_of_every_scheme_in_their_order():
    checks = [check_of(scheme, KEYS[scheme].public, *signed(scheme)) for scheme in KEYS]
    checks.insert(1, checks[1][:-1] + bytes((checks[1][-1] ^ 1,)))
    ours, theirs = socket.socketpair()
    worker = threading.Thread(target=serve, args=(theirs,))
    worker.start()

    with ours:
        ours.sendall(len(checks).to_bytes(COUNT_BYTES, "big") + b"".join(checks))
        answered = ours.makefile("rb").read(1 + len(checks))
        ours.shutdown(socket.SHUT_WR)
        worker.join()
    theirs.close()

    assert answered == READY + b"\x01\x00\x01\x01"


def test_a_verdict_on_a_p256_signature_is_used_when_it_is_there():
    message, signature = signed(2)
    check = check_of(2, KEYS[2].public, message, signature)
    checked = CheckedAhead()

    checked.expect([check])
    checked.enter([check], b"\x00")

    assert not checked(2, KEYS[2].public, message, signature)
