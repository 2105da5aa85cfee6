"""What an owner or a reader does at the vault: seal for the ledger's recipients, open and compare, seal anew.

Keys stay here, with their holder; the vault gets sealed blobs and wrapped keys.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sogdia.vault.faults import VaultRefusal as Refuse
from sogdia.vault.faults import refuse
from sogdia.vault.sealing import Header, open_blob, read_header
from sogdia.vault.wrapping import encryption_key, unwrap, wrap

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

    from sogdia.modules.documents.queries import Recipient
    from sogdia.vault.sealing import Opened, Sealed
    from sogdia.vault.service import Served
    from sogdia.vault.wrapping import Wrap


def wraps_for(sealed: Sealed, recipients: Iterable[Recipient]) -> tuple[Wrap, ...]:
    """Wrap a blob's content key for everybody whom the ledger names."""
    header, _front = read_header(sealed.blob)
    return rewrap(sealed.content_key, header, sealed.address, recipients)


def rewrap(content_key: bytes, header: Header, address: bytes, recipients: Iterable[Recipient]) -> tuple[Wrap, ...]:
    """Wrap a known content key for further readers."""
    return tuple(wrap(content_key, header, address, each.account, each.number, each.public) for each in recipients)


def content_key_of(served: Served, private: Callable[[int], X25519PrivateKey]) -> bytes:
    """Unwrap the content key of what the vault has served."""
    if served.wrap is None:
        raise refuse(Refuse.WRAP_MISSING)
    header, _front = read_header(served.blob)
    return unwrap(served.wrap, header, served.address, private(served.wrap.number))


def open_served(
    served: Served, expected: Header, commitment: bytes, private: Callable[[int], X25519PrivateKey]
) -> Opened:
    """Open what the vault has served, and compare it with what was asked for and with the ledger's commitment."""
    header, _front = read_header(served.blob)
    if header != expected:
        raise refuse(Refuse.SEAL_WRONG)
    opened = open_blob(served.blob, content_key_of(served, private))
    if opened.commitment != commitment:
        raise refuse(Refuse.COMMITMENT_WRONG)
    return opened


def keys_from(seed: bytes) -> Callable[[int], X25519PrivateKey]:
    """Give encryption keys by their numbers, derived from the seed of a signing key."""
    return lambda number: encryption_key(seed, number)
