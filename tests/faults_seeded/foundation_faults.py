"""Faults in the kernel, in identity and in money: admission, deadlines, quotas, paths, keys, caps, payees."""

from __future__ import annotations

from tools.seeded_faults import Fault

ADMISSION = ("tests/kernel/test_admission.py", "tests/kernel/test_predecessors.py")
BLINDING = ("tests/kernel/test_blinding.py",)
CALENDAR = ("tests/kernel/test_calendar.py",)
ENVELOPE = ("tests/kernel/test_envelope.py",)
HISTORY = ("tests/kernel/test_history.py", "tests/scenarios")
MERKLE = ("tests/kernel/test_merkle.py",)
QUOTA = ("tests/kernel/test_quota.py",)
SPENT = ("tests/kernel/test_spent.py",)
IDENTITY = ("tests/modules/identity",)
CURRENCIES = ("tests/modules/money/test_currencies.py", "tests/modules/money/test_refusals.py")
HOLDS = ("tests/modules/money/test_holds.py", "tests/modules/money/test_refusals.py")
TRANSFERS = ("tests/modules/money/test_transfers.py", "tests/modules/money/test_refusals.py")
DEADLINES = ("tests/modules/market/test_deadlines.py",)
LATE = ("tests/modules/market/test_late_refunds.py",)
LIFE = ("tests/modules/market/test_order_life.py",)
PLACING = ("tests/modules/market/test_placing.py",)
RETURNS = ("tests/modules/market/test_returns.py",)
STORAGE = ("tests/modules/market/test_storage.py",)

KERNEL_FAULTS = (
    Fault(
        "Records have no blind",
        "kernel/tree.py",
        "sha256(blinding + key_hash).digest()[:BLIND_BYTES]",
        "bytes(BLIND_BYTES)",
        BLINDING,
    ),
    Fault(
        "A record's blind changes with its value",
        "kernel/tree.py",
        "front = self.pairs[place + 1][:FRONT_BYTES]\n",
        "front = NO_FACE + sha256(blinding + value).digest()[:BLIND_BYTES]\n",
        BLINDING,
    ),
    Fault(
        "Receipts have the blind of a network without a secret",
        "kernel/machine.py",
        "blind = receipt_blind(self._secret, envelope.id)",
        "blind = receipt_blind(NO_SECRET, envelope.id)",
        BLINDING,
    ),
    Fault(
        "Any secret is that of any genesis",
        "kernel/blinding.py",
        "return secret == NO_SECRET if commitment is None else commitment_to(secret) == commitment",
        "return len(secret) == SECRET_BYTES",
        BLINDING,
    ),
    Fault(
        "A value may be all face",
        "kernel/proof_checks.py",
        "FRONT_BYTES + stored[0] >= len(stored)",
        "FRONT_BYTES + stored[0] > len(stored)",
        ("tests/independent/test_checker.py",),
    ),
    Fault(
        "A deadline's exit comes a second early",
        "kernel/machine.py",
        "if due is None or due[0] >= self.time:",
        "if due is None or due[0] > self.time:",
        DEADLINES,
    ),
    Fault(
        "An operation at the deadline finds its object gone",
        "kernel/machine.py",
        "if deadline is not None and deadline < self.time:",
        "if deadline is not None and deadline <= self.time:",
        DEADLINES,
    ),
    Fault(
        "A refused envelope leaves its first operations behind",
        "kernel/machine.py",
        "            state.undo(start)\n            return Receipt(int(refused.code)",
        "            return Receipt(int(refused.code)",
        LIFE,
    ),
    Fault(
        "An envelope can be used twice in one block",
        "kernel/machine.py",
        "return self._before.outcome(envelope_id) if own is None else own",
        "return self._before.outcome(envelope_id)",
        ADMISSION,
    ),
    Fault(
        "Every step of an envelope is folded as its first",
        "kernel/machine.py",
        "fold(record.history, envelope_id, operation, hashed",
        "fold(record.history, envelope_id, 0, hashed",
        HISTORY,
    ),
    Fault(
        "An undone write restores nothing",
        "kernel/state.py",
        "                changes[key] = before\n",
        "                del changes[key]\n",
        ("tests/kernel/test_state.py", *LIFE),
    ),
    Fault(
        "An envelope is valid a second longer than it says",
        "kernel/admission.py",
        "if not 0 <= validity <= limits.validity_max",
        "if not -1 <= validity <= limits.validity_max",
        ADMISSION,
    ),
    Fault(
        "An old key still signs",
        "kernel/admission.py",
        "        if key.number != signer.key:",
        "        if key.number < signer.key:",
        (*ADMISSION, *IDENTITY),
    ),
    Fault(
        "A suspended party can do anything",
        "kernel/admission.py",
        "if party.suspended and not envelope.reserved:",
        "if party.suspended and envelope.reserved:",
        (*ADMISSION, *RETURNS),
    ),
    Fault(
        "A refused predecessor is as good as an applied one",
        "kernel/admission.py",
        "require(outcome == APPLIED, Refuse.PREDECESSOR_FAILED",
        "require(outcome is not None, Refuse.PREDECESSOR_FAILED",
        ADMISSION,
    ),
    Fault(
        "A signature too many is let through",
        "kernel/envelope.py",
        "if len(signatures) != len(signers):",
        "if len(signatures) < len(signers):",
        ENVELOPE,
    ),
    Fault(
        "A spent quota of bytes is no bar while operations are left",
        "kernel/quota.py",
        "operations <= quota.operations_max and size <= quota.bytes_max",
        "operations <= quota.operations_max or size <= quota.bytes_max",
        QUOTA,
    ),
    Fault(
        "The last byte of storage cannot be used",
        "kernel/quota.py",
        "require(stored <= quota.stored_bytes_max",
        "require(stored < quota.stored_bytes_max",
        (*QUOTA, *STORAGE),
    ),
    Fault(
        "Storage is never given back",
        "kernel/quota.py",
        "stored_bytes=quota.stored_bytes - size",
        "stored_bytes=quota.stored_bytes",
        (*QUOTA, *STORAGE),
    ),
    Fault(
        "The latest second of a minute is due first",
        "kernel/digit_maps.py",
        "found += bytes(((bits & -bits).bit_length() - 1,))",
        "found += bytes((bits.bit_length() - 1,))",
        (*CALENDAR, *DEADLINES),
    ),
    Fault(
        "A path may be longer than it is needed",
        "kernel/merkle.py",
        "return current if used == len(neighbours) else None",
        "return current",
        MERKLE,
    ),
    Fault(
        "Only right neighbours are taken from a path",
        "kernel/merkle.py",
        "if at % 2 or at < last:",
        "if at % 2:",
        (*MERKLE, *LATE),
    ),
    Fault(
        "Ids are forgotten in the hour in which they expire",
        "kernel/spent.py",
        "slot < time // SLOT_SECONDS",
        "slot <= time // SLOT_SECONDS",
        SPENT,
    ),
)

