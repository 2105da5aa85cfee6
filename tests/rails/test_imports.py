"""Files of payments: each fault with its ISO code and nothing paid; a file without one is paid once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

import pytest

from sogdia.kernel.values import UNITS_MAX
from sogdia.modules.identity.parties import SuspendParty
from sogdia.modules.money import Asset, balance
from sogdia.modules.money.currencies import AuthoriseHolder, FreezeHolder, OpenCurrency, SetCaps
from sogdia.modules.money.events import ReferenceGiven, Transferred
from sogdia.rails.importing import DONE, REFUSED, WOULD_DO, is_faultless, paid, rejected, tried
from sogdia.rails.initiation import read_initiation
from sogdia.rails.journal import Journal, JournalWrongError
from sogdia.rails.reasons import MessageRefused, Reason
from sogdia.rails.reports import report_message, unreadable_message
from sogdia.rails.spelling import spell_account
from sogdia.testing.ledger import Ledger
from tests.modules.money.issuing import at_most, impose
from tests.rails.door import Door
from tests.rails.files import SPACE, codes_in, file_of, transaction

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

DAY = 86_400
FUNDS = 100_000


@pytest.fixture
def ledger() -> Ledger:
    """A ledger on which Nairobi has a thousand dollars."""
    made = Ledger()
    made.fund("nairobi", FUNDS)
    return made


@pytest.fixture
def journal(tmp_path):
    """An empty journal."""
    with Journal(tmp_path / "journal") as opened:
        yield opened


def imported(raw: bytes, door: Door, journal: Journal) -> tuple[list[Any], bytes]:
    """Import as the command does: try all, and pay if there is no fault. Gives the outcomes and the report."""
    found = read_initiation(raw, door.ledger.network)
    outcomes = tried(found, door, journal)
    outcomes = paid(found, door, journal) if is_faultless(found, outcomes) else rejected(outcomes)
    return outcomes, report_message(found, outcomes, door.now, refusal=found.refusal)


# ---------------------------------------------------------------------------------------------------- hostile documents


def bomb(ledger):
    """A billion laughs: ten entities, each ten times the one before."""
    entities = '<!ENTITY a0 "ha">' + "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10))
    return file_of(ledger, transaction(ledger, end_to_end="&a9;"), before=f"<!DOCTYPE Document [{entities}]>")


def external(ledger):
    """An entity that is a file of the machine's."""
    entity = '<!DOCTYPE Document [<!ENTITY x SYSTEM "file:///etc/hostname">]>'
    return file_of(ledger, transaction(ledger, end_to_end="&x;"), before=entity)


