"""What the pages say, to whom, and that each is a small, valid page whose links lead somewhere and to nobody else."""

from __future__ import annotations

import gzip
import re
import warnings
from urllib.parse import urlsplit

import html5lib
import pytest

from sogdia.client.declared import events
from sogdia.client.proofs import check, trusted_by_genesis
from sogdia.kernel.proof import ProvenFace, ProvenHistory, ProvenReceipt, ProvenRecord
from sogdia.modules.identity.records import COUNTRIES
from sogdia.testing.ledger import genesis
from sogdia.web.explorer.app import FOLDER
from sogdia.web.explorer.countries import NAMES
from sogdia.web.explorer.texts import TEXTS
from tests.web.playing import REASON, TITLES

PAGE_BYTES_MAX = 13_000
STYLE_BYTES_MAX = 4_096
PAGES_MAX = 400


def pages(site):
    """Give every page of every kind, with whom it is shown to."""
    cookie = site.enter("nairobi")
    return [(name, path, None) for name, path in site.every_kind().items()] + [
        (name, path, cookie) for name, path in site.for_parties().items()
    ]


# ------------------------------------------------------------------------------------------------------ as a web page


def test_every_kind_of_page_is_valid_and_small_and_asks_no_other_host(site):
    for name, path, cookie in pages(site):
        answer = site.get(path, cookie=cookie)

        assert answer.status == (404 if name == "error" else 200), (name, answer.words)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the parser's own, about a name of Python's that has moved
            html5lib.HTMLParser(strict=True).parse(answer.text)
        assert len(gzip.compress(answer.raw)) <= PAGE_BYTES_MAX, name
        assert all(each.startswith(("/", "#", "data:")) for each in answer.links), (name, answer.links)
        assert not re.search(r"""\son\w+=|javascript:|\sstyle=""", re.sub(r">[^<]*<", "><", answer.text)), name
        # Names of one page that are given twice would lead a label to the wrong field.
        ids = re.findall(r'\sid="([^"]*)"', answer.text)
        assert len(ids) == len(set(ids)), name


def test_every_answer_carries_a_policy_that_lets_nothing_else_in(site):
    for name, path, cookie in pages(site):
        headers = site.get(path, cookie=cookie).headers

        policy = dict(part.strip().split(" ", 1) for part in headers["content-security-policy"].split(";"))
        assert policy["default-src"] == "'none'"
        assert policy["frame-ancestors"] == "'none'"
        assert policy["style-src"].startswith("'sha256-")
        assert ("script-src" in policy) == name.startswith("check"), name
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "same-origin"


def test_the_style_is_small_and_stands_in_every_page():
    style = (FOLDER / "assets" / "style.css").read_text("utf-8")

    assert len(style.encode()) <= STYLE_BYTES_MAX
    assert "url(" not in style
    assert "@import" not in style


def test_every_link_of_the_whole_site_leads_somewhere(site):
    cookie = site.enter("registrar")
    waiting, seen = ["/", "/find?q=silk", "/check"], set()

    while waiting:
        path = waiting.pop()
        if path in seen:
            continue
        seen.add(path)
        answer = site.get(path, cookie=cookie)
        assert answer.status in (200, 405 if path == "/leave" else 200), (path, answer.status)
        if answer.headers.get("content-type", "").startswith("text/html"):
            waiting += [each.split("#")[0] for each in answer.links if each.startswith("/")]

    kinds = {path.split("/")[1].split("?")[0] for path in seen}
    assert {"blocks", "transactions", "parties", "listings", "orders", "check", "proofs", "refusals"} <= kinds
    assert len(seen) < PAGES_MAX
    assert all(not urlsplit(path).netloc for path in seen)


def test_a_browser_that_reads_only_the_head_of_a_page_gets_it(site):
    answer = site.get("/", method="HEAD")

    assert (answer.status, answer.raw) == (200, b"")


def test_pages_travel_compressed_to_whoever_takes_that(site):
    plain = site.get("/blocks")
    packed = site.get("/blocks", accept_encoding="gzip")

    assert packed.headers["content-encoding"] == "gzip"
    assert gzip.decompress(packed.raw) == plain.raw


def test_machines_are_asked_to_leave_searches_and_proofs_alone(site):
    answer = site.get("/robots.txt")

    assert "Disallow: /find" in answer.text
    assert "Disallow: /proofs" in answer.text


# ------------------------------------------------------------------------------------------------------ hostile texts


