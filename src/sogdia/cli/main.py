"""The way in: `sogdia COMMAND …`. Finds the command and runs it.

Commands are imported when they are called, so that asking for help doesn't wait for what only a node needs.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

COMPLETION_VARIABLE: Final = "_SOGDIA_COMPLETE"

COMMANDS: Final[dict[str, dict[str, tuple[str, str]]]] = {
    "Taking part": {
        "keys": ("keys:keys", "Keys that sign: make, list, show, derive them."),
        "tx": ("tx:tx", "Sign and send an operation, or try it first."),
        "query": ("query:query", "Ask a node: balances, orders, blocks, what happened."),
        "netting": ("netting:netting", "Net what parties owe one another, and pay what remains."),
        "prove": ("prove:prove", "Write down a proof that anybody can check."),
        "payments": ("payments:payments", "Take files of payments (pain.001), and write messages for banks."),
        "gateway": ("gateway:gateway", "Money in and out for an issuer: bank, card, wallet, cash."),
        "statement": ("statement:statement", "State what happened to an account: camt.053, CSV, a page."),
        "reconcile": ("statement:reconcile", "Compare an institution's own table with the ledger."),
        "vault": ("vault:vault", "Seal documents, read them, share and erase them."),
        "verify": ("prove:verify", "Check a proof without trusting anybody's node."),
        "credential": ("credential:credential", "Keep, sign and show what stands behind an attestation."),
        "voucher": ("voucher:voucher", "Pay and be paid without a connection: sign, check, redeem."),
        "esign": ("esign:esign", "Bind an account to a qualified electronic signature."),
    },
    "Running a node": {
        "node": ("node:node", "Create, start, stop and look after a node."),
        "network": ("network:network", "Several organisations and one ledger: make, run and look after a network."),
        "config": ("config:config", "Check settings, and show where each comes from."),
        "notices": ("notices:notices", "Tell people by mail, web push or SMS what needs looking at."),
        "api": ("api:api", "Serve HTTP beside a node."),
        "audit": ("folders:audit", "Check every invariant and all that is stored."),
        "export": ("folders:export", "Write all blocks into one file."),
        "import": ("folders:import_", "Make a folder from an exported file."),
        "replay": ("folders:replay", "Derive and verify everything again, from genesis or a snapshot."),
        "diff-state": ("folders:diff_state", "Compare two nodes' states, and name the first record that differs."),
        "rollback": ("folders:rollback", "Put a folder's ledger back to an earlier height."),
        "backup": ("folders:backup", "Copy a folder, also while its node runs."),
        "restore": ("folders:restore", "Make a folder from a backup."),
        "archive": ("archive:archive", "Old blocks in files: list, check and fetch them."),
        "index": ("index:index", "Keep what happened in SQL: follow a node, rebuild, see how far it is."),
        "explorer": ("explorer:explorer", "Show the ledger as pages for people."),
    },
    "Seeing it work": {
        "demo": ("demo:demo", "Play one trade from Bukhara to Nairobi, then a shop's day."),
        "sandbox": ("sandbox:sandbox", "A network for trials: try out what you build, with HTTP."),
        "simulate": ("simulate:simulate", "Replay real data through the whole ledger."),
        "completion": ("completion:completion", "Let the shell complete commands and options."),
    },
}
"""Every command by chapter: where it is, and what it does."""

PLACES: Final = {name: place for chapter in COMMANDS.values() for name, (place, _help) in chapter.items()}


def overview() -> str:
    """Give the help of `sogdia` itself."""
    from sogdia.cli.exits import Exit  # noqa: PLC0415 - only who asks for help pays for it

    lines = ["Usage: sogdia COMMAND …", "", "A shared trade ledger: sign, send, ask, prove, and run a node.", ""]
    for chapter, commands in COMMANDS.items():
        lines += [f"{chapter}:", *(f"  {name:<12}{about}" for name, (_place, about) in commands.items()), ""]
    lines += [
        "Every command has --help, and --json for programs.",
        "A node is found by --node DIR, by SOGDIA_NODE, or because it runs on this machine.",
        "Keys lie in --keys DIR, SOGDIA_KEYS, or ~/.sogdia/keys.",
        "",
        "Exit status:",
        *(f"  {int(status):<5}{status.meaning}" for status in Exit),
    ]
    return "\n".join(lines) + "\n"


def version() -> str:
    """Name the installed version."""
    from importlib import metadata  # noqa: PLC0415 - only who asks for it pays for it

    try:
        return f"sogdia {metadata.version('sogdia')}\n"
    except metadata.PackageNotFoundError:
        return "sogdia, not installed as a package\n"


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and end the process with its status."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    # What everybody asks first is answered without loading anything.
    if COMPLETION_VARIABLE not in os.environ and words in ([], ["--help"], ["-h"], ["help"], ["--version"]):
        sys.stdout.write(version() if words == ["--version"] else overview())
        sys.exit(0)
    from sogdia.cli.running import run  # noqa: PLC0415 - see above

    sys.exit(run(words))


if __name__ == "__main__":
    main()