HOSTILE: dict[str, tuple[Callable[[Ledger], bytes], Reason, str]] = {
    "a billion laughs": (bomb, Reason.FF01, "DOCTYPE"),
    "an external entity": (external, Reason.FF01, "DOCTYPE"),
    "an external DTD": (
        lambda ledger: file_of(ledger, before='<!DOCTYPE Document SYSTEM "http://192.0.2.1/x.dtd">'),
        Reason.FF01,
        "DOCTYPE",
    ),
    "a DTD without anything": (lambda ledger: file_of(ledger, before="<!DOCTYPE Document>"), Reason.FF01, "DOCTYPE"),
    "a processing instruction": (lambda ledger: file_of(ledger, before="<?php x?>"), Reason.FF01, "instructions"),
    "fifty megabytes": (lambda ledger: file_of(ledger, message="m" * 50_000_000), Reason.FF01, "Split it"),
    "a tower of elements": (lambda _ledger: b"<a>" * 200_000, Reason.FF01, "deep"),
    "a crowd of elements": (lambda _ledger: b"<a>" + b"<b/>" * 1_000_001 + b"</a>", Reason.FF01, "Split"),
    "another version": (lambda ledger: file_of(ledger, space=SPACE[:-2] + "03"), Reason.FF01, "pain.001.001.03"),
    "another namespace": (lambda ledger: file_of(ledger, space="urn:x"), Reason.FF01, "urn:x"),
    "no XML": (lambda _ledger: b"MsgId;CreDtTm\r\n", Reason.FF01, "no XML"),
    "nothing": (lambda _ledger: b"", Reason.FF01, "no XML"),
    "half a file": (lambda ledger: file_of(ledger)[:-20], Reason.FF01, "no XML"),
    "not UTF-8": (lambda ledger: file_of(ledger, message="Zürich", encoding="ISO-8859-1"), Reason.RR10, "UTF-8"),
    "another encoding that fits": (
        lambda ledger: file_of(ledger).replace(b"UTF-8", b"us-ascii"),
        Reason.RR10,
        "us-ascii",
    ),
    "UTF-16": (lambda ledger: file_of(ledger).decode().encode("utf-16"), Reason.RR10, "UTF-8"),
    "a negative amount": (lambda ledger: file_of(ledger, transaction(ledger, amount="-1.00")), Reason.FF01, "Line 1"),
    "an amount of 19 digits": (
        lambda ledger: file_of(ledger, transaction(ledger, amount="1" * 19)),
        Reason.FF01,
        "Line 1",
    ),
    "an amount with six digits behind the point": (
        lambda ledger: file_of(ledger, transaction(ledger, amount="1.123456")),
        Reason.FF01,
        "Line 1",
    ),
    "an amount that is none": (lambda ledger: file_of(ledger, transaction(ledger, amount="1e3")), Reason.FF01, "Line"),
    "an element that is not in the schema": (
        lambda ledger: file_of(ledger, transaction(ledger, more="<Tip>1</Tip>")),
        Reason.FF01,
        "Tip",
    ),
    "a UETR of another form": (
        lambda ledger: file_of(ledger, transaction(ledger, uetr="4e6f2c1a-93d4-1b7e-8c05-1f2a3b4c5d6e")),
        Reason.FF01,
        "UETR",
    ),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_what_cannot_be_read_is_refused_with_its_code_and_a_sentence(ledger, name):
    make, reason, word = HOSTILE[name]

    with pytest.raises(MessageRefused) as caught:
        read_initiation(make(ledger), ledger.network)

    assert caught.value.reason is reason
    assert word in caught.value.sentence
    assert codes_in(unreadable_message(caught.value, "x", ledger.time)) == [reason.value]


# ------------------------------------------------------------------------------------------------------ wrong payments


class Wrong(NamedTuple):
    """A payment that is refused: how, after what, and why."""

    reason: Reason
    payment: dict[str, Any]
    file: dict[str, Any] = {}  # noqa: RUF012 - nobody writes to a row of a table
    before: Callable[[Ledger], object] = bool


def named(who: str) -> Callable[[Ledger], str]:
    """Spell a party's account, once there is a ledger."""
    return lambda ledger: spell_account(ledger.account(who))


def freeze(ledger):
    """Let the bank freeze the payer's money."""
    ledger.must("bank", FreezeHolder(currency="USD", account=ledger.account("nairobi"), reason="Asked by a court"))


def suspend(ledger):
    """Let the registrar enter a payer and suspend it."""
    account = ledger.register("momo")
    ledger.fund("momo", FUNDS)
    ledger.must("registrar", SuspendParty(account=account, reason="No papers"))


def list_holders(ledger):
    """Let the bank issue euros for those on its list alone, of whom the payer is one."""
    ledger.must("bank", OpenCurrency(currency="EUR", supply_max=10**9, holder_max=10**9, by_authorisation=True))
    ledger.must("bank", AuthoriseHolder(currency="EUR", account=ledger.account("nairobi")))
    ledger.fund("nairobi", FUNDS, "EUR")


def cap(ledger):
    """Let nobody have more than the payer has."""
    ledger.fund("bukhara", FUNDS - 1_000)
    ledger.must("bank", SetCaps(currency="USD", supply_max=10**9, holder_max=FUNDS))


def remittance(*lines: str) -> str:
    """Remittance lines of a payment."""
    return f"<RmtInf>{''.join(f'<Ustrd>{each}</Ustrd>' for each in lines)}</RmtInf>"


OTHER_NETWORK = "<SchmeNm><Prtry>SOGDIA</Prtry></SchmeNm><Issr>0011223344556677</Issr>"

WRONG: dict[str, Wrong] = {
    "zero": Wrong(Reason.AM01, {"amount": "0.00"}),
    "three digits for a currency that has two": Wrong(Reason.AM12, {"amount": "1.005"}),
    "three digits, the last of them zero": Wrong(Reason.AM12, {"amount": "1.500"}),
    "a digit for a currency without any": Wrong(Reason.AM12, {"amount": "100.5", "currency": "JPY"}),
    "a currency that there is not": Wrong(Reason.AM11, {"currency": "XXY"}),
    "a currency that ISO has withdrawn": Wrong(Reason.AM11, {"currency": "DEM"}),
    "money that this issuer does not issue": Wrong(Reason.AM03, {"currency": "EUR"}),
    "more than can exist": Wrong(Reason.AM02, {"amount": str(UNITS_MAX // 100 + 1)}),
    "more than the payer has": Wrong(Reason.AM04, {"amount": "1000.01"}),
    "a payee who is not there": Wrong(Reason.AC03, {"creditor": spell_account(bytes(20))}),
    "a payee with wrong check digits": Wrong(Reason.AC03, {"creditor": spell_account(b"x" * 20)[:-2] + "00"}),
    "a payee in another spelling": Wrong(Reason.AC03, {"creditor": "DE89370400440532013000"}),
    "oneself": Wrong(Reason.AC03, {"creditor": named("nairobi")}),
    "a payee who may not hold it": Wrong(Reason.AG01, {"currency": "EUR"}, before=list_holders),
    "more than the payee may have": Wrong(Reason.AM14, {"amount": "10.01"}, before=cap),
    "a frozen payer": Wrong(Reason.AC06, {}, before=freeze),
    "a suspended payer": Wrong(Reason.AC06, {}, {"debtor": named("momo")}, before=suspend),
    "a payer without a key here": Wrong(Reason.DS0H, {}, {"debtor": named("lanzhou")}),
    "a payer with wrong check digits": Wrong(Reason.AC02, {}, {"debtor": "0" * 34}),
    "an account of another network": Wrong(Reason.AC02, {}, {"scheme": OTHER_NETWORK}),
    "an account by another scheme": Wrong(Reason.AC02, {}, {"scheme": "<SchmeNm><Cd>BBAN</Cd></SchmeNm>"}),
    "an account in another currency": Wrong(Reason.AC10, {}, {"account": "<Ccy>KWD</Ccy>"}),
    "an issuer with wrong check digits": Wrong(Reason.AGNT, {}, {"issuer": "0" * 34}),
    "a day that has not come": Wrong(Reason.DT01, {}, {"day": "2023-11-15"}),
    "a day that has passed": Wrong(Reason.DT01, {}, {"day": "2023-11-12"}),
    "a year that nobody lives to see": Wrong(Reason.DT01, {}, {"day": "9999-12-31"}),
    "a cheque": Wrong(Reason.FF03, {}, {"method": "CHK"}),
    "a purpose of one's own": Wrong(Reason.FF07, {"purpose": "<Purp><Prtry>silk</Prtry></Purp>"}),
    "a purpose in small letters": Wrong(Reason.FF07, {"purpose": "<Purp><Cd>gdds</Cd></Purp>"}),
    "an exchange": Wrong(Reason.AG03, {"before": "<XchgRateInf><XchgRate>1.1</XchgRate></XchgRateInf>"}),
    "an ultimate creditor": Wrong(Reason.AG03, {"more": "<UltmtCdtr><Nm>A. Nother</Nm></UltmtCdtr>"}),
    "another agent for the payee": Wrong(
        Reason.AG03,
        {"agent": f"<CdtrAgt><FinInstnId><Othr><Id>{spell_account(bytes(20))}</Id></Othr></FinInstnId></CdtrAgt>"},
    ),
    "more at once than its limits let a payer pay": Wrong(Reason.AM02, {}, before=impose(limits=at_most(1_249, 5_000))),
    "more in a day than its limits let a payer pay": Wrong(
        Reason.AM14, {}, before=impose(limits=at_most(1_250, 1_249))
    ),
    "no travel-rule reference for so much": Wrong(Reason.RR04, {}, before=impose(reference_from=1_250)),
    "a travel-rule reference that is none": Wrong(Reason.RR04, {"after": remittance("TRAVEL-RULE/12ab")}),
    "two travel-rule references": Wrong(Reason.RR04, {"after": remittance(*[f"TRAVEL-RULE/{'7' * 64}"] * 2)}),
    "a reference that turns the text around": Wrong(Reason.RR10, {"end_to_end": "abc\u202edef"}),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_payment_that_cannot_be_made_is_told_with_its_code_and_nothing_is_paid(ledger, journal, name):
    wrong = WRONG[name]
    wrong.before(ledger)
    payment, of_file = (
        {key: each(ledger) if callable(each) else each for key, each in given.items()}
        for given in (wrong.payment, wrong.file)
    )
    raw = file_of(ledger, transaction(ledger, **payment), **of_file)
    before, door = ledger.root, Door(ledger, "nairobi", "momo")

    outcomes, report = imported(raw, door, journal)

    assert codes_in(report) == [wrong.reason.value]
    assert [each.answer.status for each in outcomes] == [REFUSED]
    assert (door.sent, ledger.root) == (0, before)


def test_the_largest_amount_that_is_allowed_is_paid(ledger, journal):
    door = Door(ledger, "nairobi")

    outcomes, _report = imported(file_of(ledger, transaction(ledger, amount="1000.00")), door, journal)

    assert [each.answer.status for each in outcomes] == [DONE]
    assert balance(ledger.state, ledger.account("bukhara"), ledger.asset()).available == FUNDS


@pytest.mark.parametrize(("count", "total", "reason"), [(2, "", "AM18"), (1, "12.51", "AM10"), (0, "", "AM18")])
def test_counts_and_sums_that_do_not_fit_stop_the_whole_file(ledger, journal, count, total, reason):
    door = Door(ledger, "nairobi")

    _outcomes, report = imported(file_of(ledger, count=count, sum=total), door, journal)

    assert codes_in(report)[0] == reason
    assert door.sent == 0


def test_two_batches_of_one_name_are_refused(ledger, journal):
    raw = file_of(ledger, count=2)
    batch = raw[raw.index(b"<PmtInf>") : raw.index(b"</CstmrCdtTrfInitn>")]
    twice = raw.replace(b"</CstmrCdtTrfInitn>", batch.replace(b"silk-17", b"silk-18") + b"</CstmrCdtTrfInitn>")

    _outcomes, report = imported(twice, Door(ledger, "nairobi"), journal)

    assert codes_in(report)[0] == "FF01"


def test_one_fault_stops_the_file_and_the_others_are_told_so(ledger, journal):
    door = Door(ledger, "nairobi")
    raw = file_of(
        ledger,
        transaction(ledger, end_to_end="one"),
        transaction(ledger, end_to_end="two", amount="0"),
        transaction(ledger, end_to_end="three"),
    )

    outcomes, report = imported(raw, door, journal)

    assert codes_in(report) == ["NARR", "AM01", "NARR"]
    assert [each.answer.status for each in outcomes] == [REFUSED] * 3
    assert door.sent == 0


def test_payments_that_are_too_much_together_are_refused_from_the_first_that_is_too_much(ledger, journal):
    raw = file_of(
        ledger,
        transaction(ledger, end_to_end="one", amount="600.00"),
        transaction(ledger, end_to_end="two", amount="400.01"),
        transaction(ledger, end_to_end="three", amount="400.00"),
    )

    _outcomes, report = imported(raw, Door(ledger, "nairobi"), journal)

    assert codes_in(report) == ["NARR", "AM04", "NARR"]


def test_a_reference_that_stands_twice_in_a_file_is_refused(ledger, journal):
    raw = file_of(ledger, transaction(ledger), transaction(ledger, amount="1.00"))

    _outcomes, report = imported(raw, Door(ledger, "nairobi"), journal)

    assert codes_in(report) == ["NARR", "AM05"]


# ------------------------------------------------------------------------------------------------------------ paid once


def paid_to_bukhara(ledger: Ledger) -> int:
    """What Bukhara has got."""
    return balance(ledger.state, ledger.account("bukhara"), ledger.asset()).available


def test_a_file_is_paid_as_it_says(ledger, journal):
    raw = file_of(ledger, transaction(ledger), transaction(ledger, end_to_end="rent", amount="7.05", purpose=""))

    outcomes, report = imported(raw, Door(ledger, "nairobi"), journal)

    assert codes_in(report) == []
    assert [each.answer.status for each in outcomes] == [DONE, DONE]
    assert paid_to_bukhara(ledger) == 1_250 + 705


def test_the_transfer_carries_purpose_reference_and_money(ledger, journal):
    door = Door(ledger, "nairobi")

    imported(file_of(ledger), door, journal)

    ((fact,),) = (receipt.events for receipt in door.receipts.values())
    assert fact == Transferred(
        asset=Asset("USD", ledger.account("bank")),
        payer=ledger.account("nairobi"),
        payee=ledger.account("bukhara"),
        units=1_250,
        purpose="GDDS",
        end_to_end="silk-17",
    )


def test_the_same_file_again_pays_nothing_again(ledger, journal):
    door = Door(ledger, "nairobi")
    imported(file_of(ledger), door, journal)

    outcomes, _report = imported(file_of(ledger), door, journal)

    assert [each.answer.status for each in outcomes] == [DONE]
    assert paid_to_bukhara(ledger) == 1_250


def test_on_another_machine_the_ledger_itself_turns_the_same_file_down(ledger, tmp_path):
    door = Door(ledger, "nairobi")
    with Journal(tmp_path / "here") as here:
        imported(file_of(ledger), door, here)

    with Journal(tmp_path / "there") as there:
        _outcomes, report = imported(file_of(ledger), door, there)

    assert codes_in(report) == ["AM05"]
    assert paid_to_bukhara(ledger) == 1_250


def test_the_same_reference_for_another_amount_is_refused(ledger, journal):
    door = Door(ledger, "nairobi")
    imported(file_of(ledger), door, journal)

    _outcomes, report = imported(file_of(ledger, transaction(ledger, amount="12.51")), door, journal)

    assert codes_in(report) == ["AM05"]
    assert paid_to_bukhara(ledger) == 1_250


def test_the_same_reference_in_another_message_is_another_payment(ledger, journal):
    door = Door(ledger, "nairobi")
    imported(file_of(ledger), door, journal)

    imported(file_of(ledger, message="m2"), door, journal)

    assert paid_to_bukhara(ledger) == 2_500


def test_after_a_crash_before_sending_the_noted_envelope_is_sent(ledger, tmp_path):
    class Crashed(Exception):  # noqa: N818 - what happened
        pass

    class Crashing(Door):
        def send(self, _envelopes: list[bytes]) -> NoReturn:
            raise Crashed

    with Journal(tmp_path / "journal") as journal, pytest.raises(Crashed):
        imported(file_of(ledger), Crashing(ledger, "nairobi"), journal)
    with (tmp_path / "journal").open("ab") as stream:
        stream.write(b'{"debtor":"half a li')
    ledger.time += 3_600

    with Journal(tmp_path / "journal") as journal:
        outcomes, _report = imported(file_of(ledger, day="2023-11-14"), Door(ledger, "nairobi"), journal)

    assert [each.answer.status for each in outcomes] == [DONE]
    assert paid_to_bukhara(ledger) == 1_250


def test_after_the_last_day_nothing_that_was_noted_can_be_paid(ledger, tmp_path):
    with Journal(tmp_path / "journal") as journal:
        raw = file_of(ledger)
        found = read_initiation(raw, ledger.network)
        door = Door(ledger, "nairobi")
        door.send = lambda _envelopes: iter(())  # type: ignore[method-assign,assignment]
        with pytest.raises(ValueError, match="argument"):
            paid(found, door, journal)
    ledger.time += 3 * DAY

    with Journal(tmp_path / "journal") as journal:
        outcomes, report = imported(raw, Door(ledger, "nairobi"), journal)

    assert codes_in(report) == ["TM01"]
    assert [each.answer.status for each in outcomes] == [REFUSED]
    assert paid_to_bukhara(ledger) == 0


def test_a_journal_has_one_user_at_a_time(tmp_path: Path):
    with Journal(tmp_path / "journal"), pytest.raises(JournalWrongError, match="another import"):
        Journal(tmp_path / "journal")


def test_a_journal_that_somebody_has_changed_is_not_used(tmp_path: Path):
    (tmp_path / "journal").write_bytes(b"[]\n")

    with pytest.raises(JournalWrongError, match="line 1"):
        Journal(tmp_path / "journal")


def test_a_uetr_that_came_with_a_file_is_found_again(ledger, journal):
    uetr = "4e6f2c1a-93d4-4b7e-8c05-1f2a3b4c5d6e"
    door = Door(ledger, "nairobi")

    imported(file_of(ledger, transaction(ledger, uetr=uetr)), door, journal)

    noted = journal.by_uetr(uetr)
    assert noted is not None
    assert [noted.envelope] == list(door.receipts)


def test_what_the_ledger_does_not_carry_is_named(ledger):
    raw = file_of(ledger, transaction(ledger, after=remittance("Invoice 17")))

    (item,) = read_initiation(raw, ledger.network).items

    assert item.not_carried == ("RmtInf",)
    assert item.wish is not None


def test_a_travel_rule_reference_goes_with_the_payment_and_is_carried(ledger, journal):
    impose(reference_from=1_250)(ledger)
    door = Door(ledger, "nairobi")
    raw = file_of(ledger, transaction(ledger, after=remittance(f"TRAVEL-RULE/{'7a' * 32}")))

    ((outcome,), _report) = imported(raw, door, journal)

    assert (outcome.answer.status, outcome.item.not_carried) == (DONE, ())
    ((paid_, given),) = (receipt.events for receipt in door.receipts.values())
    assert isinstance(paid_, Transferred)
    assert isinstance(given, ReferenceGiven)
    assert given.travel_reference == bytes.fromhex("7a" * 32)


def test_another_travel_rule_reference_is_another_wish(ledger, journal):
    """Under one EndToEndId of one message only one of the two can be paid."""
    door = Door(ledger, "nairobi")
    files = [
        file_of(ledger, transaction(ledger, after=remittance(f"TRAVEL-RULE/{digit * 64}"))) for digit in ("7", "8")
    ]

    imported(files[0], door, journal)
    _outcomes, report = imported(files[1], door, journal)

    assert codes_in(report) == [Reason.AM05]


def test_trying_sends_and_notes_nothing(ledger, journal):
    door, before = Door(ledger, "nairobi"), ledger.root

    outcomes = tried(read_initiation(file_of(ledger), ledger.network), door, journal)

    assert [each.answer.status for each in outcomes] == [WOULD_DO]
    assert (door.sent, ledger.root) == (0, before)
    assert journal.find("m1", outcomes[0].item.wish) is None
