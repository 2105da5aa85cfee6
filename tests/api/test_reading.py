"""Who asks: tokens and signed requests, and what becomes of false, old and repeated ones."""

from __future__ import annotations

import base64
import secrets
import time
from hashlib import sha256

import pytest
from starlette.routing import Router

from sogdia.api.edge import Edge
from sogdia.api.problems import Problem
from sogdia.settings.sections import ApiSettings

OWN = "/v1/queries/balance"


def signed(town, who, path, *, created=None, seconds=60, nonce=None, body=None, method="GET", key="0"):  # noqa: PLR0913 - what a signed request is made of
    """Sign a request as RFC 9421 says, written down again here from its text."""
    created = int(time.time()) if created is None else created
    target, _mark, query = path.partition("?")
    parts = ["@method", "@authority", "@path", "@query"] + ([] if body is None else ["content-digest"])
    digest = "" if body is None else f"sha-256=:{base64.b64encode(sha256(body).digest()).decode()}:"
    values = {
        "@method": method, "@authority": f"127.0.0.1:{town.port}", "@path": target, "@query": f"?{query}",
        "content-digest": digest,
    }  # fmt: skip
    covered = " ".join(f'"{each}"' for each in parts)
    parameters = (
        f'({covered});created={created};expires={created + seconds};nonce="{nonce or secrets.token_hex(16)}"'
        f';keyid="{town.account(who).hex()}/{key}";alg="ed25519"'
    )
    base = "\n".join([*(f'"{each}": {values[each]}' for each in parts), f'"@signature-params": {parameters}'])
    signature = base64.b64encode(town.parties[who].keys.sign(base.encode())).decode()
    headers = {"signature_input": f"sogdia={parameters}", "signature": f"sogdia=:{signature}:"}
    return headers if body is None else {**headers, "content_digest": digest}


@pytest.fixture
def own(town):
    bank, nairobi = town.account("bank").hex(), town.account("nairobi").hex()
    return f"{OWN}?account={nairobi}&currency=USD&issuer={bank}"


def test_a_signed_request_is_served_once(town, own):
    headers = signed(town, "nairobi", own)

    first, again = town.ask(own, **headers), town.ask(own, **headers)

    assert first.status == 200
    assert again.status == 401
    assert "sent before" in again.document["detail"]


def test_a_signature_holds_for_its_request_alone(town, own):
    other = own.replace("USD", "EUR")

    for headers in (
        signed(town, "nairobi", other),
        signed(town, "nairobi", own, method="POST"),
        signed(town, "nairobi", own, created=int(time.time()) - 400),
        signed(town, "nairobi", own, created=int(time.time()) + 400),
        signed(town, "nairobi", own, seconds=301),
        signed(town, "nairobi", own, key="1"),
        {**signed(town, "nairobi", own), "signature": "sogdia=:AAAA:"},
    ):
        assert town.ask(own, **headers).status == 401
    assert town.ask(own, **signed(town, "stranger", own)).status == 403


def test_a_body_is_bound_by_its_digest(town):
    body = b'{"account":"' + town.account("nairobi").hex().encode() + b'"}'
    headers = signed(town, "nairobi", "/v1/challenges", body=body, method="POST")

    right = town.ask("/v1/challenges", body, content_type="application/json", **headers)
    headers = signed(town, "nairobi", "/v1/challenges", body=body, method="POST")
    other = town.ask("/v1/challenges", body + b" ", content_type="application/json", **headers)

    assert (right.status, other.status) == (201, 401)


def test_a_token_is_its_own_accounts_and_cannot_be_changed(town, own):
    token = town.token("nairobi")
    stranger = town.token("stranger")

    assert town.ask(own, authorization=token).status == 200
    assert town.ask(own, authorization=stranger).status == 403
    swapped = token[:7] + stranger[7:47] + token[47:]
    for claim in (swapped, token[:-1] + ("0" if token[-1] != "0" else "1"), "Bearer ", "Basic abc", token + "00"):
        assert town.ask(own, authorization=claim).status == 401


def test_a_challenge_is_for_one_account_and_one_time(town):
    account = town.account("nairobi").hex()
    given = town.post("/v1/challenges", {"account": account}).document
    text = given["text"].encode()
    right = {"account": account, "key": "0", "challenge": given["challenge"],
             "signature": town.parties["nairobi"].keys.sign(text).hex()}  # fmt: skip
    wrong = {**right, "signature": town.parties["stranger"].keys.sign(text).hex()}
    other = {**right, "account": town.account("stranger").hex(),
             "signature": town.parties["stranger"].keys.sign(text).hex()}  # fmt: skip

    assert [town.post("/v1/tokens", each).status for each in (wrong, other, right, right)] == [401, 401, 201, 401]


def test_what_is_signed_for_reading_can_never_be_an_envelopes_id(town):
    given = town.post("/v1/challenges", {"account": town.account("nairobi").hex()}).document

    assert given["text"].startswith("sogdia token\n")
    assert len(given["text"]) > 32


def test_a_token_is_given_by_the_api_that_the_text_names(town):
    account = town.account("nairobi").hex()
    given = town.post("/v1/challenges", {"account": account}, host="evil.example").document
    signature = town.parties["nairobi"].keys.sign(given["text"].encode()).hex()
    signed = {"account": account, "key": "0", "challenge": given["challenge"], "signature": signature}

    assert given["text"].splitlines()[1] == "evil.example"
    assert town.post("/v1/tokens", signed).status == 401


@pytest.mark.parametrize(("host", "status"), [(b"Api.example:8080", None), (b"evil.example", 421), (None, 421)])
def test_an_api_that_knows_its_names_answers_to_no_other(host, status):
    edge = Edge(Router(), ApiSettings(hosts=("api.example:8080",)))
    headers = [] if host is None else [(b"host", host)]
    scope = {"raw_path": b"/", "query_string": b"", "client": ("192.0.2.1", 1), "headers": headers}

    if status is None:
        edge._check(scope)
    else:
        with pytest.raises(Problem) as told:
            edge._check(scope)
        assert told.value.status == status
