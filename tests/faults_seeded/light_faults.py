"""Faults of the light client, each caught by its cases or by the anchors."""

from __future__ import annotations

from tools.seeded_faults import Fault

VERIFY = "client/light/verify.py"
STEPS = ("tests/client/light/test_verify.py",)
ANCHORS = ("tests/client/light/test_anchor.py",)
VALUES = ("tests/client/light/test_comet.py",)

LIGHT_FAULTS = (
    Fault(
        "Two thirds are enough for a header",
        "kernel/comet.py",
        "return part * denominator > whole * numerator",
        "return part * denominator >= whole * numerator",
        STEPS,
    ),
    Fault(
        "Half of its own set is enough for a header",
        VERIFY,
        "is_over(own, 2, 3, whole)",
        "is_over(own, 1, 2, whole)",
        STEPS,
    ),
    Fault(
        "A fourth of the trusted is enough", VERIFY, "is_over(known, 1, 3, whole)", "is_over(known, 1, 4, whole)", STEPS
    ),
    Fault(
        "Votes for no block count",
        "kernel/comet.py",
        "    return sum(each.power for each, vote in voted if vote is not None and vote.flag == COMMIT)",
        "    return sum(each.power for each, vote in voted if vote is not None)",
        STEPS,
    ),
    Fault("Trust lasts a nanosecond too long", VERIFY, "trusting_period <= now:", "trusting_period < now:", STEPS),
    Fault(
        "A header may have the time of the trusted one", VERIFY, "and trust.height > 0)", "and trust.height < 0)", STEPS
    ),
    Fault("A header may be a nanosecond too far ahead", VERIFY, "header.time >= now +", "header.time > now +", STEPS),
    Fault("Trust may go back", VERIFY, "if header.height <= trust.height:", "if not header.height:", STEPS),
    Fault(
        "The announced set is not asked for",
        VERIFY,
        "if header.validators_hash != trust.next_validators_hash:",
        "if not header.validators_hash:",
        STEPS,
    ),
    Fault(
        "Any set goes with a header",
        VERIFY,
        "if validators_hash(block.validators) != header.validators_hash:",
        "if not header.validators_hash:",
        STEPS,
    ),
    Fault("A set may name one twice", VERIFY, "in block.validators}) != ", "in block.validators}) > ", STEPS),
    Fault(
        "A set may weigh more than any", VERIFY, "if whole > TOTAL_POWER_MAX:", "if whole > TOTAL_POWER_MAX * 2:", STEPS
    ),
    Fault(
        "Votes may be for another block", VERIFY, "if block_hash != commit.block_id.hash:", "if not block_hash:", STEPS
    ),
    Fault(
        "A commit may be of another height",
        VERIFY,
        "if commit.height != header.height:",
        "if not commit.height:",
        STEPS,
    ),
    Fault(
        "A header of another chain is taken",
        VERIFY,
        "if header.chain_id != chain_id:",
        "if not header.chain_id:",
        STEPS,
    ),
    Fault(
        "No signature is checked",
        VERIFY,
        "if not verify(ED25519, validator.public, message, vote.signature):",
        "if not vote.signature:",
        STEPS,
    ),
    Fault("Another header than the named one is trusted", VERIFY, "if block_hash != wanted:", "if not wanted:", STEPS),
    Fault(
        "The app hash is not opened",
        "client/light/anchor.py",
        "if app_hash(anchor.state) != header.app_hash:",
        "if not header.app_hash:",
        ANCHORS,
    ),
    Fault(
        "A fork raises no alarm",
        "client/light/store.py",
        "if trust_in(other).hash != trust_in(block).hash:",
        "if not trust_in(other).hash:",
        ANCHORS,
    ),
    Fault(
        "A genesis is not put into order",
        "client/light/roots.py",
        "in_order(CometValidator(",
        "tuple(CometValidator(",
        ANCHORS,
    ),
    Fault(
        "A vote by another than its place is read",
        "kernel/comet_answers.py",
        "if bytes.fromhex(vote.validator_address) != address_of(key):",
        "if not vote.block_id_flag:",
        VALUES,
    ),
)
