"""Envelopes as they come over the wire: one spelling is right, and everything else is refused with a number."""

from __future__ import annotations

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from sogdia.kernel.envelope import DOMAIN, OPERATIONS_MAX, SIGNERS_MAX, Predecessor, Signature, Signer
from sogdia.kernel.parameters import Limits
from sogdia.kernel.refusal import Refused
from sogdia.kernel.refusals import KernelRefusal as Refuse
from sogdia.kernel.signature import ED25519
from sogdia.modules.market.orders import OrderLine, PlaceOrder
from sogdia.modules.money.transfers import Transfer
from sogdia.testing.ledger import Ledger
from tests.kernel.wire import body_of, envelope, other_spellings, pack, pay, seal, signed_by, tree_of

LIMITS = Limits()
LEDGER = Ledger()
GOOD = envelope(LEDGER)
BODY, SIGNATURES = 0, 1
NETWORK, EXPIRY, NOT_BEFORE, AFTER, SALT, SIGNERS, OPERATIONS = range(7)


def refusal_of(raw: bytes, limits: Limits = LIMITS) -> Refuse | None:
    """The number with which bytes are refused, or nothing when they are an envelope."""
    try:
        LEDGER.machine.envelopes.open(raw, limits)
    except Refused as refused:
        assert isinstance(refused.code, Refuse)  # noqa: PT017 - what is asserted is the kind of the number
        return refused.code
    return None


def changed(*path: int, to: object):
    """The good envelope with one element replaced."""
    tree = tree_of(GOOD)
    place = tree
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = to
    return pack(tree)


def lists_in(tree, path=()):
    """The paths of all lists in an envelope."""
    if isinstance(tree, list):
        yield path
        for at, child in enumerate(tree):
            yield from lists_in(child, (*path, at))


LISTS = list(lists_in(tree_of(GOOD)))


# -------------------------------------------------------------------------------------------------------- what is right


def test_a_good_envelope_is_read_as_it_was_written():
    signed = LEDGER.sign(["nairobi", "bank"], pay(LEDGER), structs.replace(pay(LEDGER, 2), signer=1))

    opened = LEDGER.machine.envelopes.open(signed.raw, LIMITS)

    assert opened.id == signed.id
    assert opened.raw == signed.raw
    assert [operation.units for operation in opened.body.operations] == [1, 2]
    assert [signer.account for signer in opened.body.signers] == [LEDGER.account("nairobi"), LEDGER.account("bank")]


def test_the_id_is_the_hash_of_the_network_and_the_body_alone():
    body = body_of(LEDGER)
    raw_body, _identity = LEDGER.maker.codec.build(body)
    nobody = seal(LEDGER, body, signatures=lambda _identity: [Signature(ED25519, bytes(64))])

    opened = LEDGER.machine.envelopes.open(nobody, LIMITS)

    assert opened.id == sha256(b"sogdia/tx" + LEDGER.network + raw_body).digest()
    assert DOMAIN == b"sogdia/tx"
    assert LEDGER.machine.envelopes.open(seal(LEDGER, body), LIMITS).id == opened.id


def test_a_signed_order_of_two_lines_fits_in_175_bytes():
    order = PlaceOrder(
        reference="A7",
        merchant=LEDGER.account("bukhara"),
        lines=(OrderLine("s1", 1, 3), OrderLine("b2", 2, 12)),
        pay_at_most=25_000,
    )

    signed = LEDGER.sign("nairobi", order)

    assert len(signed.raw) <= 175


# ---------------------------------------------------------------------------------------------------------- what is not


@pytest.mark.parametrize("size", range(len(GOOD)))
def test_an_envelope_cut_off_at_any_byte_is_refused(size):
    assert refusal_of(GOOD[:size]) == Refuse.ENVELOPE_MALFORMED


@pytest.mark.parametrize("behind", [b"\x00", b"\xc0", b"\x90", GOOD])
def test_bytes_behind_an_envelope_are_refused(behind):
    assert refusal_of(GOOD + behind) == Refuse.ENVELOPE_MALFORMED


@pytest.mark.parametrize(
    "raw",
    [b"", b"\x00", b"\xc0", b"\xc1", b"\x80", b"\x90", b"\x91\xc0", b"\x92\xc0\xc0", b"null", b"{}", b"\xff" * 100],
    ids=repr,
)
def test_bytes_that_are_no_envelope_at_all_are_refused(raw):
    assert refusal_of(raw) == Refuse.ENVELOPE_MALFORMED


