"""Errors that a command can meet, as what they mean to whoever typed it."""

from __future__ import annotations

from sogdia.cli.exits import Exit, Stopped
from sogdia.client.codes import CodeWrong
from sogdia.client.keys import KeyFileWrong, PassphraseMissing
from sogdia.kernel.refusal import Broken, Refused


def stopped_by(error: Exception) -> Stopped | None:
    """Give the end that an error means; none when it can only be an error of our own."""
    if isinstance(error, Stopped):
        return error
    if isinstance(error, Refused):
        code = error.code
        facts = ", ".join(f"{name} {value}" for name, value in error.facts)
        return Stopped(Exit.REFUSED, f"{int(code)} {code.name}: {code.rule}{f' ({facts})' if facts else ''}.", code.way_out)
    if isinstance(error, PassphraseMissing):
        return Stopped(
            Exit.USAGE,
            "A key file needs a passphrase, and none was given.",
            "Answer the prompt, set SOGDIA_PASSPHRASE, or say --unprotected for a key that is worth nothing.",
        )
    if isinstance(error, KeyFileWrong | CodeWrong):
        return Stopped(Exit.USAGE, str(error))
    if isinstance(error, Broken):
        return Stopped(Exit.DAMAGED, f"{error}.", "This must never be: keep the folder as it is, and report it.")
    if isinstance(error, OSError):
        return _by_the_system(error)
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
