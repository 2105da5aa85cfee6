"""Vouchers without a connection: what an honest phone signs, what a payee can know, and what books keep."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec import structs

from sogdia.client.voucher_books import Book, BookWrong
from sogdia.client.voucher_text import voucher_text
from sogdia.client.vouchers import KnownPurse, NotAcceptable, NotToBeSigned, look, share_for, sign
from sogdia.modules.vouchers.records import Share
from sogdia.modules.vouchers.signed import SignedVoucher
from sogdia.testing.ledger import Ledger, keys_of
from tests.modules.vouchers.stall import (
    ANYBODY,
    BUKHARA,
    DAY,
    GRACE,
    LANZHOU,
    LIFE,
    PHONE,
    SHARES,
    open_stall,
    opening,
    purse,
    purse_name,
    redeem,
    voucher,
)


@pytest.fixture
def ledger():
    """A ledger with a purse."""
    return open_stall(Ledger())


def known(ledger, reference="p"):
    """What a proof of the purse says now."""
    return KnownPurse(ledger.network, purse_name(ledger, reference), purse(ledger, reference))


def signing(ledger, **changes: Any):  # noqa: ANN401 - whatever `sign` takes
    """Sign as an honest phone: ten cents for Bukhara, from its share."""
    asked: dict[str, Any] = {
        "known": known(ledger),
        "share": BUKHARA,
        "payee": ledger.account("bukhara"),
        "units": 10,
        "expiry": ledger.time + 7 * DAY,
        "keys": PHONE,
        "book": (),
    }
    return sign(**(asked | changes))


def test_what_an_honest_phone_signs_is_taken_and_paid(ledger):
    proof = known(ledger)
    book: list[SignedVoucher] = []
    for units in (100, 250, 150):
        made = signing(ledger, units=units, book=book)
        assert look(made, proof, ledger.time, book, ledger.account("bukhara")).certain
        book.append(made)

    ledger.must("bukhara", redeem(*book))

    assert [each.voucher.sequence for each in book] == [0, 1, 2]


def test_a_share_of_one_s_own_is_certain_and_one_for_anybody_is_a_risk(ledger):
    own, shared = voucher(ledger, BUKHARA, 0, 10), voucher(ledger, ANYBODY, 0, 10, "bukhara")

    assert look(own, known(ledger), ledger.time, ()).certain
    assert not look(shared, known(ledger), ledger.time, ()).certain


@pytest.mark.parametrize("later", [False, True])
def test_it_is_to_be_redeemed_before_it_or_its_purse_ends(ledger, later):
    promised = purse(ledger).promised
    expiry = promised.deadline + 1 if later else ledger.time + 5

    verdict = look(voucher(ledger, BUKHARA, 0, 1, expiry=expiry), known(ledger), ledger.time, ())

    assert verdict.redeem_by == min(expiry, promised.deadline)


def test_what_is_left_counts_what_was_taken_and_what_was_paid(ledger):
    taken = [voucher(ledger, BUKHARA, number, 100) for number in range(3)]
    ledger.must("bukhara", redeem(taken[0]))

    verdict = look(voucher(ledger, BUKHARA, 9, 50), known(ledger), ledger.time, taken)

    assert verdict.left == SHARES[BUKHARA] - 350
    with pytest.raises(NotAcceptable, match="200 left, and it says 201"):
        look(voucher(ledger, BUKHARA, 9, 201), known(ledger), ledger.time, taken)
    assert look(voucher(ledger, BUKHARA, 9, 200), known(ledger), ledger.time, taken).left == 0


def changed(good, **changes: Any):  # noqa: ANN401 - any field
    """Alter a voucher after it was signed."""
    return SignedVoucher(structs.replace(good.voucher, **changes), good.signature)


def second(ledger):
    """Open another purse, and sign a voucher of it."""
    ledger.must("nairobi", opening(ledger, "q"))
    return voucher(ledger, BUKHARA, 0, 10, reference="q")


def paid(ledger, good):
    """Have a voucher paid before it is shown again."""
    ledger.must("bukhara", redeem(good))
    return good


SHOWN = {
    "for another network": lambda _, good: changed(good, network=bytes(8)),
    "of another purse": lambda it, _: second(it),
    "no such share": lambda _, good: changed(good, share=9),
    "not signed by its purse's key": lambda _, good: changed(good, units=11),
    "not signed": lambda it, _: voucher(it, BUKHARA, 0, 10, keys=keys_of("nairobi")),
    "it is for another payee": lambda it, _: voucher(it, LANZHOU, 0, 10),
    "its share is for another payee": lambda it, _: voucher(it, LANZHOU, 0, 10, "bukhara"),
    "has been paid": paid,
}


@pytest.mark.parametrize("said", SHOWN)
def test_what_is_not_to_be_taken_is_turned_down(ledger, said):
    shown = SHOWN[said](ledger, voucher(ledger, BUKHARA, 0, 10))

    with pytest.raises(NotAcceptable, match=said):
        look(shown, known(ledger), ledger.time, (), ledger.account("bukhara"))


@pytest.mark.parametrize(("units", "said"), [(10, "you took it already"), (11, "proof of fraud")])
def test_what_was_taken_before_is_turned_down(ledger, units, said):
    book = [voucher(ledger, BUKHARA, 0, units)]

    with pytest.raises(NotAcceptable, match=said):
        look(voucher(ledger, BUKHARA, 0, 10), known(ledger), ledger.time, book)


def test_a_voucher_is_not_taken_after_its_last_second(ledger):
    shown = voucher(ledger, BUKHARA, 0, 10)

    with pytest.raises(NotAcceptable, match="it has expired"):
        look(shown, known(ledger), shown.voucher.expiry + 1, ())


@pytest.mark.parametrize(("moment", "taken"), [(LIFE, True), (LIFE + 1, False)])
def test_a_voucher_is_taken_until_its_purse_ends(ledger, moment, taken):
    shown = voucher(ledger, BUKHARA, 0, 10, expiry=ledger.time + LIFE + GRACE)
    if taken:
        assert look(shown, known(ledger), ledger.time + moment, ()).certain
        return
    with pytest.raises(NotAcceptable, match="ended"):
        look(shown, known(ledger), ledger.time + moment, ())


def test_a_voucher_is_taken_in_its_last_second(ledger):
    shown = voucher(ledger, BUKHARA, 0, 10)

    assert look(shown, known(ledger), shown.voucher.expiry, ()).certain


def test_an_honest_phone_never_signs_more_than_was_set_aside(ledger):
    book = [signing(ledger, units=499)]

    with pytest.raises(NotToBeSigned, match="1 units left"):
        signing(ledger, units=2, book=book)
    assert signing(ledger, units=1, book=book).voucher.sequence == 1


def test_what_expired_unpaid_is_not_promised_again(ledger):
    book = [signing(ledger, units=499, expiry=ledger.time - 1)]

    with pytest.raises(NotToBeSigned, match="1 units left"):
        signing(ledger, units=2, book=book)


def test_a_newer_proof_counts_what_was_paid_once(ledger):
    book = [signing(ledger, units=300)]
    ledger.must("bukhara", redeem(*book))

    assert signing(ledger, units=200, book=book).voucher.sequence == 1
    with pytest.raises(NotToBeSigned, match="200 units left"):
        signing(ledger, units=201, book=book)


def test_a_phone_that_lost_its_book_does_not_take_numbers_that_were_paid(ledger):
    ledger.must("bukhara", redeem(voucher(ledger, BUKHARA, 0, 10), voucher(ledger, BUKHARA, 2, 10)))

    assert signing(ledger).voucher.sequence == 1


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"keys": keys_of("nairobi")}, "not the key"),
        ({"payee": b"lanzhou".ljust(20)}, "not for this payee"),
        ({"share": 3}, "not for this payee"),
        ({"expiry": 1_700_000_000 + LIFE + GRACE + 100}, "outlive its purse"),
    ],
)
def test_what_an_honest_phone_does_not_sign(ledger, changes, said):
    with pytest.raises(NotToBeSigned, match=said):
        signing(ledger, **changes)


def test_a_share_has_so_many_vouchers(ledger):
    book = [voucher(ledger, BUKHARA, number, 1) for number in range(256)]

    with pytest.raises(NotToBeSigned, match="All 256"):
        signing(ledger, units=1, book=book)
    assert signing(ledger, units=1, book=book[:-1]).voucher.sequence == 255


def test_a_payee_s_own_share_comes_before_anybody_s():
    one, two, three = (bytes([number]) * 20 for number in range(3))

    shares = (Share(None, 1), Share(one, 1), Share(two, 1))

    assert share_for(shares, two) == 2
    assert share_for(shares, three) == 0
    assert share_for(shares[1:], three) is None


def test_a_book_keeps_what_is_written_into_it(ledger, tmp_path):
    vouchers = [voucher(ledger, BUKHARA, number, 1) for number in range(3)]

    for each in vouchers:
        with Book(tmp_path / "book") as book:
            book.add(each)

    with Book(tmp_path / "book") as book:
        assert book.vouchers == vouchers
    assert (tmp_path / "book").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(("damage", "said"), [("cut", "line 2"), ("garbage", "line 3"), ("large", "more than")])
def test_a_damaged_book_is_not_used(ledger, tmp_path, damage, said):
    path = tmp_path / "book"
    lines = [voucher_text(voucher(ledger, BUKHARA, number, 1)) for number in range(2)]
    content = "\n".join(lines)
    path.write_text({"cut": content[:-9], "garbage": content + "\n\x00\n", "large": "x" * (5 << 20)}[damage])

    with pytest.raises(BookWrong, match=said):
        Book(path)


def test_two_do_not_write_into_a_book_at_once(tmp_path):
    import fcntl  # noqa: PLC0415
    import os  # noqa: PLC0415

    with Book(tmp_path / "book"):
        other = os.open(tmp_path / "book", os.O_RDWR)
        with pytest.raises(BlockingIOError):
            fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.close(other)
