"""`sogdia completion`: let the shell complete commands and options."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from sogdia.cli.exits import usage
from sogdia.cli.main import COMPLETION_VARIABLE

PLACES = {
    "bash": "~/.local/share/bash-completion/completions/sogdia",
    "zsh": "a folder of $fpath, as _sogdia",
    "fish": "~/.config/fish/completions/sogdia.fish",
}


@click.command()
@click.argument("shell", type=click.Choice(list(PLACES)))
def completion(shell: str) -> None:
    """Write the script that lets a SHELL complete commands, options and the names of your keys.

    \b
    bash   sogdia completion bash > ~/.local/share/bash-completion/completions/sogdia
    zsh    sogdia completion zsh > a folder of $fpath, as _sogdia
    fish   sogdia completion fish > ~/.config/fish/completions/sogdia.fish
    """  # noqa: D301 - \b is click's mark for lines that stay as they are
    from sogdia.cli.running import sogdia  # noqa: PLC0415 - it imports the commands in turn

    found = get_completion_class(shell)
    if found is None:
        raise usage(f"This version of click knows no {shell}.", f"It knows {', '.join(PLACES)}.")
    click.echo(found(sogdia, {}, "sogdia", COMPLETION_VARIABLE).source().rstrip())