IDENTITY_FAULTS = (
    Fault(
        "An issuer registers parties",
        "modules/identity/parties.py",
        "has_role(ctx.state, ctx.sender, Role.REGISTRAR), Refuse.SENDER_NOT_REGISTRAR)\n        require_passkeys",
        "has_role(ctx.state, ctx.sender, Role.ISSUER), Refuse.SENDER_NOT_REGISTRAR)\n        require_passkeys",
        IDENTITY,
    ),
    Fault(
        "A suspended party keeps its roles",
        "modules/identity/roles.py",
        "bool(party.roles & role) and not party.suspended",
        "bool(party.roles & role)",
        (*IDENTITY, *CURRENCIES),
    ),
    Fault(
        "A registrar grants the power to issue money",
        "modules/identity/parties.py",
        "require(self.roles & ~GRANTABLE == 0",
        "require(self.roles & ~GRANTABLE >= 0",
        IDENTITY,
    ),
    Fault(
        "A sponsor pays without having been asked",
        "modules/identity/parties.py",
        "require(sponsor in ctx.signers",
        "require(sponsor not in ()",
        IDENTITY,
    ),
    Fault(
        "Any registrar suspends anybody",
        "modules/identity/parties.py",
        "        require(party.registrar == ctx.sender, Refuse.SENDER_NOT_ITS_REGISTRAR, registrar=party.registrar)\n"
        "        require(not party.suspended",
        "        require(not party.suspended",
        IDENTITY,
    ),
    Fault(
        "A key number is used again",
        "modules/identity/keys.py",
        "next_key=party.next_key + len(added))",
        "next_key=party.next_key)",
        IDENTITY,
    ),
    Fault(
        "A name that was used before proves the steps of all its lives",
        "kernel/machine.py",
        "first = record.history == NO_HISTORY",
        "first = not record",
        ("tests/engine/test_lookups.py",),
    ),
    Fault(
        "The reserved lane takes bytes without end",
        "kernel/quota.py",
        "reserved_bytes_used=lane_bytes",
        "reserved_bytes_used=0",
        ("tests/kernel/test_quota.py",),
    ),
    Fault(
        "A node's key that was used before comes back",
        "modules/identity/node_keys.py",
        "owner_of_key(ctx.state, address_of(self.new)) is None",
        "self.new",
        ("tests/modules/identity/test_node_keys.py",),
    ),
    Fault(
        "Nobody needs to hold a node's new key",
        "modules/identity/node_keys.py",
        "verify(ED25519, self.new, message, self.acceptance)",
        "self.acceptance",
        IDENTITY,
    ),
    Fault(
        "A node's new key endorses itself",
        "modules/identity/node_keys.py",
        "verify(ED25519, self.old, message, self.endorsement)",
        "verify(ED25519, self.new, message, self.endorsement)",
        IDENTITY,
    ),
    Fault(
        "Suspended merchants still get orders",
        "modules/identity/parties.py",
        "    require(not party.suspended, Refuse.PARTY_SUSPENDED, account=account)\n",
        "",
        (*IDENTITY, *PLACING),
    ),
)

