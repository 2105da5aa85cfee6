"""Faults in who may sign, and for whom: keys, passkeys, recovery, mandates and one-time codes."""

from __future__ import annotations

from tools.seeded_faults import Fault

APPEALS = ("tests/modules/identity/test_appeals.py",)
IDENTITY = ("tests/modules/identity/test_refusals.py",)
KEYS = ("tests/modules/identity/test_keys.py",)
MANDATES = ("tests/kernel/test_mandates.py",)
PASSKEY = ("tests/kernel/test_passkey.py",)
RECOVERY = ("tests/modules/identity/test_recovery.py",)
SIGNATURE = ("tests/kernel/test_signature.py",)

AUTHORITY_FAULTS = (
    Fault(
        "A key counts a second longer than it says",
        "kernel/admission.py",
        "key.valid_until is not None and time > key.valid_until",
        "key.valid_until is not None and time > key.valid_until + 1",
        KEYS,
    ),
    Fault(
        "The old keys count while a recovery falls due",
        "kernel/admission.py",
        "party.recovers_at is not None and time > party.recovers_at",
        "party.recovers_at is not None and time > party.recovers_at + 1",
        RECOVERY,
    ),
    Fault(
        "One heavy key hides a light one",
        "kernel/admission.py",
        "enough = enough and key.weight >= party.thresholds.keys",
        "enough = key.weight >= party.thresholds.keys or enough",
        KEYS,
    ),
    Fault(
        "A key for a veto agrees to what others ask",
        "kernel/admission.py",
        "Level.ANY_KEY if len(weights) == 1 else Level.EVERYDAY",
        "Level.ANY_KEY",
        RECOVERY,
    ),
    Fault(
        "Weights of two accounts are one",
        "kernel/admission.py",
        "weights[signer.account] = weights.get(signer.account, 0)",
        "weights[signer.account] = sum(weights.values())",
        KEYS,
    ),
    Fault(
        "The limit itself is of high value",
        "kernel/accounts.py",
        "return units > limit.units",
        "return units >= limit.units",
        KEYS,
    ),
    Fault(
        "Money without a limit is never of high value",
        "kernel/accounts.py",
        "    return units > 0\n",
        "    return False\n",
        KEYS,
    ),
    Fault(
        "A passkey need not verify its user",
        "kernel/passkey.py",
        "_require(flags & USER_VERIFIED,",
        "_require(flags | USER_VERIFIED,",
        PASSKEY,
    ),
    Fault(
        "A passkey's origin need only begin as one of the network's",
        "kernel/passkey.py",
        'said.get("origin") in rules.origins',
        'str(said.get("origin")).startswith(rules.origins)',
        PASSKEY,
    ),
    Fault(
        "A passkey covers any message",
        "kernel/passkey.py",
        'said.get("challenge") == challenge_of(message)',
        'said.get("challenge")',
        PASSKEY,
    ),
    Fault(
        "Another site may use a passkey",
        "kernel/passkey.py",
        'said.get("crossOrigin") in (None, False)',
        'said.get("crossOrigin") != "true"',
        PASSKEY,
    ),
    Fault(
        "A member may stand twice",
        "kernel/client_data.py",
        "        if name in members:\n",
        "        if name is None:\n",
        PASSKEY,
    ),
    Fault(
        "High s is refused",
        "kernel/p256.py",
        "0 < s < ORDER",
        "0 < s <= ORDER >> 1",
        (*PASSKEY, *SIGNATURE),
    ),
    Fault(
        "A mandate spends its cap again with each operation",
        "kernel/mandates.py",
        "left = cap.per_period - spent[place]",
        "left = cap.per_period",
        MANDATES,
    ),
    Fault(
        "A mandate's cap is a unit higher",
        "kernel/mandates.py",
        "units <= cap.per_operation",
        "units <= cap.per_operation + 1",
        MANDATES,
    ),
    Fault(
        "A mandate's period never ends",
        "kernel/mandates.py",
        "(time - mandate.valid_from) // mandate.period",
        "0 * mandate.period",
        MANDATES,
    ),
    Fault(
        "A mandate holds a second longer",
        "kernel/mandates.py",
        "time <= mandate.valid_until",
        "time <= mandate.valid_until + 1",
        MANDATES,
    ),
    Fault(
        "A code opens a mandate for ever",
        "kernel/mandates.py",
        "structs.replace(after, consent_given=False)",
        "after",
        MANDATES,
    ),
    Fault(
        "A recovery leaves mandates as they are",
        "kernel/mandates.py",
        "mandate.recoveries == party.recoveries and not due",
        "not due",
        (*RECOVERY, *MANDATES),
    ),
    Fault(
        "A party can lock itself out by waiting",
        "modules/identity/keys.py",
        "sum(key.weight for key in keys if key.valid_until is None)",
        "sum(key.weight for key in keys)",
        IDENTITY,
    ),
    Fault(
        "A new key is proven for any number",
        "modules/identity/keys.py",
        "account, number, key.scheme, key.public)\n        signed",
        "account, party.next_key, key.scheme, key.public)\n        signed",
        KEYS,
    ),
    Fault(
        "Proposals outlive a change of keys",
        "modules/identity/keys.py",
        "        drop_recoveries(ctx, ctx.sender)\n",
        "",
        RECOVERY,
    ),
    Fault(
        "One guardian fewer suffices",
        "modules/identity/recovery.py",
        "len(recovery.approvals) < needed",
        "len(recovery.approvals) < needed - 1",
        RECOVERY,
    ),
    Fault(
        "A guardian approves twice",
        "modules/identity/recovery.py",
        "require(ctx.sender not in recovery.approvals,",
        "require(recovery.approvals,",
        IDENTITY,
    ),
    Fault(
        "A vetoed recovery still ends the old keys",
        "modules/identity/recovery.py",
        "        if recovery.begun:\n            party",
        "        if not recovery.begun:\n            party",
        RECOVERY,
    ),
    Fault(
        "A registrar begins the time of an appeal anew",
        "modules/identity/appeals.py",
        "deadline = ctx.time + appeal.left",
        "deadline = ctx.time + 14 * 86_400",
        APPEALS,
    ),
    Fault(
        "Anybody's code opens a mandate",
        "modules/identity/mandates.py",
        "require(mandate.agent == ctx.sender,",
        "require(mandate.agent,",
        (*IDENTITY, *MANDATES),
    ),
    Fault(
        "A code serves every agent of the party that made it",
        "modules/identity/mandates.py",
        'len(mandate).to_bytes(1, "big") + mandate + code',
        "mandate[:20] + code",
        MANDATES,
    ),
    Fault(
        "A used code can be used again",
        "modules/identity/mandates.py",
        "CONSENTS.put(ctx.state, self.to, Consents(end=self.code))",
        "CONSENTS.put(ctx.state, self.to, chain)",
        MANDATES,
    ),
)
