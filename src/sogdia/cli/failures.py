"""Errors that a command can meet, as what they mean to whoever typed it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sogdia.cli.exits import Exit, Stopped

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sogdia.kernel.refusal import RefusalCode

SANDBOX_HELP = "If a trial is meant, say so with --sandbox; else get the genesis of the network that you mean."
DAMAGE_HELP = "Keep the folder as it is; make a new one from a backup or an export."


def stopped_by(error: Exception) -> Stopped | None:
    """Give the end that an error means; none when it can only be an error of our own."""
    if isinstance(error, Stopped):
        return error
    return (
        _by_a_rule(error)
        or _by_settings(error)
        or _by_what_was_given(error)
        or _by_a_voucher(error)
        or _by_the_node(error)
        or _by_a_folder(error)
        or _by_the_archive(error)
        or _by_the_index(error)
        or _by_the_vault(error)
        or _by_the_rails(error)
        or _by_the_gateway(error)
        or _by_the_demo(error)
        or _by_the_network(error)
        or (_by_the_system(error) if isinstance(error, OSError) else None)
    )


def refused(number: int, facts: Iterable[tuple[str, object]], known: RefusalCode | None = None) -> Stopped:
    """Give the end of a command that a rule stands against: one of the ledger by its number, or a `known` one."""
    from sogdia.client.declared import refusal_codes  # noqa: PLC0415 - only a refusal needs all declarations

    told = [(name, value.hex() if isinstance(value, bytes) else value) for name, value in facts]
    values = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in told)
    values = f" ({values})" if values else ""
    code = known or refusal_codes().get(number)
    detail = {
        "refusal": {
            "number": number,
            "name": None if code is None else code.name,
            "rule": None if code is None else code.rule,
            "facts": dict(told),
        }
    }
    if code is None:
        return Stopped(Exit.REFUSED, f"{number}: a rule of a later version{values}.", "Update this program.", detail)
    return Stopped(Exit.REFUSED, f"{number} {code.name}: {code.rule}{values}.", code.way_out, detail)


def _by_settings(error: Exception) -> Stopped | None:
    """Give the end of a command whose settings cannot be used: every fault with its place and way out."""
    from sogdia.settings.sources import SettingsWrong  # noqa: PLC0415 - looked up when there is an error

    if not isinstance(error, SettingsWrong):
        return None
    told = error.faults
    lines = [f"{each.where}: {each.message}. {each.way_out}" for each in told]
    detail = {"faults": [each._asdict() for each in told]}
    return Stopped(Exit.USAGE, "\n".join(["The settings cannot be used:", *lines]), "", detail)


def _by_the_archive(error: Exception) -> Stopped | None:
    """Give the end of a command that needs blocks which are not here any more, or read a segment that is wrong."""
    from sogdia.engine.folders.archive import SegmentWrongError  # noqa: PLC0415 - looked up when there is an error
    from sogdia.engine.storage.beginning import NotHereError  # noqa: PLC0415 - as above

    if isinstance(error, NotHereError):
        return Stopped(Exit.NOT_FOUND, f"{error}.", "'sogdia archive fetch' puts segments of another node into place.")
    if isinstance(error, SegmentWrongError):
        return Stopped(Exit.DAMAGED, f"{error}.", "Remove the file, and fetch it from another node.")
    return None


def _by_a_rule(error: Exception) -> Stopped | None:
    from sogdia.kernel.refusal import Broken, Refused, StoreDamagedError  # noqa: PLC0415 - looked up when there is one
    from sogdia.simulate.payments.promises import PromiseBroken, StepRefused  # noqa: PLC0415 - as above

    if isinstance(error, Refused):
        return refused(int(error.code), error.facts, error.code)
    if isinstance(error, StoreDamagedError):
        return Stopped(Exit.DAMAGED, f"{error}.", DAMAGE_HELP)
    if isinstance(error, PromiseBroken | StepRefused):
        return Stopped(Exit.DAMAGED, f"{error}.", "This must never be: report it, with the command that you gave.")
    if isinstance(error, Broken):
        return Stopped(Exit.DAMAGED, f"{error}.", "This must never be: keep the folder as it is, and report it.")
    return None


def _by_what_was_given(error: Exception) -> Stopped | None:
    from sogdia.client.codes import CodeWrong  # noqa: PLC0415 - errors are looked up when there is one
    from sogdia.client.credentials.faults import CannotBeUsed, CheckFailed  # noqa: PLC0415
    from sogdia.client.keys import KeyFileWrong, PassphraseMissing  # noqa: PLC0415
    from sogdia.client.proofs import SandboxRefused, TrustFileWrong  # noqa: PLC0415
    from sogdia.kernel.codec import NotCanonicalError  # noqa: PLC0415
    from sogdia.kernel.proof import ProofWrong  # noqa: PLC0415
    from sogdia.simulate.online_retail.lines import InputRefused  # noqa: PLC0415

    if isinstance(error, PassphraseMissing):
        return Stopped(
            Exit.USAGE,
            "A key file needs a passphrase, and none was given.",
            "Answer the prompt, set SOGDIA_PASSPHRASE, or say --unprotected for a key that is worth nothing.",
        )
    if isinstance(error, InputRefused):
        return Stopped(Exit.USAGE, f"{error.where}: {error.reason}.", error.way_out)
    if isinstance(error, KeyFileWrong | CodeWrong | TrustFileWrong | NotCanonicalError | CannotBeUsed):
        return Stopped(Exit.USAGE, str(error))
    if isinstance(error, CheckFailed | SandboxRefused):
        way_out = SANDBOX_HELP if isinstance(error, SandboxRefused) else ""
        return Stopped(Exit.DAMAGED, f"This is not accepted: {error}", way_out, {"fault": type(error).__name__})
    if isinstance(error, ProofWrong):
        return Stopped(
            Exit.DAMAGED, f"This proves nothing: {error}.", "Ask for another proof.", {"fault": str(error.fault)}
        )
    return None


def _by_a_voucher(error: Exception) -> Stopped | None:
    from sogdia.client.voucher_books import BookWrong  # noqa: PLC0415 - looked up when there is one
    from sogdia.client.voucher_text import VoucherTextWrong  # noqa: PLC0415
    from sogdia.client.vouchers import NotAcceptable, NotToBeSigned  # noqa: PLC0415

    if isinstance(error, VoucherTextWrong | NotToBeSigned | BookWrong):
        return Stopped(Exit.USAGE, str(error))
    if isinstance(error, NotAcceptable):
        return Stopped(Exit.DAMAGED, f"Do not take this voucher: {error}")
    return None


def _by_the_node(error: Exception) -> Stopped | None:
    from sogdia.client import connection  # noqa: PLC0415 - errors are looked up when there is one

    if isinstance(error, connection.NodeNotRunningError):
        return Stopped(Exit.UNREACHABLE, str(error))
    if isinstance(error, connection.RefusedByNodeError):
        return refused(error.code, error.facts)
    if isinstance(error, connection.TryLaterError):
        return Stopped(Exit.UNREACHABLE, f"The node cannot do it now: {error}.", "Try again later.")
    if isinstance(error, connection.RequestWrongError):
        return Stopped(Exit.USAGE, f"The node answers: {error}.")
    return None


def _by_a_folder(error: Exception) -> Stopped | None:
    from sogdia.engine.folders.backup import BackupRefusedError  # noqa: PLC0415 - looked up when there is one
    from sogdia.engine.folders.differing import NotComparableError  # noqa: PLC0415
    from sogdia.engine.folders.following import DifferenceFoundError  # noqa: PLC0415
    from sogdia.engine.folders.importing import ExportRefusedError  # noqa: PLC0415
    from sogdia.engine.ledger.sealing import DifferenceError, KeyMissingError  # noqa: PLC0415
    from sogdia.engine.solo.clock import ClockRefusedError  # noqa: PLC0415
    from sogdia.engine.storage.folder_lock import FolderInUseError  # noqa: PLC0415
    from sogdia.engine.storage.ledger_file import (  # noqa: PLC0415
        DamagedError,
        FolderNotUsableError,
        StorageFullError,
    )
    from sogdia.kernel.protocol import UpgradeNeededError  # noqa: PLC0415

    if isinstance(error, FolderInUseError):
        return Stopped(Exit.UNREACHABLE, str(error))
    if isinstance(error, DamagedError | DifferenceError | DifferenceFoundError):
        return Stopped(Exit.DAMAGED, f"{error}.", DAMAGE_HELP)
    if isinstance(error, ExportRefusedError | BackupRefusedError):
        return Stopped(Exit.DAMAGED, str(error))
    if isinstance(error, StorageFullError):
        return Stopped(Exit.USAGE, f"{error}.", "Make room on the disk.")
    if isinstance(
        error, FolderNotUsableError | ClockRefusedError | KeyMissingError | NotComparableError | UpgradeNeededError
    ):
        return Stopped(Exit.USAGE, str(error))
    return None


def _by_the_index(error: Exception) -> Stopped | None:
    from sogdia.index import errors  # noqa: PLC0415 - looked up when there is one

    if isinstance(error, errors.IndexUnreachableError):
        return Stopped(Exit.UNREACHABLE, f"{error}.", "Look whether the database runs.")
    if isinstance(error, errors.IndexForeignError):
        return Stopped(Exit.DAMAGED, f"{error}.")
    if isinstance(error, errors.IndexStoppedError):
        return Stopped(Exit.USAGE, f"{error}.")
    return None


def _by_the_vault(error: Exception) -> Stopped | None:
    from sogdia.vault.faults import StoreFailedError, StoreFullError  # noqa: PLC0415 - looked up when there is one

    if isinstance(error, StoreFullError):
        return Stopped(Exit.USAGE, str(error))
    if isinstance(error, StoreFailedError):
        return Stopped(Exit.UNREACHABLE, str(error))
    return None


def _by_the_rails(error: Exception) -> Stopped | None:
    from sogdia.rails import csv_files, journal, movements, statements, xml  # noqa: PLC0415 - looked up when there is one

    known: dict[type[Exception], tuple[Exit, str, str]] = {
        xml.LibraryMissingError: (Exit.USAGE, "{}", ""),
        csv_files.TableWrongError: (Exit.USAGE, "The table cannot be read: {}.", "Correct it, and begin again."),
        journal.JournalWrongError: (Exit.USAGE, "The journal of imports cannot be used: {}.", ""),
        statements.TooManyEntriesError: (Exit.USAGE, "Too much for one statement: {}.", ""),
        movements.UnknownFactError: (Exit.USAGE, "No statement is written: {}.", "Update this program."),
        statements.StatementUnbalancedError: (Exit.DAMAGED, "No statement is written: {}.", "Please report it."),
        xml.NotByTheSchemaError: (Exit.DAMAGED, "No message is written: {}.", "Please report it."),
    }
    if type(error) not in known:
        return None
    status, words, way_out = known[type(error)]
    return Stopped(status, words.format(error), way_out)


def _by_the_gateway(error: Exception) -> Stopped | None:
    from sogdia.gateway import journal, settings  # noqa: PLC0415 - looked up when there is one

    if isinstance(error, settings.SettingsWrongError):
        return Stopped(Exit.USAGE, str(error), "'sogdia gateway create' writes settings to begin with.")
    if isinstance(error, journal.JournalBusyError):
        return Stopped(Exit.UNREACHABLE, f"The gateway cannot begin: {error}.", "")
    return None


def _by_the_demo(error: Exception) -> Stopped | None:
    from sogdia.demo import DemoFailedError  # noqa: PLC0415 - looked up when there is one
    from sogdia.sandbox.stage import SandboxFolderError  # noqa: PLC0415 - as above

    if isinstance(error, SandboxFolderError):
        return Stopped(Exit.USAGE, f"{error}.", "Choose another folder.")
    if isinstance(error, DemoFailedError):
        return Stopped(Exit.DAMAGED, f"The demo did not come out as told: {error}.", "Please report it.")
    return None


def _by_the_network(error: Exception) -> Stopped | None:
    from sogdia.engine.cometbft.application import EngineWrongError  # noqa: PLC0415 - looked up when there is one
    from sogdia.engine.cometbft.grammar import OrderWrongError  # noqa: PLC0415 - as above
    from sogdia.network.creating import NetworkFolderError  # noqa: PLC0415 - as above
    from sogdia.network.engine_program import EngineMissingError  # noqa: PLC0415 - as above
    from sogdia.node import BeginsAnewError  # noqa: PLC0415 - as above

    if isinstance(error, BeginsAnewError):
        return Stopped(Exit.AGAIN, f"The node begins anew: {error}.")
    if isinstance(error, EngineMissingError | NetworkFolderError | EngineWrongError):
        return Stopped(Exit.USAGE, f"{error}.".replace("..", "."))
    if isinstance(error, OrderWrongError):
        return Stopped(Exit.DAMAGED, f"{error}.", "Start the node again; if it stays so, restore it from its peers.")
    return None


def _by_the_system(error: OSError) -> Stopped:
    """Say what the operating system refused."""
    place = f"{error.filename}: " if error.filename else ""
    reason = error.strerror or str(error)
    if isinstance(error, FileNotFoundError):
        return Stopped(Exit.NOT_FOUND, f"{place}{reason}.", "Compare the path.")
    if isinstance(error, ConnectionError | TimeoutError):
        return Stopped(Exit.UNREACHABLE, f"{place}{reason}.", "Look with 'sogdia node status' whether the node runs.")
    return Stopped(Exit.USAGE, f"{place}{reason}.", "Choose another place, or free this one.")
