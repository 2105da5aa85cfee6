"""The way in: help, version, exit statuses, errors as words and as JSON, completion."""

from __future__ import annotations

import os
import subprocess
import sys

import click
import pytest

from sogdia.cli import main as entry
from sogdia.cli.exits import Exit
from sogdia.cli.running import sogdia as commands

HELP_IMPORTS = """
import sys
from sogdia.cli.main import main
try:
    main(["--help"])
except SystemExit as ended:
    heavy = [name for name in ("click", "msgspec", "nacl", "lmdb", "sogdia.kernel.machine") if name in sys.modules]
    print("heavy:", heavy, "status:", ended.code)
"""


def every_command(group: click.Group, path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """Give the words of every command, groups included."""
    context = click.Context(group)
    found: list[tuple[str, ...]] = []
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        found.append((*path, name))
        if isinstance(command, click.Group):
            found += every_command(command, (*path, name))
    return found


EVERY_COMMAND = every_command(commands)
GROUPS = (
    "tx",
    "query",
    "keys",
    "node",
    "prove",
    "network",
    "index",
    "credential",
    "esign",
    "voucher",
    "vault",
    "api",
    "explorer",
    "sandbox",
    "config",
    "notices",
    "archive",
    "netting",
    "payments",
    "gateway",
    "emulate",
)
"""Commands that only hold others."""


def test_help_loads_nothing_that_only_a_command_needs():
    answer = subprocess.run([sys.executable, "-c", HELP_IMPORTS], capture_output=True, text=True, check=True)

    assert answer.stdout.endswith("heavy: [] status: 0\n")


def test_the_overview_names_every_command_and_every_exit_status():
    overview = entry.overview()

    assert all(f"  {name} " in overview for name in commands.list_commands(click.Context(commands)))
    assert all(f"  {int(status)} " in overview and status.meaning in overview for status in Exit)


def test_the_version_is_told(capsys):
    with pytest.raises(SystemExit) as ended:
        entry.main(["--version"])

    assert ended.value.code == 0
    assert capsys.readouterr().out.startswith("sogdia")


@pytest.mark.parametrize("words", EVERY_COMMAND, ids=" ".join)
def test_every_command_explains_itself(sogdia, words):
    said = sogdia(*words, "--help")

    assert said.status == Exit.DONE
    assert f"Usage: sogdia {' '.join(words)}" in said.out
    assert said.err == ""


def test_every_command_says_more_than_its_name():
    silent = []
    for words in EVERY_COMMAND:
        command: click.Command = commands
        for word in words:
            assert isinstance(command, click.Group)
            found = command.get_command(click.Context(command), word)
            assert found is not None
            command = found
        silent += [words for option in command.params if isinstance(option, click.Option) and not option.help]
        silent += [words] if not command.help else []

    assert silent == []


@pytest.mark.parametrize("words", [w for w in EVERY_COMMAND if w[-1] not in GROUPS])
def test_every_command_that_shows_something_shows_it_as_json(sogdia, words):
    help_text = sogdia(*words, "--help").out

    # What runs in the foreground, a story that is told and a script for a shell are no documents.
    foreground = (
        ("demo",),
        ("network", "demo"),
        ("network", "logs"),
        ("completion",),
        ("node", "start"),
        ("index", "run"),
        ("api", "start"),
        ("explorer", "start"),
        ("sandbox", "start"),
        ("simulate",),
        ("notices", "run"),
        ("gateway", "listen"),
    )
    assert "--json" in help_text or words in foreground


@pytest.mark.parametrize(
    "words",
    [
        ("nonsense",),
        ("keys", "nonsense"),
        ("keys", "new"),
        ("keys", "new", "a", "--nonsense"),
        ("tx", "nonsense"),
        ("tx", "transfer"),
        ("query", "nonsense"),
        ("query", "block", "high"),
        ("query", "events", "--from", "1"),
        ("node", "create"),
        ("node", "create", "x", "--clock", "sundial"),
        ("export", "only-one"),
        ("simulate", "nonsense"),
        ("completion", "csh"),
        ("verify",),
    ],
    ids=" ".join,
)
def test_what_is_not_understood_ends_with_status_2_and_a_way_out(sogdia, words):
    said = sogdia(*words)

    assert said.status == Exit.USAGE
    assert said.out == ""
    assert "--help" in said.err
    assert "Traceback" not in said.err


def test_an_error_is_one_json_document_when_json_is_asked_for(sogdia):
    said = sogdia("keys", "show", "nobody", "--json")

    assert said.status == Exit.NOT_FOUND
    assert said.document["error"]["status"] == Exit.NOT_FOUND
    assert set(said.document["error"]) == {"status", "message", "way_out"}


def test_without_a_node_the_way_to_one_is_told(sogdia):
    said = sogdia("query", "status")

    assert said.status == Exit.UNREACHABLE
    assert "sogdia node start" in said.err


def test_a_folder_that_is_not_there_is_said_to_be_missing(sogdia, tmp_path):
    said = sogdia("query", "status", "--node", tmp_path / "nowhere")

    assert said.status == Exit.NOT_FOUND


def test_a_folder_without_a_running_node_cannot_be_asked(sogdia, tmp_path):
    said = sogdia("query", "status", "--node", tmp_path)

    assert said.status == Exit.UNREACHABLE


def test_output_that_nobody_reads_on_ends_quietly():
    head = f"{sys.executable} -m sogdia.cli.main tx --help | head -n 1"

    answer = subprocess.run(["/bin/sh", "-c", head], capture_output=True, text=True, check=True)

    assert answer.stdout == "Usage: sogdia tx [OPTIONS] COMMAND [ARGS]...\n"
    assert answer.stderr == ""


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_completion_script_calls_the_command(sogdia, shell):
    said = sogdia("completion", shell)

    assert said.status == Exit.DONE
    assert f"_SOGDIA_COMPLETE={shell}_complete" in said.out


def completions(words: str) -> list[str]:
    """Ask for completions like a shell does; the last word is the one to complete."""
    environment = os.environ | {
        "_SOGDIA_COMPLETE": "bash_complete",
        "COMP_WORDS": words,
        "COMP_CWORD": str(len(words.split(" ")) - 1),
    }
    command = [sys.executable, "-m", "sogdia.cli.main"]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout.splitlines()


def test_a_shell_is_offered_operations():
    assert completions("sogdia tx place-order") == ["plain,place-order", "plain,place-order-at-rate"]


def test_a_shell_is_offered_the_names_of_keys(sogdia, tmp_path):
    sogdia("keys", "new", "bukhara", "--unprotected", "--keys", tmp_path)

    assert completions(f"sogdia tx transfer --keys {tmp_path} --from bu") == ["plain,bukhara"]
