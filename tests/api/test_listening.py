"""Hearing of events: streams that are taken up again, and webhooks that are sent again until they are taken."""

from __future__ import annotations

import base64
import http.client
import json
import re
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from sogdia.api.history import BEAT_SECONDS
from sogdia.api.outgoing import TargetRefused, is_allowed, target_of
from sogdia.client.envelopes import Sender
from sogdia.client.keys import generate
from sogdia.kernel.signature import ED25519, verify
from sogdia.modules.identity.keys import ChangeKeys
from sogdia.modules.identity.parties import SuspendParty

SECONDS = 15.0


@contextmanager
def listening(town, path, **headers: str):
    """Open a stream of events."""
    wire = http.client.HTTPConnection("127.0.0.1", town.port, timeout=SECONDS)
    wire.request("GET", path, headers={name.replace("_", "-"): value for name, value in headers.items()})
    try:
        yield wire.getresponse()
    finally:
        wire.close()


def next_event(stream):
    """Read up to the next event: its id, its name, its document."""
    found: dict[str, str] = {}
    while True:
        line = stream.readline().decode().rstrip("\n")
        if not line and "data" in found:
            return found.get("id"), found["event"], json.loads(found["data"])
        name, _colon, value = line.partition(": ")
        if name:
            found[name] = value


def test_a_stream_tells_what_happens_and_goes_on_after_the_last_id(town):
    claim = town.token("nairobi")

    with listening(town, "/v1/events/stream?event=OrderPlaced", authorization=claim) as stream:
        town.send("nairobi", town.order("s1"))
        first = next_event(stream)
    town.send("nairobi", town.order("s2"))
    address = "/v1/events/stream?event=OrderPlaced"
    with listening(town, address, authorization=claim, last_event_id=first[0]) as stream:
        second = next_event(stream)

    assert first[2]["fields"]["order"] == town.order_name("s1")
    assert second[2]["fields"]["order"] == town.order_name("s2")


def test_a_stream_from_a_height_begins_there_and_hides_what_is_not_public(town):
    with listening(town, "/v1/events/stream?from=1&event=OrderPlaced") as stream:
        told = next_event(stream)[2]

    assert told["whole"] is False
    assert town.ask("/v1/events/stream", last_event_id="1.2").status == 400


def test_a_stream_ends_with_the_block_in_which_its_key_is_removed_and_says_why(town):
    town.register("turfan")
    first, second = town.parties["turfan"], generate()
    town.add_key("turfan", 1, second)
    claim, address = town.token("turfan"), "/v1/events/stream?event=KeysChanged"
    with listening(town, address, authorization=claim) as stream, listening(town, address) as of_anybody:
        town.parties["turfan"] = Sender(first.account, second, 1)
        town.send("turfan", ChangeKeys(remove=(0,)))
        place, name, document = next_event(stream)
        rest = stream.read()
        told = next_event(of_anybody)
    again = town.ask(address, authorization=claim)

    assert (place, name) == (None, "ended")
    assert document["reason"].startswith("Key 0 does not act for acct-")
    assert rest == b""
    assert told[1] == "KeysChanged"
    assert again.status == 401


def test_a_silent_stream_ends_with_its_partys_suspension_and_others_go_on(town):
    town.register("khiva")
    town.register("nukus")
    address = "/v1/events/stream?event=OrderPlaced"
    with (
        listening(town, address, authorization=town.token("khiva")) as stream,
        listening(town, address, authorization=town.token("nukus")) as of_another,
    ):
        town.send("bank", SuspendParty(account=town.account("khiva"), reason="papers are missing"))
        began = time.monotonic()
        _place, name, document = next_event(stream)
        passed = time.monotonic() - began
        town.send("nairobi", town.order("after"))
        told = next_event(of_another)

    assert (name, document) == ("ended", {"reason": "Its registrar has suspended the party."})
    assert passed < BEAT_SECONDS / 2
    assert told[1] == "OrderPlaced"


def test_nothing_is_told_in_a_stream_after_its_key_has_expired(town):
    town.register("termez")
    first, brief, until = town.parties["termez"], generate(), int(time.time()) + 4
    town.add_key("termez", 1, brief, until)
    town.forget()
    town.parties["termez"] = Sender(first.account, brief, 1)
    with listening(town, "/v1/events/stream?event=OrderPlaced", authorization=town.token("termez")) as stream:
        while time.time() < until + 1.5:
            time.sleep(0.2)
        town.send("nairobi", town.order("late"))
        _place, name, document = next_event(stream)

    assert name == "ended"
    assert re.fullmatch(r"Key 1 of acct-\S+ was good until \S+, and that has passed\.", document["reason"])


