"""Any set of keys, any of them signing: admitted exactly when what a child would add up is enough."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from sogdia.client.keys import derive
from sogdia.kernel.accounts import PARTIES, HighValueLimit, Key, Thresholds
from sogdia.kernel.refusals import KernelRefusal as Refuse
from sogdia.modules.identity.keys import SetHighValueLimits
from sogdia.modules.identity.recovery import VetoRecovery
from sogdia.modules.identity.refusals import IdentityRefusal
from sogdia.modules.money import asset_key
from sogdia.testing.ledger import START, Ledger
from tests.kernel.wire import pay
from tests.refused import poke

LEDGER = Ledger()
LEDGER.check_invariants = False
LEDGER.fund("nairobi", 10**9)
PAIRS = [derive(b"weights", str(number)) for number in range(5)]
LIMIT = 100

KEYS = st.tuples(st.integers(1, 9), st.sampled_from([None, START - 1, START]))


@settings(max_examples=150, deadline=None)
@given(
    keys=st.lists(KEYS, min_size=1, max_size=5),
    thresholds=st.tuples(*[st.integers(1, 12)] * 3).map(sorted),
    wish=st.sampled_from(["pay a little", "pay much", "set limits", "veto", "veto and pay"]),
    data=st.data(),
)
def test_an_envelope_is_admitted_exactly_when_its_keys_weigh_enough(keys, thresholds, wish, data):
    signing = data.draw(st.lists(st.integers(0, len(keys) - 1), min_size=1, unique=True))
    account = LEDGER.account("nairobi")
    party = structs.replace(
        PARTIES.must(LEDGER.state, account),
        keys=tuple(Key(at, 1, PAIRS[at].public, weight, until) for at, (weight, until) in enumerate(keys)),
        thresholds=Thresholds(*thresholds),
        next_key=len(keys),
        high_value=(HighValueLimit(asset_key(LEDGER.asset()), LIMIT),),
    )
    poke(LEDGER, PARTIES, account, party)
    for at in signing:
        LEDGER.second_key("nairobi", f"key {at}", PAIRS[at], at)
    operations = {
        "pay a little": (pay(LEDGER, LIMIT),),
        "pay much": (pay(LEDGER, LIMIT + 1),),
        "set limits": (SetHighValueLimits(limits=()),),
        "veto": (VetoRecovery(guardian=bytes(20)),),
        "veto and pay": (VetoRecovery(guardian=bytes(20)), pay(LEDGER, 1)),
    }[wish]

    (answer,) = LEDGER.block(LEDGER.sign([f"key {at}" for at in signing], *operations))

    expired = any(keys[at][1] == START - 1 for at in signing)
    weight = sum(keys[at][0] for at in signing)
    needed = dict(zip(("pay a little", "pay much", "set limits"), thresholds, strict=True))
    needed |= {"veto": 1, "veto and pay": thresholds[0]}
    if expired:
        assert answer.code == Refuse.KEY_EXPIRED
    elif weight < needed[wish]:
        assert answer.code == Refuse.WEIGHT_TOO_LOW
    else:
        assert answer.code == (IdentityRefusal.RECOVERY_UNKNOWN if "veto" in wish else 0)