MONEY_FAULTS = (
    Fault(
        "Money that a block makes is noticed by nobody",
        "modules/money/invariants.py",
        "            made[asset] = made.get(asset, 0) + _owned(after) - _owned(state.below(table, key))",
        "            made[asset] = made.get(asset, 0)",
        ("tests/modules/money/test_invariants.py",),
    ),
    Fault(
        "What every block keeps is not looked at",
        "kernel/machine.py",
        "                kept(state)\n",
        "                pass\n",
        ("tests/engine/test_keeping.py",),
    ),
    Fault(
        "A frozen holder pays",
        "modules/money/balances.py",
        "require(not is_frozen(state, account, asset, source)",
        "require(source.frozen or not source.frozen",
        (*TRANSFERS, *PLACING),
    ),
    Fault(
        "The last unit cannot be spent",
        "modules/money/balances.py",
        "require(source.available >= units",
        "require(source.available > units",
        (*TRANSFERS, *PLACING),
    ),
    Fault(
        "Others' caps are tried before the payer's own funds",
        "modules/money/balances.py",
        "    currency = require_may_pay(state, asset, payer, units) if units else",
        "    payees = tuple(payees)\n    [require_may_receive(state, asset, *each) for each in payees]\n"
        "    currency = require_may_pay(state, asset, payer, units) if units else",
        (*HOLDS, *PLACING),
    ),
    Fault(
        "More is burned than there is",
        "modules/money/balances.py",
        "asset).available\n    require(has >= units",
        "asset).available\n    require(has >= 0",
        CURRENCIES,
    ),
    Fault(
        "The cap on holders is one too small",
        "modules/money/balances.py",
        "require(total <= currency.holder_max",
        "require(total < currency.holder_max",
        (*CURRENCIES, *PLACING),
    ),
    Fault(
        "Money set aside doesn't count towards the cap",
        "modules/money/balances.py",
        "target.available + target.held + units",
        "target.available + units",
        (*CURRENCIES, *HOLDS, *TRANSFERS),
    ),
    Fault(
        "The cap on the supply is passed once",
        "modules/money/balances.py",
        "currency.supply + units <= currency.supply_max",
        "currency.supply <= currency.supply_max",
        CURRENCIES,
    ),
    Fault(
        "Burned money stays in the supply",
        "modules/money/balances.py",
        "supply=currency.supply - units))\n    _shift(state, asset, asset.issuer,",
        "supply=currency.supply))\n    _shift(state, asset, asset.issuer,",
        CURRENCIES,
    ),
    Fault(
        "A settlement pays the payer",
        "modules/money/balances.py",
        "_shift(state, asset, account, available=share)",
        "_shift(state, asset, payer, available=share)",
        (*LIFE, *HOLDS),
    ),
    Fault(
        "Who isn't on the list may hold listed money",
        "modules/money/balances.py",
        "require(target.authorised or not currency.by_authorisation",
        "require(target.authorised or currency",
        (*CURRENCIES, *PLACING),
    ),
    Fault(
        "Who holds listed money in a hold can be taken off the list",
        "modules/money/currencies.py",
        "require(known.available == 0 and known.held == 0",
        "require(known.available == 0",
        CURRENCIES,
    ),
    Fault(
        "A transfer goes to the issuer",
        "modules/money/transfers.py",
        "ctx.sender, self.to, reference",
        "ctx.sender, self.asset.issuer, reference",
        TRANSFERS,
    ),
    Fault(
        "A captured hold gives the rest to the payee and the capture back",
        "modules/money/holds.py",
        "((found.payee, captured), (found.payer, returned))",
        "((found.payer, captured), (found.payee, returned))",
        HOLDS,
    ),
    Fault(
        "A hold cannot be captured whole",
        "modules/money/holds.py",
        "require(self.units <= found.units",
        "require(self.units < found.units",
        HOLDS,
    ),
    Fault(
        "A hold may be due at once",
        "modules/money/holds.py",
        "require(self.deadline > ctx.time",
        "require(self.deadline >= ctx.time",
        HOLDS,
    ),
    Fault(
        "A payer takes its money back before the deadline",
        "modules/money/holds.py",
        "require(found.payee == ctx.sender",
        "require(ctx.sender in (found.payee, found.payer)",
        HOLDS,
    ),
    Fault(
        "A hold that runs out goes to the payee",
        "modules/money/holds.py",
        "    end(ctx, name, found, captured=0)\n\n\nHOLD_EXIT",
        "    end(ctx, name, found, captured=found.units)\n\n\nHOLD_EXIT",
        HOLDS,
    ),
)
