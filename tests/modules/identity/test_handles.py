"""Handles: one an account, none that looks like another's, found by their exact spelling."""

from __future__ import annotations

import unicodedata
from hashlib import sha256

import pytest

from sogdia.kernel.refusals import KernelRefusal as Kernel
from sogdia.modules.identity.events import HandleClaimed, HandleReleased
from sogdia.modules.identity.handle_tables import ALPHABETS, LOOK_ALIKES
from sogdia.modules.identity.handles import DIGITS, HANDLE_BYTES, ClaimHandle, ReleaseHandle, alphabet_of, skeleton
from sogdia.modules.identity.refusals import IdentityRefusal as Refuse
from sogdia.modules.identity.registry_queries import HandleOfQuery, HandleQuery
from sogdia.modules.identity.registry_records import HANDLE_BYTES_MAX
from tests.modules.identity.town import quota

FROZEN = "326f159880c2a9d30e34f66ac42687257c519e16b0f6fc0122be3c26dd1a6832"
"""Of every letter with its alphabet and what it looks like: nodes that differ would disagree whose handle it is."""


def holder(ledger, handle):
    """Who holds a handle, as a stranger can ask for it."""
    found = HandleQuery(handle=handle).answer(ledger.state)
    return None if found is None else found.account


def test_a_party_claims_a_handle_by_which_it_is_found_and_gives_it_up_again(ledger):
    bukhara = ledger.account("bukhara")
    before = quota(ledger, "registrar").stored_bytes

    receipt = ledger.must("bukhara", ClaimHandle(handle="silk-road"))
    assert receipt.events == (HandleClaimed(account=bukhara, handle="silk-road"),)
    assert holder(ledger, "silk-road") == bukhara
    known = HandleOfQuery(account=bukhara).answer(ledger.state)
    assert known is not None
    assert known.handle == "silk-road"
    assert quota(ledger, "registrar").stored_bytes == before + HANDLE_BYTES

    receipt = ledger.must("bukhara", ReleaseHandle())

    assert receipt.events == (HandleReleased(account=bukhara, handle="silk-road"),)
    assert holder(ledger, "silk-road") is None
    assert HandleOfQuery(account=bukhara).answer(ledger.state) is None
    assert quota(ledger, "registrar").stored_bytes == before
    assert ledger.send("nairobi", ClaimHandle(handle="silkroad")).code == 0


def test_a_look_alike_finds_nobody(ledger):
    ledger.must("bukhara", ClaimHandle(handle="paypal"))

    assert holder(ledger, "paypa1") is None
    assert holder(ledger, "pay-pal") is None


@pytest.mark.parametrize(
    ("handle", "look_alike"),
    [
        ("paypal", "paypa1"),
        ("paypal", "раураӏ"),  # noqa: RUF001 - that is the attack
        ("google", "g00gle"),
        ("coco", "сосо"),  # noqa: RUF001 - that is the attack
        ("aeroport", "аегорогт"[:4] + "port"),
        ("modern", "rnodern"),
        ("world", "vvorld"),
        ("dom", "clom"),
        ("muller", "müller"),
        ("lodz", "łódź"),
        ("pay-pal", "paypal"),
        ("alo", "αlο"[:1] + "lo"),  # noqa: RUF001 - that is the attack
        ("ирис", "йрис"),
        ("кредит", "кpедит"),  # noqa: RUF001 - that is the attack
        ("كتاب", "کتاب"),
        ("力力力", "カカカ"),
        ("二口二", "ニロニ"),
        ("strasse", "straße"),
        ("weiss", "weiß"),
        ("hob", "нов"),
        ("bank", "вапк"),
        ("wax", "ωαχ"),
        ("web", "шев"),
        ("den", "ðen"),
        ("pin", "þiŋ"),
        ("3000", "з000"),
        ("jo", "ȷo"),
        ("all", "aǃǃ"),  # noqa: RUF001 - that is the attack
    ],
)
def test_what_looks_alike_has_one_skeleton(handle, look_alike):
    assert skeleton(handle) == skeleton(look_alike)


@pytest.mark.parametrize(
    ("one", "other"),
    [("bukhara", "bukharat"), ("silk", "milk"), ("дом", "том"), ("ali", "alo"), ("abc", "cba"), ("三井物", "三井物產")],
)
def test_what_looks_different_stays_apart(one, other):
    assert skeleton(one) != skeleton(other)


