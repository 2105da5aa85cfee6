"""Writes docs/reference/vault-example.json anew: one sealed address, a reader's key, and what must come out of it.

    python -m tools.vault_vector

Sealing and wrapping draw random numbers, so each run gives another example of the same form.
"""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path

from sogdia.kernel.values import name_of
from sogdia.modules.documents import DocumentClass
from sogdia.modules.market.records import ORDERS
from sogdia.vault.sealing import Header, seal
from sogdia.vault.wrapping import bound_to, encryption_key, wrap

PLACE = Path(__file__).resolve().parent.parent / "docs" / "reference" / "vault-example.json"
OWNER, READER = sha256(b"owner").digest()[:20], sha256(b"reader").digest()[:20]
SEED = sha256(b"a seed that everybody knows").digest()
NUMBER = 1
CONTENT = "Moi Avenue 12, Nairobi · улица Навои 7, Бухара"


def main() -> None:
    """Write the example."""
    header = Header(
        1, sha256(b"network").digest(), ORDERS.full_key(name_of(OWNER, "o1")), int(DocumentClass.ADDRESS),
        name_of(OWNER, "address"), 2,
    )  # fmt: skip
    private = encryption_key(SEED, NUMBER)
    sealed = seal(header, CONTENT.encode(), media_type="text/plain", title="Where to bring it")
    public = private.public_key().public_bytes_raw()
    wrapped = wrap(sealed.content_key, header, sealed.address, READER, NUMBER, public)
    example = {
        "blob": sealed.blob.hex(),
        "address": sealed.address.hex(),
        "commitment": sealed.commitment.hex(),
        "content_key": sealed.content_key.hex(),
        "content": CONTENT,
        "reader": READER.hex(),
        "reader_seed": SEED.hex(),
        "key_number": NUMBER,
        "reader_private_key": private.private_bytes_raw().hex(),
        "reader_public_key": public.hex(),
        "info": bound_to(header, sealed.address, READER, NUMBER).hex(),
        "wrapped": wrapped.wrapped.hex(),
    }
    PLACE.write_text(json.dumps(example, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