@contextmanager
def receiver(*statuses: int):
    """Run a server that answers with these statuses, and with 200 afterwards; gives its URL and what came."""
    came, left, enough = [], list(statuses), threading.Semaphore(0)

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            came.append((dict(self.headers.items()), body))
            self.send_response(left.pop(0) if left else 200)
            self.send_header("location", "/elsewhere")
            self.end_headers()
            enough.release()

        def log_message(self, *_words: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/hook", came, enough
    finally:
        server.shutdown()
        server.server_close()


def test_a_webhook_is_signed_sent_again_and_replayed(town):
    claim = town.token("nairobi")
    public = bytes.fromhex(town.ask("/v1/webhook-key").document["public"])

    with receiver(500, 302) as (url, came, enough):
        made = town.post("/v1/webhooks", {"url": url, "event": "OrderPlaced"}, authorization=claim)
        town.send("nairobi", town.order("w1"))
        for _delivery in range(3):
            assert enough.acquire(timeout=SECONDS)
        place = made.headers["location"]
        replayed = town.post(f"{place}/replay", {"from": "1"}, authorization=claim)
        assert enough.acquire(timeout=SECONDS)
        gone = town.ask(place, method="DELETE", authorization=claim)

    assert made.status == 201, made.raw
    assert (replayed.status, gone.status) == (200, 200)
    assert len({headers["webhook-id"] for headers, _body in came[:3]}) == 1
    for headers, body in came:
        message = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
        assert verify(ED25519, public, message, base64.b64decode(headers["webhook-signature"].removeprefix("v1a,")))
    assert json.loads(came[0][1])["events"][0]["fields"]["order"] == town.order_name("w1")


def test_webhooks_are_ones_own(town):
    made = town.post("/v1/webhooks", {"url": "http://127.0.0.1:9/x"}, authorization=town.token("bukhara"))
    place = made.headers["location"]

    assert town.ask("/v1/webhooks").status == 401
    assert town.ask(place, authorization=town.token("stranger")).status == 404
    assert town.ask(place, method="DELETE", authorization=town.token("bukhara")).status == 200


def ended(town, place, claim):
    """Wait until a webhook has ended, as its owner sees it, and give the reason."""
    until = time.monotonic() + SECONDS
    while (shown := town.ask(place, authorization=claim).document)["state"] == "active":
        assert time.monotonic() < until
        time.sleep(0.2)
    assert shown["state"] == "ended"
    return shown["reason"]


def test_a_webhook_ends_with_the_key_that_made_it_and_goes_on_for_another(town):
    town.register("merv")
    first, second = town.parties["merv"], generate()
    town.add_key("merv", 1, second)
    with receiver() as (url, came, enough):
        made = town.post("/v1/webhooks", {"url": url, "event": "KeysChanged"}, authorization=town.token("merv"))
        town.parties["merv"] = Sender(first.account, second, 1)
        town.send("merv", ChangeKeys(remove=(0,)))
        town.forget()
        claim, place = town.token("merv"), made.headers["location"]
        reason = ended(town, place, claim)
        told_before = len(came)
        town.add_key("merv", 2, generate())
        time.sleep(1)
        told_after = len(came)
        listed = town.ask("/v1/webhooks", authorization=claim).document["webhooks"]
        again = town.post(f"{place}/replay", {"from": str(listed[0]["height"])}, authorization=claim)
        assert enough.acquire(timeout=SECONDS)

    assert reason.startswith("Key 0 does not act for acct-")
    assert listed[0]["reason"] == reason
    assert told_after == told_before
    assert (again.document["state"], again.document["key"], again.document["reason"]) == ("active", "1", None)
    assert town.ask(place, method="DELETE", authorization=claim).status == 200


def test_a_webhook_ends_when_its_key_expires(town):
    town.register("otrar")
    first, brief, until = town.parties["otrar"], generate(), int(time.time()) + 4
    town.add_key("otrar", 1, brief, until)
    town.forget()
    with receiver() as (url, _came, _enough):
        town.parties["otrar"] = Sender(first.account, brief, 1)
        made = town.post("/v1/webhooks", {"url": url}, authorization=town.token("otrar"))
        town.parties["otrar"] = first

        reason = ended(town, made.headers["location"], town.token("otrar"))

    assert made.status == 201
    assert re.fullmatch(r"Key 1 of acct-\S+ was good until \S+, and that has passed\.", reason)


def test_a_suspended_party_is_told_nothing_more_but_why(town):
    town.register("panjakent")
    claim = town.token("panjakent")
    with receiver() as (url, came, _enough):
        made = town.post("/v1/webhooks", {"url": url, "event": "PartySuspended"}, authorization=claim)
        town.send("bank", SuspendParty(account=town.account("panjakent"), reason="papers are missing"))
        town.forget()
        reason = ended(town, made.headers["location"], claim)
        place = made.headers["location"]
        again = town.post(f"{place}/replay", {"from": "1"}, authorization=claim)
        other = town.post("/v1/webhooks", {"url": url}, authorization=claim)

    assert reason == "Its registrar has suspended the party."
    assert (again.status, other.status) == (403, 403)
    assert reason in other.document["detail"]
    assert len(came) <= 1


@pytest.mark.parametrize(
    "url",
    [
        "http://shop.example/hook", "ftp://shop.example/", "https://a:b@shop.example/", "https:///x", "https://x:99999/",
        "https://shop.example/\r\nx", "https://sh op.example/", "gopher://x",
    ],
)  # fmt: skip
def test_nothing_is_sent_to_such_a_url(url):
    with pytest.raises(TargetRefused):
        target_of(url, private=False)


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "10.1.2.3", "192.168.0.1", "169.254.169.254", "::1", "fe80::1%eth0", "fc00::1", "::ffff:127.0.0.1",
     "0.0.0.1", "224.0.0.1", "100.64.0.1", "64:ff9b::a9fe:a9fe", "2002:7f00:1::1", "2001:0:7f00:1::1", "::7f00:1",
     "fec0::1"],
)  # fmt: skip
def test_private_addresses_are_out_of_reach(address):
    assert not is_allowed(address, private=False)
    assert is_allowed("93.184.215.14", private=False)
    assert is_allowed("2606:4700::1111", private=False)