@pytest.mark.parametrize("spelling", [pytest.param(raw, id=name) for name, raw in other_spellings(tree_of(GOOD))])
def test_a_second_spelling_of_the_same_envelope_is_refused(spelling):
    assert refusal_of(spelling) == Refuse.ENVELOPE_MALFORMED


def test_there_were_second_spellings_of_every_kind():
    names = {name.rsplit("/", 1)[-1] for name, _raw in other_spellings(tree_of(GOOD))}

    assert names == {
        *(f"unsigned {bits}" for bits in (8, 16, 32, 64)),
        *(f"signed {bits}" for bits in (8, 16, 32, 64)),
        *(f"length {bits}" for bits in (8, 16, 32)),
        "float",
        "text",
        "map",
    }


@pytest.mark.parametrize("path", LISTS, ids=repr)
@pytest.mark.parametrize("extra", [None, 0, b"", "", []], ids=repr)
def test_a_field_too_many_is_refused_wherever_it_stands(path, extra):
    tree = tree_of(GOOD)
    place = tree
    for step in path:
        place = place[step]
    place.append(extra)

    assert refusal_of(pack(tree)) in (Refuse.ENVELOPE_MALFORMED, Refuse.SIGNATURES_DO_NOT_FIT)


@pytest.mark.parametrize("path", [path for path in LISTS if path != (BODY, AFTER)], ids=repr)
def test_a_field_too_few_is_refused_wherever_it_is_missing(path):
    tree = tree_of(GOOD)
    place = tree
    for step in path:
        place = place[step]
    place.pop()

    assert refusal_of(pack(tree)) in (Refuse.ENVELOPE_MALFORMED, Refuse.SIGNATURES_DO_NOT_FIT)


@pytest.mark.parametrize("mark", [b"\x91", b"\x81\xa1a", b"\xdc\x00\x01", b"\x81\x90", b"\xc7\x01\x05\x91"])
@pytest.mark.parametrize("place", ["alone", "for the body", "for an operation", "for a signature"])
def test_deep_nesting_is_refused(mark, place):
    deep = mark * (60_000 // len(mark)) + b"\xc0"
    raw = {
        "alone": deep,
        "for the body": b"\x92" + deep + pack(tree_of(GOOD)[SIGNATURES]),
        "for an operation": changed(BODY, OPERATIONS, 0, to="?" * 31).replace(b"\xbf" + b"?" * 31, deep),
        "for a signature": changed(SIGNATURES, 0, to="?" * 31).replace(b"\xbf" + b"?" * 31, deep),
    }[place]

    assert deep in raw
    assert refusal_of(raw) == Refuse.ENVELOPE_MALFORMED


@pytest.mark.parametrize("mark", [0xC6, 0xDB, 0xDD, 0xDF, 0xC9])
@pytest.mark.parametrize("length", [0x7FFFFFFF, 0xFFFFFFFF])
def test_a_length_that_promises_gigabytes_is_refused_wherever_it_stands(mark, length):
    head = bytes((mark,)) + length.to_bytes(4, "big")

    refusals = {refusal_of(GOOD[:at] + head + GOOD[at + 5 :]) for at in range(len(GOOD))}

    # Inside a signature or a reference the bytes are content like any other.
    assert refusals <= {Refuse.ENVELOPE_MALFORMED, Refuse.NETWORK_WRONG, Refuse.OPERATION_UNKNOWN, None}


@given(st.binary(max_size=400))
def test_random_bytes_are_refused(raw):
    assert refusal_of(raw) is not None


@given(st.data())
def test_damaged_envelopes_are_refused_or_are_envelopes_in_their_one_spelling(data):
    raw = bytearray(GOOD)
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(raw) - 1))
        kind = data.draw(st.sampled_from(("change", "insert", "drop")))
        if kind == "drop" and len(raw) > 1:
            del raw[at]
        elif kind == "insert":
            raw.insert(at, data.draw(st.integers(0, 255)))
        else:
            raw[at] = data.draw(st.integers(0, 255))

    try:
        opened = LEDGER.machine.envelopes.open(bytes(raw), LIMITS)
    except Refused:
        return  # by the kernel, or by the damaged operation's own check of its fields
    again, _identity = LEDGER.maker.codec.build(opened.body)
    assert LEDGER.maker.codec.seal(again, opened.signatures) == bytes(raw)


# --------------------------------------------------------------------------------------------------- operations unknown


@pytest.mark.parametrize("tag", [0, 1, 199, 299, 499, 65_536, -1, 2**63 - 1, -(2**63), 2**64 - 1])
def test_an_operation_that_this_version_does_not_know_has_a_number_of_its_own(tag):
    raw = changed(BODY, OPERATIONS, 0, to=[tag, 0, None, "something", [1, 2]])

    assert refusal_of(raw) == Refuse.OPERATION_UNKNOWN


