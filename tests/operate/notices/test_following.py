"""From blocks to people: who hears what, when, how often; shown on a real node."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from sogdia.client.codes import account_code
from sogdia.kernel.values import name_of
from sogdia.modules import ALL
from sogdia.modules.identity.appeals import AppealSuspension
from sogdia.modules.identity.parties import SuspendParty
from sogdia.modules.identity.recovery import SetGuardians
from sogdia.modules.market.orders import AcceptOrder, ConfirmDelivery, SettleOrder, ShipOrder
from sogdia.modules.market.records import OrderState
from sogdia.modules.market.returns import RefuseReturn, RequestReturn, TakeUnexchanged
from sogdia.modules.money.holds import PlaceHold
from sogdia.operate.notices.following import Notices
from sogdia.operate.notices.sending import Failure, NotSentError, Parcel
from sogdia.operate.notices.store import Store
from sogdia.operate.notices.texts import TEXTS
from sogdia.operate.notices.watched import EXITS, WARNED_BESIDE_THE_CARRIER, WARNED_CARRIER, WATCHED
from sogdia.settings.sections import NoticesSettings
from tests.modules.identity.key_refusals import proposal
from tests.modules.market.backed import backed, delivered, sent_back
from tests.modules.market.shop import BUYER, MERCHANT, open_order, place, quantities
from tests.operate.notices.trade_node import trading

if TYPE_CHECKING:
    from pathlib import Path

HOUR = 3_600
DAY = 24 * HOUR
LEAD = DAY


class Heard:
    """A channel that remembers what was sent, and fails as the test wants."""

    def __init__(self) -> None:
        """Begin with nothing heard."""
        self.parcels: list[tuple[str, Parcel]] = []
        self.fails: list[BaseException] = []

    def send(self, address: str, parcel: Parcel) -> None:
        """Take a notice."""
        if self.fails:
            raise self.fails.pop(0)
        self.parcels.append((address, parcel))

    def take(self) -> list[tuple[str, str]]:
        """Give whom what was said since the last time: the address, and due or news."""
        taken, self.parcels = self.parcels, []
        return sorted((address, "due" if parcel.urgent else "news") for address, parcel in taken)


class Desk:
    """Notices with a file, a channel and a clock of their own."""

    def __init__(self, folder: Path, **settings: Any) -> None:  # noqa: ANN401 - any settings
        """Keep everything in `folder`."""
        self.wall = 1_000.0
        self.heard = Heard()
        self.folder = folder
        self.settings = NoticesSettings(folder=str(folder), lead_seconds=LEAD, **settings)
        self.open()

    def open(self) -> None:
        """Open the file, perhaps again."""
        self.store = Store(self.folder)
        self.notices = Notices(self.store, {"mail": self.heard}, self.settings, wall=lambda: self.wall)

    def tell(self, trade, *names: str, language: str = "en") -> None:
        """Subscribe parties under their names."""
        for name in names:
            self.store.subscribe(
                trade.account(name), "mail", f"{name}@example.org", language, int(self.wall), consented=True
            )

    def round(self, trade) -> list[tuple[str, str]]:
        """Work once and give what was heard."""
        self.notices.round(trade.client)
        return self.heard.take()


@pytest.fixture
def desk(tmp_path):
    made = Desk(tmp_path / "notices")
    yield made
    made.store.close()


@pytest.fixture
def trade(tmp_path):
    with trading(tmp_path / "node") as made:
        yield made


def at(*names: str, what: str) -> list[tuple[str, str]]:
    return sorted((f"{name}@example.org", what) for name in names)


# -------------------------------------------------------------------------------------------------- nothing is missed


def test_every_declared_exit_is_watched_and_has_its_texts():
    assert {each.table.number for module in ALL for each in module.exits} == set(WATCHED) == set(EXITS)
    for watched in WATCHED.values():
        for language in TEXTS.values():
            assert {f"{watched.called}_due", f"{watched.called}_news"} <= set(language)


def test_every_state_of_an_order_says_whom_its_deadline_concerns():
    assert set(WARNED_BESIDE_THE_CARRIER) == set(OrderState)
    assert set(OrderState) >= WARNED_CARRIER
    assert {state for state, warned in WARNED_BESIDE_THE_CARRIER.items() if not warned} == {
        OrderState.CLOSING,
        OrderState.REFUNDING,
    }


def test_what_is_watched_is_what_the_ledgers_own_calendar_holds(desk, trade):
    order = place(trade)
    hold = PlaceHold(
        reference="h1", payee=trade.account(MERCHANT), asset=trade.asset(), units=500, deadline=trade.time + 9 * DAY,
        purpose="GDDS",
    )  # fmt: skip
    steps = (
        (BUYER, hold),
        (MERCHANT, AcceptOrder(order=order)),
        (MERCHANT, ShipOrder(order=order)),
        ("carrier", ConfirmDelivery(order=order)),
        (BUYER, RequestReturn(order=order, lines=quantities((1, 1)))),
        (MERCHANT, RefuseReturn(order=order)),
    )
    for who, operation in steps:
        trade.must(who, operation)
        desk.round(trade)
        assert desk.store.deadlines() == trade.node.calendar()
        assert len(desk.store.deadlines()) >= 1

    for seconds in (60 * DAY, 1):
        trade.go_to(trade.time + seconds)
        desk.round(trade)
        assert desk.store.deadlines() == trade.node.calendar()
    assert desk.store.deadlines() == {}


# ----------------------------------------------------------------------------------------------------------- warnings


@pytest.mark.parametrize(
    ("steps", "window", "warned"),
    [
        (0, 2 * DAY, (BUYER, MERCHANT)),
        (1, 7 * DAY, (BUYER, MERCHANT)),
        (2, 45 * DAY, (BUYER, MERCHANT, "carrier")),
        (3, 14 * DAY, (BUYER, MERCHANT)),
        (4, 7 * DAY, (BUYER, MERCHANT)),
        (5, 14 * DAY, (BUYER, MERCHANT)),
    ],
    ids=["accept", "ship", "deliver", "return", "answer", "agree"],
)
def test_everybody_concerned_is_warned_once_before_an_orders_exit(tmp_path, trade, steps, window, warned):
    desk = Desk(tmp_path / "notices", news=False)
    desk.tell(trade, BUYER, MERCHANT, "carrier", "platform")
    order = place(trade)
    operations = (
        (MERCHANT, AcceptOrder(order=order)),
        (MERCHANT, ShipOrder(order=order)),
        ("carrier", ConfirmDelivery(order=order)),
        (BUYER, RequestReturn(order=order, lines=quantities((1, 1)))),
        (MERCHANT, RefuseReturn(order=order)),
    )
    for who, operation in operations[:steps]:
        trade.must(who, operation)
    start = trade.time

    trade.go_to(start + window - LEAD - 1)
    assert desk.round(trade) == []
    trade.go_to(start + window - LEAD)
    assert desk.round(trade) == at(*warned, what="due")
    trade.go_to(start + window - 10)
    assert desk.round(trade) == []
    desk.store.close()


def test_the_end_of_a_wait_for_a_rate_is_told_and_not_every_try(tmp_path):
    desk = Desk(tmp_path / "notices")
    with trading(tmp_path / "node", backed) as trade:
        desk.tell(trade, BUYER, MERCHANT, "carrier")
        order = delivered(trade)
        sent_back(trade, order, (1, 1))
        until = open_order(trade, order).deadline
        assert desk.round(trade)

        for _ in range(3):
            tried = open_order(trade, order).tries_at
            trade.go_to(tried + 1)
            assert open_order(trade, order).tries_at > tried
            assert desk.round(trade) == []
        trade.go_to(until - LEAD)
        assert desk.round(trade) == at(BUYER, MERCHANT, what="due")
        trade.go_to(until - HOUR)
        assert desk.round(trade) == []
        trade.must(BUYER, TakeUnexchanged(order=order))
        desk.round(trade)
        assert desk.store.deadlines() == trade.node.calendar()
    desk.store.close()


def test_both_sides_of_a_hold_are_warned(desk, trade):
    desk.tell(trade, BUYER, MERCHANT, "carrier")
    deadline = trade.time + 3 * DAY
    trade.must(
        BUYER,
        PlaceHold(
            reference="h",
            payee=trade.account(MERCHANT),
            asset=trade.asset(),
            units=5,
            deadline=deadline,
            purpose="GDDS",
        ),
    )

    assert desk.round(trade) == at(MERCHANT, what="news")
    trade.go_to(deadline - LEAD)
    assert desk.round(trade) == at(BUYER, MERCHANT, what="due")
    trade.go_to(deadline + 1)
    assert desk.round(trade) == at(BUYER, MERCHANT, what="news")


def test_a_window_shorter_than_the_lead_is_warned_of_at_once(tmp_path):
    desk = Desk(tmp_path / "notices", news=False)
    with trading(tmp_path / "node", market={"windows": {"accept": HOUR}}) as trade:
        desk.tell(trade, MERCHANT)
        place(trade)

        assert desk.round(trade) == at(MERCHANT, what="due")
    desk.store.close()


def test_each_new_deadline_is_warned_of_anew(tmp_path, trade):
    desk = Desk(tmp_path / "notices", news=False)
    desk.tell(trade, MERCHANT)
    order = place(trade)
    trade.go_to(trade.time + DAY)
    assert desk.round(trade) == at(MERCHANT, what="due")

    trade.must(MERCHANT, AcceptOrder(order=order))
    assert desk.round(trade) == []
    trade.go_to(trade.time + 6 * DAY)
    assert desk.round(trade) == at(MERCHANT, what="due")
    desk.store.close()


def test_who_subscribes_late_is_warned_of_what_is_near_and_nobody_twice(tmp_path, trade):
    desk = Desk(tmp_path / "notices", news=False)
    desk.tell(trade, MERCHANT)
    place(trade)
    trade.go_to(trade.time + DAY)
    assert desk.round(trade) == at(MERCHANT, what="due")

    desk.tell(trade, BUYER)

    assert desk.round(trade) == at(BUYER, what="due")
    desk.store.close()


def test_a_warning_that_could_not_leave_in_time_is_dropped(tmp_path, trade):
    desk = Desk(tmp_path / "notices", news=False)
    desk.tell(trade, MERCHANT)
    place(trade)
    trade.go_to(trade.time + DAY)
    desk.heard.fails = [NotSentError(Failure.AGAIN, "full")]
    assert desk.round(trade) == []

    trade.go_to(trade.time + 2 * DAY)
    desk.wall += DAY

    assert desk.round(trade) == []
    assert desk.store.count()["waiting"] == 0
    desk.store.close()


def test_a_warning_of_a_deadline_that_has_moved_is_dropped(tmp_path, trade):
    desk = Desk(tmp_path / "notices", news=False)
    desk.tell(trade, MERCHANT)
    order = place(trade)
    trade.go_to(trade.time + DAY)
    desk.heard.fails = [NotSentError(Failure.AGAIN, "busy")]
    desk.round(trade)
    assert desk.store.count()["waiting"] == 1

    trade.must(MERCHANT, AcceptOrder(order=order))
    desk.wall += desk.settings.retry_seconds

    assert desk.round(trade) == []
    assert desk.store.count()["waiting"] == 0
    desk.store.close()


def test_who_confirms_late_is_warned_of_what_is_near(tmp_path, trade):
    desk = Desk(tmp_path / "notices", news=False)
    asked = desk.store.subscribe(trade.account(MERCHANT), "mail", "m@example.org", "en", 1_000, consented=False)
    place(trade)
    trade.go_to(trade.time + DAY)
    assert desk.round(trade) == [("m@example.org", "news")]

    assert desk.store.confirm(trade.account(MERCHANT), str(asked.confirm), 1_001)

    assert desk.round(trade) == [("m@example.org", "due")]
    desk.store.close()


# --------------------------------------------------------------------------------------------------------------- news


def test_the_other_side_hears_of_each_step_and_nobody_of_their_own(desk, trade):
    desk.tell(trade, BUYER, MERCHANT, "carrier")

    order = place(trade)
    assert desk.round(trade) == at("carrier", MERCHANT, what="news")
    trade.must(MERCHANT, AcceptOrder(order=order))
    assert desk.round(trade) == at("carrier", BUYER, what="news")
    trade.must(MERCHANT, ShipOrder(order=order))
    trade.must("carrier", ConfirmDelivery(order=order))
    assert set(desk.round(trade)) == set(at(BUYER, MERCHANT, "carrier", what="news"))
    trade.must(BUYER, SettleOrder(order=order))
    assert desk.round(trade) == at("carrier", MERCHANT, what="news")
    assert desk.round(trade) == []


def test_an_exit_is_news_to_all(desk, trade):
    desk.tell(trade, BUYER, MERCHANT)
    place(trade)
    desk.round(trade)

    trade.go_to(trade.time + 2 * DAY + 1)

    assert desk.round(trade) == at(BUYER, MERCHANT, what="news")


def test_old_news_are_no_news(desk, trade):
    place(trade)
    trade.go_to(trade.time + DAY + 1)
    desk.tell(trade, MERCHANT)

    assert desk.round(trade) == at(MERCHANT, what="due")


def test_a_notice_tells_the_code_and_the_moment_and_nothing_else(desk, trade):
    desk.tell(trade, MERCHANT, language="ru")
    place(trade)
    trade.go_to(trade.time + DAY)
    desk.notices.round(trade.client)

    due, news = sorted(desk.heard.parcels, key=lambda each: not each[1].urgent)
    assert due[1].text.body == (
        "Посмотрите заказ name-"
        + due[1].text.body.partition("name-")[2].partition(" ")[0]
        + " до 2023-11-16 22:13 UTC. После этого он пойдёт дальше по правилам."
    )
    for _address, parcel in (due, news):
        words = parcel.text.subject + parcel.text.body
        assert not any(part in words for part in ("silk", "bowl", "9159", "91.59", "USD", BUYER, MERCHANT))


# ------------------------------------------------------------------------------------------------ nothing is lost


def test_work_goes_on_where_it_ended(desk, trade):
    desk.tell(trade, MERCHANT)
    place(trade)
    assert desk.round(trade) == at(MERCHANT, what="news")
    desk.store.close()
    desk.open()

    assert desk.round(trade) == []
    place(trade, reference="o2")
    assert desk.round(trade) == at(MERCHANT, what="news")


def test_what_ends_between_sending_and_writing_it_down_is_sent_again_under_the_same_id(desk, trade):
    desk.tell(trade, MERCHANT)
    place(trade)
    begun: list[str] = []

    def ends_here(notice: str) -> None:
        begun.append(notice)
        raise KeyboardInterrupt

    done = desk.store.done
    desk.store.done = ends_here
    with pytest.raises(KeyboardInterrupt):
        desk.notices.round(trade.client)
    desk.store.done = done
    assert desk.round(trade) == at(MERCHANT, what="news")
    desk.wall += desk.settings.retry_seconds - 1
    assert desk.round(trade) == []

    desk.wall += 1
    desk.notices.round(trade.client)

    assert [parcel.id for _address, parcel in desk.heard.parcels] == begun


def test_failures_are_tried_again_ever_later_and_then_given_up(tmp_path, trade):
    desk = Desk(tmp_path / "notices", attempts_max=3, retry_seconds=60)
    desk.tell(trade, MERCHANT)
    place(trade)
    desk.heard.fails = [NotSentError(Failure.AGAIN, "busy") for _ in range(3)]
    desk.notices.round(trade.client)
    attempts = []
    for second in range(1, 400):
        desk.wall = 1_000.0 + second
        before = len(desk.heard.fails)
        desk.notices.round(trade.client)
        if len(desk.heard.fails) < before:
            attempts.append(second)

    assert attempts == [60, 60 + 120]
    assert desk.heard.take() == []
    assert desk.store.count()["waiting"] == 0
    desk.store.close()


def test_a_channel_that_trips_over_one_notice_keeps_no_other_back(desk, trade):
    desk.tell(trade, MERCHANT, "carrier")
    place(trade)
    desk.heard.fails = [UnicodeError("zarina@example.org")]

    assert len(desk.round(trade)) == 1
    assert desk.store.count()["waiting"] == 1


def test_an_address_that_is_gone_is_forgotten(desk, trade):
    desk.tell(trade, MERCHANT)
    place(trade)
    desk.heard.fails = [NotSentError(Failure.GONE, "410")]

    assert desk.round(trade) == []
    assert desk.store.count() == {"subscriptions": 0, "unconfirmed": 0, "objects": 1, "waiting": 0}


def test_notices_of_one_network_are_not_mixed_with_another(desk, trade, tmp_path):
    desk.round(trade)
    with trading(tmp_path / "other", name="other") as other, pytest.raises(Exception, match="belong to the network"):
        desk.notices.round(other.client)


def test_a_name_with_an_account_of_no_subscriber_costs_nothing(desk, trade):
    place(trade)

    assert desk.round(trade) == []
    assert list(desk.store.deadlines()) == [bytes((44,)) + name_of(trade.account(BUYER), "o1")]


def test_a_suspended_party_and_whoever_watches_hear_of_an_appeal(desk, trade):
    account = trade.register("samarkand")
    trade.must("registrar", SuspendParty(account=account, reason="Papers missing"))
    desk.tell(trade, "samarkand")
    trade.must("samarkand", AppealSuspension())
    desk.round(trade)
    (deadline,) = trade.node.calendar().values()

    assert desk.store.deadlines() == trade.node.calendar()
    trade.go_to(deadline - LEAD)
    assert desk.round(trade) == at("samarkand", what="due")
    trade.go_to(deadline + 1)
    assert desk.round(trade) == at("samarkand", what="news")
    assert desk.store.deadlines() == trade.node.calendar() == {}


def test_a_party_hears_that_others_propose_keys_for_it_while_it_can_stop_them(desk, trade):
    party = trade.account(BUYER)
    trade.must(BUYER, SetGuardians(guardians=(trade.account(MERCHANT),), needed=1))
    desk.tell(trade, BUYER)
    trade.must(MERCHANT, proposal(trade))

    assert desk.round(trade) == at(BUYER, what="news")
    assert desk.store.deadlines() == trade.node.calendar()
    (deadline,) = trade.node.calendar().values()
    trade.go_to(deadline - LEAD)
    desk.notices.round(trade.client)
    ((_address, parcel),) = desk.heard.parcels
    assert account_code(party) in parcel.text.body
    trade.go_to(deadline + 1)
    desk.round(trade)
    assert desk.store.deadlines() == trade.node.calendar() == {}
