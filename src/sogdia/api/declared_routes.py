"""All declared routes without a node, and the page of the reference that is made from them."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from sogdia.api.application import Api
from sogdia.api.visibility import class_of_event, class_of_query, class_of_record
from sogdia.client.declared import events, queries, tables
from sogdia.settings.sections import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sogdia.api.routing import Route


def declared_routes() -> list[Route]:
    """Give the declared routes."""
    with TemporaryDirectory() as folder:
        api = Api(Path(folder), Settings())
        api.webhooks.close()
        return api.routes


FORMS = """
A whole number is its decimal digits as text, since many readers round beyond 2^53; only the status of a problem is a
number, as RFC 9457 asks. Bytes are hexadecimal in small letters: accounts, names, hashes, receipts, proofs. A field
that is not declared, a parameter given twice and a number with a leading zero are refused.
"""
READERS = """
## Who asks

*A token*: `POST /v1/challenges` gives a `line`, which names the API, the network and the account. Read it, sign its
bytes (`sogdia keys sign-challenge` does both), `POST /v1/tokens` with `line` and `signature`, then `Authorization:
Bearer …` for a quarter of an hour. The line is good for two minutes, once. A passkey signs with SHA-256 of
`sogdia/login` and the line as its challenge, on a site that the network's `passkeys` record names; `extra` then holds
its authenticator data and client data as in an envelope. Compute that hash yourself: never let a passkey answer to 32
bytes that a server has made, which could be the id of an envelope. An API in the open should know its names (`hosts` in
its settings); it then takes nothing that was signed for another. *A signed request* (RFC 9421), for one request:

    Signature-Input: sogdia=("@method" "@authority" "@path" "@query");created=…;expires=…;nonce="…";\
        keyid="ACCOUNT/KEY";alg="ed25519"                                        (on one line)
    Signature: sogdia=:BASE64:

`alg` is that of the key, `ed25519` or `ecdsa-p256-sha256`; passkeys sign no requests. With a body, `"content-digest"`
comes fifth, and the header `Content-Digest: sha-256=:…:` goes with it. `expires` is at most 300 seconds after
`created`; a nonce has 16 to 64 letters, digits, `-` and `_`, and counts once.

## Proofs, problems, repeats

`?prove=1` adds the proof; with `Accept: application/vnd.sogdia.proof` the answer is the bytes that `sogdia verify`
takes. Failures are `application/problem+json`; a refusal has its number, name, rule, values and way out under
`refusal`. An envelope that was refused in a block is no failure of the request: 200, with `status` refused. One that is
not admissible gives 409. Answers to questions carry an ETag; `If-None-Match` gives 304. 429 and 503 say with
`Retry-After` when to come again.

## Events and webhooks

The id of an event is `height.result.number`; the results of a block are counted as the ledger came to them (what was
overdue moves on before the envelope that came upon it). `/v1/events/stream` sends server-sent events; `Last-Event-ID`
goes on behind that event. A stream that a key has opened ends with the block in which the key loses its right to act
(removed, recovered; its party suspended), and before anything is told after it has expired: its last event is `ended`,
without an id, with the `reason`. A webhook gets the events of one block in a POST, in the order of blocks, at least
once, until it answers 2xx (410 ends it; redirects are not followed), after pauses of 1 second that double up to an
hour. It also ends when the key that made it may not act any more (removed, expired, recovered) or its party is
suspended; its `state` is then `ended`, with the `reason`, and a replay lets it go on for the key that asks.
`webhook-signature` is `v1a,` and the base64 of the Ed25519 signature over `webhook-id.webhook-timestamp.body`, by the
key at `/v1/webhook-key`. Nothing is sent to private addresses or without TLS unless `private_webhooks` says so.
"""
ELSEWHERE = """

## Index and vault

`/v1/index` and `/v1/search` read the index that `index.database` names, or the one in the node's folder. A row is
shown as the record that it comes from: listings, parties, currencies and counts of public facts to anybody; an
order whole to those who may see it, and its public columns to others; with whom a merchant trades to itself and its
country's authorities; a party's payments, holds and envelopes to itself; sums of what is not public to whoever runs
a node.

`/v1/vault` serves the vault at `vault.place`: sealed blobs and wrapped keys, no content and no content key. Who may
read is asked of the ledger; an authority names with `receipt` the envelope in which it stated why. To whoever has
no part in a document the answer is the same whether it is there or not. How the steps go together:
[guide](../guides/share-documents.md).

What is not configured or does not answer is told by number: 10100 to 10106 of [the refusals](refusals.md).
"""
CLASSES = """
*Order*: the order's parties, authorities of the buyer's and the merchant's country, and whoever runs a node. Of a
closed order the ledger keeps buyer, merchant and issuer only. *Parties*: the accounts in it or that it is about, and
whoever runs a node. *Operators*: whoever runs a node. Others are shown the public fields of [who sees each
field](visibility.md), with `whole` false, or nothing where there are none. Validators hold every record; this says
only what the API shows. A proof of a whole record is for those who may see the record; of an order or an attestation
others get the proof of its public part. That a record is not there is told to anybody where it has public fields, and
else to those about whom its key is, to the parties of its order, and to whoever names with `receipt` an envelope
whose facts speak of it and of them.
"""


def reference_page() -> Iterator[str]:
    """Say what is at which address, in which form, for whom, within which limits."""
    yield FORMS
    yield "## Addresses\n\n| method | address | what it does |\n|---|---|---|"
    for route in declared_routes():
        yield f"| {route.method} | `{route.path}` | {route.summary} |"
    yield READERS
    yield ELSEWHERE
    yield f"## For whom\n{CLASSES}\n| what | class |\n|---|---|"
    for table in tables().values():
        yield f"| record `{table.name}` | {class_of_record(table.codec.shape)} |"
    for query, asked in queries().items():
        yield f"| query `{query}` | {class_of_query(asked)} |"
    for name, event in events().items():
        yield f"| event `{name}` | {class_of_event(event)} |"
    yield "\nLimits and all else that an operator decides: section `api` of [the settings](settings.md)."
