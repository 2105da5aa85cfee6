"""Who asks: tokens and signed requests, and what becomes of false, old and repeated ones."""

from __future__ import annotations

import base64
import secrets
import subprocess
import sys
import time
from hashlib import sha256

import pytest
from starlette.routing import Router

from sogdia.api.edge import Edge
from sogdia.api.problems import Problem
from sogdia.client import keys as key_files
from sogdia.client.keys import generate_p256
from sogdia.client.logins import login_challenge
from sogdia.modules.identity.keys import ChangeKeys
from sogdia.settings.sections import ApiSettings
from sogdia.testing.passkeys import Passkey

OWN = "/v1/queries/balance"


def signed(  # noqa: PLR0913 - what a signed request is made of
    town, who, path, *, created=None, seconds=60, nonce=None, body=None, method="GET", key="0", keys=None, alg="ed25519"
):
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
        f';keyid="{town.account(who).hex()}/{key}";alg="{alg}"'
    )
    base = "\n".join([*(f'"{each}": {values[each]}' for each in parts), f'"@signature-params": {parameters}'])
    signature = base64.b64encode((keys or town.parties[who].keys).sign(base.encode())).decode()
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


def line_of(town, who, **headers: str):
    said = town.post("/v1/challenges", {"account": town.account(who).hex()}, **headers)
    assert said.status == 201, said.raw
    return said.document["line"]


def signed_line(town, who, line):
    return {"line": line, "signature": town.parties[who].keys.sign(line.encode()).hex()}


def test_a_line_is_for_one_account_and_one_time(town):
    line, other = line_of(town, "nairobi"), line_of(town, "stranger")
    nairobi, stranger = (line.split(" as ")[1].split()[0] for line in (line, other))
    tried = [
        signed_line(town, "stranger", line),
        signed_line(town, "stranger", line.replace(nairobi, stranger)),
        signed_line(town, "nairobi", line[:-1] + ("0" if line[-1] != "0" else "1")),
        signed_line(town, "nairobi", line),
        signed_line(town, "nairobi", line),
    ]

    said = [town.post("/v1/tokens", each) for each in tried]

    assert [each.status for each in said] == [401, 401, 401, 201, 401]
    assert "not by a key that acts for" in said[0].document["detail"]
    assert "was not made here" in said[1].document["detail"]
    assert "has been used already" in said[4].document["detail"]


def test_what_is_signed_for_reading_can_never_be_an_envelopes_id(town):
    line = line_of(town, "nairobi")

    assert line.startswith(f"sogdia login to 127.0.0.1:{town.port} network {town.network.hex()} as acct-")
    assert len(line) > 32


def test_a_token_is_given_by_the_api_that_the_line_names(town):
    line = line_of(town, "nairobi", host="evil.example")

    assert line.startswith("sogdia login to evil.example ")
    assert town.post("/v1/tokens", signed_line(town, "nairobi", line)).status == 401


def test_the_command_line_signs_for_the_api_too(town, tmp_path):
    key_files.save(tmp_path / "nairobi.key", town.parties["nairobi"].keys, "", unprotected=True)
    line = line_of(town, "nairobi")

    command = [sys.executable, "-m", "sogdia.cli.main", "keys", "sign-challenge", "nairobi", line]
    done = subprocess.run([*command, "--keys", str(tmp_path)], check=True, capture_output=True, text=True)
    signature = done.stdout.strip()

    assert town.post("/v1/tokens", {"line": line, "signature": signature}).status == 201


def test_a_host_that_could_not_stand_in_a_line_is_given_none(town):
    said = town.post("/v1/challenges", {"account": town.account("nairobi").hex()}, host="a b")

    assert said.status == 400


# ---------------------------------------------------------------------------------------------- keys of other schemes


DOMAIN = "trade.sogdia.example"


def phone(seed=b"p" * 32, rp_id=DOMAIN, flags=0x05, client_data=None):
    return Passkey(seed, rp_id=rp_id, flags=flags, client_data=client_data)


@pytest.fixture(scope="module")
def samarkand(town):
    """A party with a key of each scheme: 0 Ed25519, 1 P-256, 2 a passkey; and a passkey, 3, that has expired."""
    town.register("samarkand")
    chip = generate_p256()
    town.add_key("samarkand", 1, chip)
    town.add_key("samarkand", 2, phone())
    until = int(time.time()) + 2
    town.add_key("samarkand", 3, phone(b"x" * 32), valid_until=until)
    time.sleep(max(0, until + 1.1 - time.time()))
    town.forget()
    return chip


