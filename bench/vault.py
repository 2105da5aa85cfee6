"""What sealing costs: keys wrapped for readers beside the library's own bare seal in the same run, and blobs."""

from __future__ import annotations

from time import perf_counter

import msgspec
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from sogdia.modules.documents import DocumentClass
from sogdia.vault.sealing import Header, open_blob, seal
from sogdia.vault.wrapping import SUITE, unwrap, wrap

ACCOUNT = bytes(range(20))
ADDRESS = bytes(range(32))
KEY = bytes(32)
HEADER = Header(1, bytes(32), b"\x2c" + ACCOUNT + b"o1", int(DocumentClass.ADDRESS), ACCOUNT + b"address", 1)
ROUND = 250
BLOB_BYTES = 8 * 2**20


class Sealing(msgspec.Struct, frozen=True, kw_only=True):
    """Wraps and unwraps a second on one core, the library's own seals, and megabytes sealed and opened."""

    wraps_per_second: float
    unwraps_per_second: float
    bare_seals_per_second: float
    sealed_megabytes_per_second: float
    opened_megabytes_per_second: float

    @property
    def ratio(self) -> float:
        """Wraps to bare seals."""
        return self.wraps_per_second / self.bare_seals_per_second


def measure(count: int) -> Sealing:
    """Wrap and seal in turns, so that both see the same machine."""
    private = X25519PrivateKey.generate()
    recipient = private.public_key()
    public = recipient.public_bytes_raw()
    bare = own = opened = 0.0
    for _turn in range(max(1, count // ROUND)):
        started = perf_counter()
        for _each in range(ROUND):
            SUITE.encrypt(KEY, recipient, info=HEADER.network)
        bare += perf_counter() - started
        started = perf_counter()
        wraps = [wrap(KEY, HEADER, ADDRESS, ACCOUNT, 0, public) for _each in range(ROUND)]
        own += perf_counter() - started
        started = perf_counter()
        for each in wraps:
            unwrap(each, HEADER, ADDRESS, private)
        opened += perf_counter() - started
    total = max(1, count // ROUND) * ROUND
    started = perf_counter()
    sealed = seal(HEADER, bytes(BLOB_BYTES))
    sealing = perf_counter() - started
    started = perf_counter()
    open_blob(sealed.blob, sealed.content_key)
    opening = perf_counter() - started
    return Sealing(
        wraps_per_second=total / own,
        unwraps_per_second=total / opened,
        bare_seals_per_second=total / bare,
        sealed_megabytes_per_second=BLOB_BYTES / 2**20 / sealing,
        opened_megabytes_per_second=BLOB_BYTES / 2**20 / opening,
    )
