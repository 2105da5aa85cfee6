"""Running a command: loading it, and showing what stopped it, in words or as JSON, never as a traceback."""

from __future__ import annotations

import os
import signal
import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any

import click

from sogdia.cli import main as entry
from sogdia.cli.exits import Exit, Stopped

if TYPE_CHECKING:
    from collections.abc import Sequence


class Commands(click.Group):
    """All commands of `sogdia`, each imported when it is needed."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Name all commands."""
        return list(entry.PLACES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        """Import a command."""
        place = entry.PLACES.get(cmd_name)
        if place is None:
            return None
        file, _, name = place.partition(":")
        found: click.Command = getattr(import_module(f"sogdia.cli.commands.{file}"), name)
        return found

    def get_help(self, ctx: click.Context) -> str:  # noqa: ARG002 - click's signature
        """Give the same overview that is given without loading anything."""
        return entry.overview().rstrip("\n")


sogdia = Commands(name="sogdia", context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})


def run(words: Sequence[str]) -> int:  # noqa: PLR0911 - a way to end, a return
    """Run a command and give its exit status."""
    as_json = "--json" in words
    try:
        ended = sogdia.main(
            list(words), prog_name="sogdia", complete_var=entry.COMPLETION_VARIABLE, standalone_mode=False
        )
        sys.stdout.flush()
    except click.exceptions.NoArgsIsHelpError as shown:
        click.echo(shown.format_message())
        return Exit.USAGE
    except (click.Abort, KeyboardInterrupt):
        click.echo("", err=True)
        return Exit.INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has seen enough, as `head` does. Nothing may be written to it at exit either.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 128 + signal.SIGPIPE
    except click.UsageError as error:
        way_out = f"See '{error.ctx.command_path} --help'." if error.ctx is not None else "See 'sogdia --help'."
        return _stop(Stopped(Exit.USAGE, error.format_message(), way_out), as_json=as_json)
    except click.ClickException as error:
        return _stop(Stopped(Exit.USAGE, error.format_message()), as_json=as_json)
    except Exception as error:
        stopped = _known(error)
        if stopped is None:
            raise
        return _stop(stopped, as_json=as_json)
    return int(ended) if isinstance(ended, int) else Exit.DONE


def _known(error: Exception) -> Stopped | None:
    """Give what an error means to whoever typed the command; none for an error of our own, which shows itself."""
    from sogdia.cli.failures import stopped_by  # noqa: PLC0415 - knows many parts, none of which a success needs

    return stopped_by(error)


def _stop(stopped: Stopped, *, as_json: bool) -> int:
    """Say what stopped the command."""
    if as_json:
        from sogdia.cli.documents import write_json  # noqa: PLC0415 - only for JSON

        error: dict[str, Any] = {"status": int(stopped.status), "message": stopped.message, "way_out": stopped.way_out}
        error |= stopped.detail
        click.echo(write_json({"error": error}))
    else:
        click.echo(f"sogdia: {stopped.message}", err=True)
        if stopped.way_out:
            click.echo(stopped.way_out, err=True)
    return stopped.status