def test_titles_with_markup_are_shown_as_they_are_and_do_nothing(site):
    for number in (1, 5):
        answer = site.get(f"/listings/{site.listing(number)}")

        assert "<script>alert" not in answer.text
        assert "<img" not in answer.text
        assert "</h1></h1>" not in answer.text
        assert " ".join(TITLES[number].split()) in answer.words
    assert "49" not in site.get(f"/listings/{site.listing(5)}").words.split("Merchant")[0]


def test_texts_of_others_get_a_direction_of_their_own(site):
    page = site.get("/listings").text
    party = site.get(f"/parties/{site.ali()}").text

    assert f'dir="auto">{TITLES[2]}</a>' in page
    assert '<bdi dir="auto">&lt;/p&gt;&lt;b&gt;Licence' in party


def test_what_somebody_searches_for_is_escaped(site):
    answer = site.get('/find?q="><script>zzz(9)</script>')

    assert "<script>zzz" not in answer.text
    assert "Nothing fits" in answer.words


# ----------------------------------------------------------------------------------------------------- what they say


def test_the_first_page_says_in_trade_words_what_happened_last(site):
    words = site.get("/").words

    assert "All is well: the node answers" in words
    assert "Approve return applied" in words
    assert "Place order refused" in words
    assert "A step by rule applied" in words


def test_blocks_are_listed_a_page_at_a_time_without_a_gap(site, monkeypatch):
    monkeypatch.setattr("sogdia.web.explorer.pages.chain.ROWS", 6)
    path, heights = "/blocks", []

    while path:
        answer = site.get(path)
        heights += [int(each) for each in re.findall(r'<a href="/blocks/(\d+)">\1</a>', answer.text)]
        path = next((each for each in answer.links if each.startswith("/blocks?cursor=")), "")

    assert heights == list(range(site.played.connection.height(), 0, -1))


def test_a_party_is_shown_with_its_kind_country_roles_and_what_it_issues(site):
    bank = site.get(f"/parties/{site.account('bank')}").words
    merchant = site.get(f"/parties/{site.account('bukhara')}").words

    assert "A payment institution in Kazakhstan (KZ)." in bank
    assert "issue money" in bank
    assert "10,000.00 USD" in bank
    assert "An enterprise in Uzbekistan (UZ)." in merchant
    assert TITLES[0] in merchant


def test_a_suspended_party_is_shown_with_the_reason_as_it_was_written(site):
    words = site.get(f"/parties/{site.ali()}").words

    assert "Suspended It may not trade" in words
    assert REASON in words
    assert "@registrar/ali" in words


def test_a_listing_shows_prices_in_the_digits_of_its_currency(site):
    silk = site.get(f"/listings/{site.listing(0)}").words
    fine = site.get(f"/listings/{site.listing(1)}").words

    assert "38.50 USD 16 %" in silk
    assert "Made in Uzbekistan (UZ)" in silk
    assert "19.995 USD" in fine
    assert "4006381333931" in fine


def test_currencies_say_how_much_there_is(site):
    words = site.get("/currencies").words

    assert "USD @bank 10,000.00 USD" in words
    assert "KWD @bank 0.000 KWD" in words


def test_refusals_are_counted_by_number_and_lead_to_the_last_ones(site):
    listed = site.get("/refusals")
    one = next(each for each in listed.links if each.startswith("/refusals/"))
    page = site.get(one)

    assert site.transaction("again") in page.links
    assert "What to do" in page.words


def test_a_refusal_names_rule_way_out_and_number_and_its_values_only_to_the_parties(site):
    path = site.transaction("again")
    anybody, party = site.get(path).words, site.get(path, cookie=site.enter("nairobi")).words

    for words in (anybody, party):
        assert "Why it was refused The rule" in words
        assert "What to do" in words
        assert "ORDER_EXISTS" in words
    assert "silk-2" not in anybody
    assert "silk-2" in party


def test_health_says_how_far_the_pages_are_in_words(site):
    words = site.get("/health").words

    assert "All is well" in words
    assert "Behind the node by 0 blocks" in words
    assert "moved by hand" in words


def test_every_country_has_a_name():
    assert set(NAMES) == COUNTRIES


def test_every_text_that_is_named_is_there():
    named = set()
    for path in FOLDER.rglob("*"):
        if path.suffix in (".py", ".html"):
            named |= set(re.findall(r"""say\(["']([a-z0-9_.]+)["'][,)]""", path.read_text("utf-8")))

    assert named <= set(TEXTS)


def test_every_text_about_a_fact_speaks_of_one_that_there_is():
    told = {name.removeprefix("event.") for name in TEXTS if name.startswith("event.")}

    assert told <= set(events())


# -------------------------------------------------------------------------------------------------------------- search


