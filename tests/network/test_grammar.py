"""The order of calls: what CometBFT may do is heard in silence, what it may not is named."""

import pytest

from sogdia.engine.cometbft.grammar import Call, Grammar, OrderWrongError

INIT = (Call.INFO, 0), (Call.INIT_CHAIN, 0)


def heard(start, *calls: tuple[Call, int]):
    grammar = Grammar(start)
    for call, height in calls:
        grammar.hear(call, height)
    return grammar


def a_block(height):
    return (
        (Call.PREPARE_PROPOSAL, height),
        (Call.PROCESS_PROPOSAL, height),
        (Call.FINALIZE_BLOCK, height),
        (Call.COMMIT, 0),
    )


def test_a_clean_start_and_two_heights():
    heard(0, *INIT, *a_block(1), *a_block(2))


def test_several_rounds_and_none():
    rounds = [(Call.PROCESS_PROPOSAL, 1), (Call.PREPARE_PROPOSAL, 1), (Call.PROCESS_PROPOSAL, 1)]

    heard(0, *INIT, *rounds, (Call.FINALIZE_BLOCK, 1), (Call.COMMIT, 0), (Call.FINALIZE_BLOCK, 2), (Call.COMMIT, 0))


def test_recovery_goes_on_where_it_was():
    heard(7, (Call.INFO, 0), (Call.FINALIZE_BLOCK, 8), (Call.COMMIT, 0), (Call.INFO, 0), *a_block(9))


def test_a_snapshot_before_the_first_block():
    grammar = heard(0, (Call.INFO, 0), (Call.OFFER_SNAPSHOT, 0), (Call.APPLY_SNAPSHOT_CHUNK, 0))
    grammar.restored(100)

    for call, height in a_block(101):
        grammar.hear(call, height)


@pytest.mark.parametrize(
    ("start", "calls", "why"),
    [
        (0, [(Call.FINALIZE_BLOCK, 1)], "InitChain has not been called"),
        (0, [*INIT, (Call.INIT_CHAIN, 0)], "committed already"),
        (3, [(Call.INIT_CHAIN, 0)], "committed already"),
        (3, [(Call.OFFER_SNAPSHOT, 0)], "committed already"),
        (3, [(Call.COMMIT, 0)], "no block has been finalized"),
        (3, [(Call.FINALIZE_BLOCK, 5)], "it is for height 5, and 3 is committed"),
        (3, [(Call.FINALIZE_BLOCK, 3)], "it is for height 3, and 3 is committed"),
        (3, [(Call.FINALIZE_BLOCK, 4), (Call.FINALIZE_BLOCK, 5)], "finalized and not committed"),
        (3, [(Call.FINALIZE_BLOCK, 4), (Call.PROCESS_PROPOSAL, 5)], "finalized and not committed"),
        (3, [(Call.PREPARE_PROPOSAL, 5)], "it is for height 5"),
        (3, [*a_block(4), (Call.COMMIT, 0)], "no block has been finalized"),
    ],
)
def test_what_may_not_come_is_named(start, calls, why):
    with pytest.raises(OrderWrongError, match=why):
        heard(start, *calls)


def test_no_snapshot_is_restored_that_was_not_offered():
    with pytest.raises(OrderWrongError, match="no snapshot was offered"):
        heard(0, *INIT).restored(5)