def asserted(line, passkey, message=None):
    signature = passkey.signature(login_challenge(line) if message is None else message)
    return {"line": line, "signature": signature.value.hex(), "extra": signature.extra.hex()}


def own_balance(town, who):
    return f"{OWN}?account={town.account(who).hex()}&currency=USD&issuer={town.account('bank').hex()}"


@pytest.mark.usefixtures("samarkand")
def test_a_passkey_signs_in_by_a_hash_of_the_line(town):
    line = line_of(town, "samarkand")

    said = town.post("/v1/tokens", asserted(line, phone()))

    assert said.status == 201, said.raw
    claim = f"Bearer {said.document['token']}"
    assert town.ask(own_balance(town, "samarkand"), authorization=claim).status == 200
    again = town.post("/v1/tokens", asserted(line, phone()))
    assert (again.status, "has been used already" in again.document["detail"]) == (401, True)


@pytest.mark.usefixtures("samarkand")
@pytest.mark.parametrize(
    ("passkey", "says"),
    [
        (phone(client_data={"origin": "https://evil.example"}), "on a site that this network’s passkeys are not for"),
        (phone(client_data={"crossOrigin": True}), "on a site that this network’s passkeys are not for"),
        (phone(rp_id="sogdia.example"), f"another domain than {DOMAIN}"),
        (phone(flags=0x01), "has not looked who asks it"),
        (phone(flags=0x04), "has not looked who asks it"),
        (phone(client_data={"type": "webauthn.create"}), "cannot be read (type)"),
        (phone(b"another passkey".ljust(32)), "is not by a key that acts for acct-"),
        (phone(b"x" * 32), "Key 3 of acct-"),
    ],
)
def test_a_passkeys_answer_that_is_not_right_is_refused_with_the_reason(town, passkey, says):
    said = town.post("/v1/tokens", asserted(line_of(town, "samarkand"), passkey))

    assert said.status == 401
    assert says in said.document["detail"]


@pytest.mark.usefixtures("samarkand")
def test_a_passkeys_answer_is_for_one_line_and_never_for_the_line_itself(town):
    line, other = line_of(town, "samarkand"), line_of(town, "samarkand")

    for message in (login_challenge(other), line.encode(), sha256(line.encode()).digest()):
        said = town.post("/v1/tokens", asserted(line, phone(), message))

        assert (said.status, "for another line than this" in said.document["detail"]) == (401, True)


def test_a_key_that_was_removed_reads_no_more(town):
    town.register("khiva")
    town.add_key("khiva", 1, phone())
    town.forget()
    claim = f"Bearer {town.post('/v1/tokens', asserted(line_of(town, 'khiva'), phone())).document['token']}"
    before = town.ask(own_balance(town, "khiva"), authorization=claim)
    town.send("khiva", ChangeKeys(remove=(1,)))
    town.forget()

    after = town.ask(own_balance(town, "khiva"), authorization=claim)
    anew = town.post("/v1/tokens", asserted(line_of(town, "khiva"), phone()))

    assert (before.status, after.status, anew.status) == (200, 401, 401)
    assert "Key 1 does not act for acct-" in after.document["detail"]
    assert "is not by a key that acts for acct-" in anew.document["detail"]


@pytest.mark.parametrize(
    ("key", "alg", "says"),
    [
        ("0", "ed25519", None),
        ("1", "ecdsa-p256-sha256", None),
        ("0", "ecdsa-p256-sha256", 'Key 0 is one of Ed25519, so it makes no ecdsa-p256-sha256: say alg="ed25519"'),
        ("1", "ed25519", 'Key 1 is one of P-256, so it makes no ed25519: say alg="ecdsa-p256-sha256"'),
        ("1", "rsa-pss-sha512", "so it makes no rsa-pss-sha512"),
        ("2", "ecdsa-p256-sha256", "Key 2 is one of WebAuthn, so it makes no ecdsa-p256-sha256: ask for a token"),
    ],
)
def test_a_signed_request_names_the_algorithm_of_its_key(town, samarkand, key, alg, says):
    path = own_balance(town, "samarkand")
    keys = {"0": None, "1": samarkand, "2": phone()}[key]

    said = town.ask(path, **signed(town, "samarkand", path, key=key, keys=keys, alg=alg))

    assert said.status == (200 if says is None else 401), said.raw
    assert says is None or says in said.document["detail"]


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