@pytest.mark.parametrize(
    ("question", "leads"),
    [
        ("3", "/blocks/3"),
        (lambda site: site.played.ids["mint"].hex(), lambda site: site.transaction("mint")),
        (lambda site: site.account("bank").upper(), lambda site: f"/parties/{site.account('bank')}"),
        (lambda site: site.order("silk-1"), lambda site: f"/orders/{site.order('silk-1')}"),
        (lambda site: site.listing(0), lambda site: f"/listings/{site.listing(0)}"),
        ("@nairobi/silk-1", lambda site: f"/orders/{site.order('silk-1')}"),
        ("@registrar/ali", lambda site: f"/parties/{site.ali()}"),
        ("@bukhara", lambda site: f"/parties/{site.account('bukhara')}"),
    ],
)
def test_ids_heights_and_codes_lead_straight_to_what_they_name(site, question, leads):
    wanted, path = (each if isinstance(each, str) else each(site) for each in (question, leads))

    answer = site.get(f"/find?q={wanted}")

    assert (answer.status, answer.headers["location"]) == (303, path)


@pytest.mark.parametrize(("question", "number"), [("silk ikat", 0), ("حرير", 2), ("丝绸", 3), ("шелковый", 4)])
def test_words_are_found_in_every_script(site, question, number):
    answer = site.get(f"/find?q={question}")

    assert TITLES[number] in answer.words


def test_a_code_with_a_wrong_letter_is_answered_with_where_it_is_wrong(site):
    code = site.account("bank")
    wrong = code[:-1] + ("0" if code[-1] != "0" else "1")

    answer = site.get(f"/find?q={wrong}")

    assert answer.status == 400
    assert "wrong character" in answer.words


# ------------------------------------------------------------------------------------------------ orders and privacy


def test_of_an_order_anybody_learns_that_it_exists_its_state_and_its_deadline_alone(site):
    open_order, closed = (site.get(f"/orders/{site.order(each)}").words for each in ("silk-3", "silk-1"))

    assert "This order is on the ledger. placed, waits for the merchant" in open_order
    assert "Deadline 20" in open_order
    assert "settled: everybody was paid" in closed
    for words in (open_order, closed):
        for secret in ("@bukhara", "USD", "Ikat", "@carrier", site.account("bukhara")):
            assert secret not in words, secret


@pytest.mark.parametrize("who", ["nairobi", "bukhara", "treasury", "registrar"])
def test_the_parties_an_authority_and_an_operator_see_the_whole_order(site, who):
    words = site.get(f"/orders/{site.order('silk-1')}", cookie=site.enter(who)).words

    assert "187.40 USD" in words
    assert TITLES[0] in words
    assert "Delivery confirmed by @carrier" in words
    assert "The buyer asked to return goods" in words
    told = ("The goods left the merchant", "The goods arrived", "The money was paid out")
    assert [words.index(each) for each in told] == sorted(words.index(each) for each in told)


def test_of_an_order_with_many_lines_some_are_shown_and_it_is_said_how_many_more_there_are(site):
    words = site.get(f"/orders/{site.order('large')}", cookie=site.enter("nairobi")).words

    assert "Lines (and 40 more; the proof holds them all)" in words


def test_of_an_open_order_each_line_says_how_much_came_back(site):
    words = site.get(f"/orders/{site.order('silk-3')}", cookie=site.enter("nairobi")).words

    assert "Came back" in words


@pytest.mark.parametrize("who", ["lanzhou", "platform"])
def test_who_is_no_party_of_an_open_order_sees_what_anybody_sees(site, who):
    path = f"/orders/{site.order('silk-3')}"

    words = site.get(path, cookie=site.enter(who)).words

    assert ("USD" in words) == (who == "platform")


@pytest.mark.parametrize("who", [None, "lanzhou"])
def test_a_private_transaction_shows_a_stranger_neither_who_nor_what(site, who):
    cookie = None if who is None else site.enter(who)

    for what in ("place", "accept", "return", "approve", "transfer", "hold", "capture", "mint"):
        words = site.get(site.transaction(what), cookie=cookie).words

        assert "shown to its parties" in words, what
        for secret in ("USD", "@bukhara", "Ikat", "thanks"):
            assert secret not in words, (what, secret)


def test_a_private_transaction_is_shown_to_its_parties(site):
    transfer = site.get(site.transaction("transfer"), cookie=site.enter("bukhara")).words
    capture = site.get(site.transaction("capture"), cookie=site.enter("nairobi")).words

    assert "12.50 USD" in transfer
    assert "<i>thanks</i>" in transfer
    assert "2.00 USD" in capture


def test_a_public_transaction_is_shown_whole_to_anybody(site):
    words = site.get(site.transaction("suspend")).words

    assert "Asked by @registrar" in words
    assert REASON in words