@pytest.mark.parametrize(
    "handle",
    [
        "abc",
        "a" * 32,
        "shop-24",
        "бухара",  # noqa: RUF001 - a whole word of one alphabet
        "όμιλος",
        "القاهرة",
        "नमस्ते",
        "丝绸之路",
        "ありがとう",
        "სავაჭრო",
        "실크로드",
        "müller",
    ],
)
def test_handles_in_many_alphabets_can_be_claimed(ledger, handle):
    assert ledger.block(ledger.sign("bukhara", ClaimHandle(handle=handle)))[0].code == 0
    assert holder(ledger, handle) == ledger.account("bukhara")


@pytest.mark.parametrize(
    ("handle", "code"),
    [
        ("ab", Kernel.ENVELOPE_MALFORMED),
        ("a" * 33, Kernel.ENVELOPE_MALFORMED),
        ("bukhara\u0301\u0301\u0301\u0301\u0301", Refuse.TEXT_NOT_ALLOWED),
        ("cafe\u0301", Refuse.TEXT_NOT_ALLOWED),
        ("i\u0307st", Refuse.HANDLE_CHARACTERS),
        ("ⅷcafe", Refuse.HANDLE_CHARACTERS),
        ("\U0001d429aypal", Refuse.TEXT_NOT_ALLOWED),
        ("ﬁsh", Refuse.HANDLE_CHARACTERS),
        ("oﬀer", Refuse.HANDLE_CHARACTERS),
        ("pɑypal", Refuse.HANDLE_CHARACTERS),  # noqa: RUF001 - that is the attack
        ("ɡoogle", Refuse.HANDLE_CHARACTERS),  # noqa: RUF001 - that is the attack
        ("ſilk", Refuse.HANDLE_CHARACTERS),  # noqa: RUF001 - that is the attack
        ("ĳsbeer", Refuse.HANDLE_CHARACTERS),
        ("ǆep", Refuse.HANDLE_CHARACTERS),
        ("ꜳchen", Refuse.HANDLE_CHARACTERS),
        ("ab@c", Refuse.HANDLE_CHARACTERS),
        ("ab.c", Refuse.HANDLE_CHARACTERS),
        ("ab–c", Refuse.HANDLE_CHARACTERS),
        ("😀😀😀", Refuse.HANDLE_CHARACTERS),
        ("123", Refuse.HANDLE_LETTERLESS),
        ("力-abc", Refuse.HANDLE_ALPHABETS),
        ("カ力カ", Refuse.HANDLE_ALPHABETS),
    ],
)
def test_what_no_handle_can_be(ledger, handle, code):
    before = ledger.snapshot()

    answer = ledger.block(ledger.sign("bukhara", ClaimHandle(handle=handle)))[0]

    assert answer.code == code
    assert ledger.snapshot() == before


def every_letter():
    """All letters that a handle may hold."""
    return [
        chr(point)
        for spelled in ALPHABETS.values()
        for entry in spelled.split()
        for point in range(int(entry.partition("-")[0], 16), int(entry.rpartition("-")[2], 16) + 1)
    ]


def test_the_tables_are_frozen():
    told = "".join(f"{each} {alphabet_of(each)} {skeleton(each).decode()}\n" for each in (*every_letter(), *DIGITS))

    assert sha256(told.encode()).hexdigest() == FROZEN


def test_no_letter_of_a_handle_is_two_letters_joined_or_of_the_phonetic_alphabet():
    letters = every_letter()

    assert all(unicodedata.normalize("NFKC", letter) == letter for letter in letters)
    assert not [letter for letter in letters if 0x250 <= ord(letter) <= 0x2AF]


def test_every_letter_of_the_tables_has_an_alphabet_and_a_short_skeleton():
    letters = every_letter()

    assert all(alphabet_of(letter) for letter in letters)
    assert max(len(skeleton(letter)) for letter in letters) * 32 <= HANDLE_BYTES_MAX
    assert all(skeleton(letter) for letter in letters)


def test_what_stands_for_look_alikes_looks_like_nothing_else():
    for seen in LOOK_ALIKES:
        shown = "".join(chr(int(each, 16)) for each in seen.split())
        assert skeleton(shown) == shown.encode(), seen