def test_an_unknown_operation_is_found_behind_known_ones():
    good = tree_of(GOOD)[BODY][OPERATIONS][0]

    assert refusal_of(changed(BODY, OPERATIONS, to=[good, [777, 0, None]])) == Refuse.OPERATION_UNKNOWN


@pytest.mark.parametrize("operation", [[], ["303"], [None], [True, 0, None], [303.0, 0, None], 303, {}, {"tag": 303}])
def test_an_operation_without_a_number_is_malformed(operation):
    assert refusal_of(changed(BODY, OPERATIONS, 0, to=operation)) == Refuse.ENVELOPE_MALFORMED


# ----------------------------------------------------------------------------------------------------- bounds of fields


@pytest.mark.parametrize(
    ("path", "value", "refusal"),
    [
        ((BODY, NETWORK), bytes(8), Refuse.NETWORK_WRONG),
        ((BODY, NETWORK), LEDGER.network[:7], Refuse.ENVELOPE_MALFORMED),
        ((BODY, NETWORK), LEDGER.network[:9], Refuse.ENVELOPE_MALFORMED),
        ((BODY, EXPIRY), 0, None),
        ((BODY, EXPIRY), -1, Refuse.ENVELOPE_MALFORMED),
        ((BODY, EXPIRY), 2**32 - 1, None),
        ((BODY, EXPIRY), 2**32, Refuse.ENVELOPE_MALFORMED),
        ((BODY, EXPIRY), 2**64 - 1, Refuse.ENVELOPE_MALFORMED),
        ((BODY, EXPIRY), None, Refuse.ENVELOPE_MALFORMED),
        ((BODY, EXPIRY), True, Refuse.ENVELOPE_MALFORMED),
        ((BODY, NOT_BEFORE), 0, None),
        ((BODY, NOT_BEFORE), 2**32 - 1, None),
        ((BODY, NOT_BEFORE), 2**32, Refuse.ENVELOPE_MALFORMED),
        ((BODY, NOT_BEFORE), -1, Refuse.ENVELOPE_MALFORMED),
        ((BODY, AFTER), [[bytes(31) + bytes((n,)), 0] for n in range(4)], None),
        ((BODY, AFTER), [[bytes(31) + bytes((n,)), 0] for n in range(5)], Refuse.ENVELOPE_MALFORMED),
        ((BODY, AFTER), [[bytes(31), 0]], Refuse.ENVELOPE_MALFORMED),
        ((BODY, AFTER), [[bytes(33), 0]], Refuse.ENVELOPE_MALFORMED),
        ((BODY, AFTER), [[bytes(32), 2**32 - 1]], None),
        ((BODY, AFTER), [[bytes(32), 2**32]], Refuse.ENVELOPE_MALFORMED),
        ((BODY, AFTER), None, Refuse.ENVELOPE_MALFORMED),
        ((BODY, SALT), bytes(7), Refuse.ENVELOPE_MALFORMED),
        ((BODY, SALT), bytes(9), Refuse.ENVELOPE_MALFORMED),
        ((BODY, SIGNERS), [], Refuse.ENVELOPE_MALFORMED),
        ((BODY, SIGNERS, 0, 0), bytes(19), Refuse.ENVELOPE_MALFORMED),
        ((BODY, SIGNERS, 0, 0), bytes(21), Refuse.ENVELOPE_MALFORMED),
        ((BODY, SIGNERS, 0, 1), 65_535, None),
        ((BODY, SIGNERS, 0, 1), 65_536, Refuse.ENVELOPE_MALFORMED),
        ((BODY, SIGNERS, 0, 1), -1, Refuse.ENVELOPE_MALFORMED),
        ((BODY, OPERATIONS), [], Refuse.ENVELOPE_MALFORMED),
        ((BODY, OPERATIONS, 0, 1), 1, Refuse.SIGNER_INDEX_WRONG),
        ((BODY, OPERATIONS, 0, 1), 15, Refuse.SIGNER_INDEX_WRONG),
        ((BODY, OPERATIONS, 0, 1), 16, Refuse.ENVELOPE_MALFORMED),
        ((BODY, OPERATIONS, 0, 1), -1, Refuse.ENVELOPE_MALFORMED),
        ((BODY, OPERATIONS, 0, 2), bytes(20), Refuse.ENVELOPE_MALFORMED),
        ((BODY, OPERATIONS, 0, 2), bytes(37), Refuse.ENVELOPE_MALFORMED),
        ((SIGNATURES, 0, 0), 0, Refuse.ENVELOPE_MALFORMED),
        ((SIGNATURES, 0, 0), 4, Refuse.ENVELOPE_MALFORMED),
        ((SIGNATURES, 0, 1), bytes(63), Refuse.ENVELOPE_MALFORMED),
        ((SIGNATURES, 0, 1), bytes(65), Refuse.ENVELOPE_MALFORMED),
        ((SIGNATURES, 0, 2), b"", Refuse.EXTRA_NOT_ALLOWED),
        ((SIGNATURES, 0, 2), bytes(1_024), Refuse.EXTRA_NOT_ALLOWED),
        ((SIGNATURES, 0, 2), bytes(1_025), Refuse.ENVELOPE_MALFORMED),
        ((SIGNATURES,), [], Refuse.SIGNATURES_DO_NOT_FIT),
    ],
    ids=repr,
)
def test_the_parts_of_an_envelope_have_bounds(path, value, refusal):
    assert refusal_of(changed(*path, to=value)) == refusal