# -------------------------------------------------------------------------------------------------------------- proofs


def test_the_proofs_that_are_handed_out_hold_against_the_genesis(site):
    cookie, trusted = site.enter("nairobi"), trusted_by_genesis(genesis())
    files = {
        f"/proofs/transaction/{site.played.ids['place'].hex()}": ProvenReceipt,
        f"/proofs/order/{site.order('silk-1')}": ProvenHistory,
        f"/proofs/order/{site.order('silk-3')}": ProvenHistory,
        f"/proofs/party/{site.account('bank')}": ProvenRecord,
        f"/proofs/listing/{site.listing(0)}": ProvenRecord,
    }

    for path, kind in files.items():
        answer = site.get(path, cookie=cookie)
        assert "attachment" in answer.headers["content-disposition"]
        assert isinstance(check(answer.raw, trusted), kind)


@pytest.mark.parametrize("part", ["proofs", "check"])
def test_a_proof_that_would_tell_more_than_the_page_is_kept_for_the_same_people(site, part):
    stranger = site.enter("lanzhou")

    for cookie in (None, stranger):
        assert site.get(f"/{part}/transaction/{site.played.ids['transfer'].hex()}", cookie=cookie).status == 403


@pytest.mark.parametrize("reference", ["silk-1", "silk-3"])
def test_strangers_get_a_proof_that_an_order_is_there_and_of_its_state_and_nothing_else(site, reference):
    code = site.order(reference)
    private = [site.played.account(name) for name in ("bukhara", "bank")]
    whole = site.get(f"/proofs/order/{code}", cookie=site.enter("nairobi")).raw

    assert any(each in whole for each in private)
    for cookie in (None, site.enter("lanzhou")):
        raw = site.get(f"/proofs/order/{code}", cookie=cookie).raw
        proven = check(raw, trusted_by_genesis(genesis()))
        assert isinstance(proven, ProvenFace)
        assert proven.face in whole
        assert not any(each in raw for each in private)
        page = site.get(f"/orders/{code}", cookie=cookie)
        assert f"/check/order/{code}" in page.text
        assert site.get(f"/check/order/{code}", cookie=cookie).status == 200


def test_the_page_of_a_proof_says_that_this_sites_genesis_proves_nothing_and_gives_a_command(site):
    words = site.get(f"/check/transaction/{site.played.ids['listings'].hex()}").words

    assert "A genesis from this same site proves nothing about this site." in words
    assert re.search(r"sogdia verify [0-9a-f]{16}\.proof --genesis genesis\.json", words)


def test_the_genesis_is_given_as_the_node_has_it(site):
    assert site.get("/genesis.json").raw == site.played.connection.genesis()


# -------------------------------------------------------------------------------------------------------------- errors


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/nothing", 404),
        ("/blocks/0", 404),
        ("/blocks/99999999", 404),
        ("/blocks/1e3", 404),
        ("/blocks/٣", 404),
        ("/blocks/3?from=x", 400),
        ("/blocks/3?from=-1", 400),
        ("/blocks?cursor=AAAA", 400),
        ("/blocks?cursor=%00%ff", 400),
        ("/transactions/" + "0" * 64, 404),
        ("/transactions/xyz", 404),
        ("/parties/acct-0000", 400),
        ("/parties/" + "0" * 40, 404),
        ("/orders/name-0000", 400),
        ("/orders/" + "00" * 20 + "61", 404),
        ("/listings/" + "00" * 20 + "61", 404),
        ("/listings?merchant=nobody", 400),
        ("/refusals/1", 404),
        ("/refusals/²", 404),
        ("/check/nothing/1", 404),
        ("/check/transaction/" + "0" * 64, 404),
        ("/enter?account=nobody", 400),
        ("/enter?account=" + "0" * 40, 404),
        ("/find?q=" + "x" * 300, 400),
        ("/../../etc/passwd", 404),
        ("/assets/../app.py", 404),
    ],
)
def test_what_cannot_be_shown_is_answered_with_what_to_do(site, path, status):
    answer = site.get(path)

    assert answer.status == status, answer.words
    assert "To the first page" in answer.words
    assert "Traceback" not in answer.text


def test_pages_are_only_for_reading(site):
    answer = site.post("/blocks", {})

    assert answer.status == 405
    assert "only for reading" in answer.words


def test_a_cursor_of_one_list_is_none_of_another(site, monkeypatch):
    monkeypatch.setattr("sogdia.web.explorer.pages.chain.ROWS", 6)
    following = next(each for each in site.get("/blocks").links if "cursor=" in each)

    answer = site.get(following.replace("/blocks", "/listings"))

    assert answer.status == 400
