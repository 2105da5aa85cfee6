"""What `sogdia gateway listen` does: the door for webhooks, on the HTTP server of the API."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import click
from msgspec import structs

from sogdia.api.serving import server_of
from sogdia.cli.exits import Exit, Stopped
from sogdia.gateway.adapters import rails_of
from sogdia.gateway.listening import application
from sogdia.gateway.settings import read_settings
from sogdia.settings.sections import ApiSettings

if TYPE_CHECKING:
    from pathlib import Path


def run(folder: Path, listen: str) -> int:
    """Serve until Ctrl-C."""
    settings = read_settings(folder)
    door = application(folder, rails_of(folder, settings), time.time)

    def ready(address: str) -> None:
        click.echo(f"Webhooks are taken at {address}/RAIL.")

    server = server_of(door, structs.replace(ApiSettings(), listen=listen), ready)
    server.run()
    if not server.started:
        raise Stopped(Exit.UNREACHABLE, f"Nothing could listen at {listen}.", "Choose another address: --listen.")
    return Exit.DONE