@pytest.mark.parametrize(("count", "refusal"), [(1, None), (OPERATIONS_MAX, None), (17, Refuse.ENVELOPE_MALFORMED)])
def test_an_envelope_holds_1_to_16_operations(count, refusal):
    assert refusal_of(envelope(LEDGER, *[pay(LEDGER)] * count)) == refusal


@pytest.mark.parametrize(("count", "refusal"), [(1, None), (SIGNERS_MAX, None), (17, Refuse.ENVELOPE_MALFORMED)])
def test_an_envelope_has_1_to_16_signers(count, refusal):
    signers = tuple(Signer(bytes(19) + bytes((n,)), 0) for n in range(count))
    body = body_of(LEDGER, signers=signers)
    raw = seal(LEDGER, body, signatures=lambda _identity: [Signature(ED25519, bytes(64))] * count)

    assert refusal_of(raw) == refusal


@pytest.mark.parametrize(("room", "refusal"), [(1, None), (0, None), (-1, Refuse.ENVELOPE_TOO_LARGE)])
def test_an_envelope_may_have_as_many_bytes_as_the_network_allows(room, refusal):
    assert refusal_of(GOOD, Limits(envelope_bytes_max=len(GOOD) + room)) == refusal


def test_an_envelope_too_large_is_refused_before_it_is_read():
    assert refusal_of(b"\x91" * 65_537) == Refuse.ENVELOPE_TOO_LARGE


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("end_to_end", b"\xff\xfe\xfd"),
        ("end_to_end", b"\xed\xa0\x80"),
        ("end_to_end", b"\xc0\x80"),
    ],
    ids=repr,
)
def test_text_that_is_not_utf_8_is_refused(field, value):
    fields = list(Transfer.__struct_fields__)
    good = pack(getattr(pay(LEDGER), field))
    raw = pack(tree_of(GOOD)[BODY][OPERATIONS][0])

    assert fields[-1] == field
    assert raw.endswith(good)
    broken = raw[: -len(good)] + bytes((0xA0 + len(value),)) + value
    assert refusal_of(GOOD.replace(raw, broken)) == Refuse.ENVELOPE_MALFORMED


# ---------------------------------------------------------------------------------------------- who is named, and twice


def test_an_account_is_listed_once():
    raw = envelope(LEDGER, who=("nairobi", "nairobi"))

    assert refusal_of(raw) == Refuse.SIGNER_REPEATED


def test_a_predecessor_is_named_once():
    same = bytes(32)
    raw = envelope(LEDGER, after=(Predecessor(same, 5), Predecessor(same, 6)))

    assert refusal_of(raw) == Refuse.PREDECESSOR_REPEATED


@pytest.mark.parametrize("who", [(), ("nairobi",), ("nairobi", "bank", "carrier")])
def test_there_is_one_signature_a_signer(who):
    body = body_of(LEDGER, who=("nairobi", "bank"))

    assert refusal_of(seal(LEDGER, body, signatures=signed_by(LEDGER, *who))) == Refuse.SIGNATURES_DO_NOT_FIT


def test_a_refusal_of_bytes_names_the_field_and_the_way_out():
    with pytest.raises(Refused) as refused:
        LEDGER.machine.envelopes.open(changed(BODY, EXPIRY, to=-1), LIMITS)

    assert "`int` >= 0" in str(dict(refused.value.facts)["reason"])
    assert str(refused.value).startswith("101 ENVELOPE_MALFORMED: The bytes are not the canonical form")
