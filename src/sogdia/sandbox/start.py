"""Running a sandbox: its node in a child process, and its API and explorer in this one, until it is interrupted."""

from __future__ import annotations

import shutil
import signal
import tempfile
from contextlib import ExitStack, closing, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from sogdia.api.application import PLACE, Api, own_secret
from sogdia.api.serving import server_of
from sogdia.demo.stage import running
from sogdia.sandbox.banner import Banner
from sogdia.sandbox.door import Door
from sogdia.sandbox.funds import Funds
from sogdia.sandbox.kept_clock import KeptClock
from sogdia.sandbox.routes import SandboxRoutes
from sogdia.sandbox.stage import FUNDS_MAX, GENESIS_FILE, open_stage, seed
from sogdia.settings.sections import Settings, VaultSettings, any_port
from sogdia.web.explorer.serving import CannotListenError
from sogdia.web.explorer.serving import running as running_explorer

if TYPE_CHECKING:
    from collections.abc import Callable

    from sogdia.settings.sections import ApiSettings, ExplorerSettings

FUNDS_FILE: Final = "given.sqlite"
CLOCK_FILE: Final = "clock"
VAULT_FOLDER: Final = "vault"
NAME: Final = "Sogdia sandbox, where nothing is worth anything"


def start(
    say: Callable[[str], None], folder: Path | None, settings: ApiSettings, explorer: ExplorerSettings | None
) -> bool:
    """Run the sandbox of a folder, or one in a temporary folder; gives whether it ever began."""
    place = Path(tempfile.mkdtemp(prefix="sogdia-sandbox-")) if folder is None else folder
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        return _run(say, place, settings, explorer)
    finally:
        if folder is None:
            shutil.rmtree(place, ignore_errors=True)


def _run(say: Callable[[str], None], folder: Path, listening: ApiSettings, explorer: ExplorerSettings | None) -> bool:
    stage = open_stage(folder)
    # Trials are on one machine: their webhooks go to it, and their pages come from it.
    settings = Settings(
        api=replace(listening, private_webhooks=True), vault=VaultSettings(place=str(folder / PLACE / VAULT_FOLDER))
    )
    with ExitStack() as open_until_the_end:
        open_until_the_end.enter_context(running(stage))
        own_secret(folder)  # makes the folder of the API's own files
        clock = KeptClock(folder / PLACE / CLOCK_FILE)
        with stage.connect() as node:
            clock.restore(node)
        seed(stage)
        funds = open_until_the_end.enter_context(closing(Funds(folder / PLACE / FUNDS_FILE, FUNDS_MAX)))
        door = Door(folder)
        routes = SandboxRoutes(stage, door, funds, clock).routes()
        api = Api(folder, settings, network=door, more=routes, name=NAME)
        pages = _explore(folder, explorer, open_until_the_end)

        def ready(address: str) -> None:
            say(f"SANDBOX in {folder}: a network for trials. Nothing on it is worth anything.")
            say(f"The API answers at {address}/, and what only a sandbox does at {address}/sandbox/v1")
            if pages is not None:
                say(f"The explorer is at {pages}")
            say(f"Its genesis, to check proofs with, is {folder / GENESIS_FILE}. Ctrl-C stops it.")

        server = server_of(Banner(api.application), settings.api, ready)
        with suppress(KeyboardInterrupt):
            server.run()
        with stage.connect() as node:
            clock.look(node)
        if server.started:
            say("The sandbox stops.")
        return server.started


def _explore(folder: Path, settings: ExplorerSettings | None, while_running: ExitStack) -> str | None:
    """Serve the explorer at the place that is named, or at any other that is free; gives its address."""
    if settings is None:
        return None
    try:
        return while_running.enter_context(running_explorer(folder, settings))
    except CannotListenError:
        elsewhere = replace(settings, listen=any_port(settings.listen))
        return while_running.enter_context(running_explorer(folder, elsewhere))
