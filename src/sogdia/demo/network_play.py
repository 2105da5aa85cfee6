"""Plays the story on a network of four organisations, one of which loses its power in the middle and comes back."""

from __future__ import annotations

import shutil
import signal
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from sogdia.client import keys as key_files
from sogdia.demo.monies import currencies
from sogdia.demo.stage import LOCK_MARGIN, WINDOWS, Stage
from sogdia.demo.stage import PEOPLE as CAST
from sogdia.demo.story import DemoFailedError, Story
from sogdia.engine.cometbft.home import Timing
from sogdia.network import local
from sogdia.network.creating import PEOPLE, Wanted, create
from sogdia.network.engine_program import find_engine, version_of
from sogdia.network.organisations import read_organisations

if TYPE_CHECKING:
    from collections.abc import Callable

    from sogdia.network.creating import Plan

ORGANISATIONS: Final = "cn-platform,kz-bank,uz-post,ke-customs"
ROLES: Final = {
    "registrar": "uz-post",
    "bank": "kz-bank",
    "carrier": "uz-post",
    "platform": "cn-platform",
    "treasury": "ke-customs",
}
"""Which organisation plays whom in the story."""

TRADERS: Final = ("pesa", "auditor", "dealer", "bukhara", "nairobi")
TIMING: Final = Timing(propose=1_000, vote=500, commit=100, empty_block=1_000)
PORT: Final = 26_700
LOSES_POWER: Final = "ke-customs"
LOSES_POWER_AFTER, COMES_BACK_AFTER = 2, 4
AGREE_SECONDS: Final = 60.0
LOOK_SECONDS: Final = 0.2
IDLE_SECONDS: Final = 0.5

TRY_IT = """
The network stays up until you press Ctrl-C. From a second terminal, for instance:

    {sogdia} network status {folder}
    {sogdia} query status --node {folder}/kz-bank
    {sogdia} network down {folder} uz-post ke-customs     (two of four: it halts, and answers)
    {sogdia} network up {folder}
"""


def play(say: Callable[[str], None], *, once: bool, folder: Path | None = None, sogdia: str = "sogdia") -> None:
    """Tell everything through `say`; raises `DemoFailedError` when anything does not come out as told."""
    engine = find_engine()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    scratch = Path(tempfile.mkdtemp(prefix="sogdia-")) if folder is None else None
    place = (scratch or folder or Path()) / "network"
    try:
        plan, stage = set_up(place)
        say(f"Four organisations share one ledger; CometBFT {version_of(engine)} lets them agree:")
        for node in plan.nodes:
            say(f"    {node.organisation:<12} {place / node.folder}")
        windows = ", ".join(f"{name} {seconds} s" for name, seconds in WINDOWS.items())
        say(f"In this demo the windows of an order are seconds: {windows}.")
        say("")
        local.up(place, say=lambda _line: None)
        say("All four are at height 1. No block is made without three of them.")
        say("")
        _tell(place, stage, say)
        _compare(place, say)
        if not once:
            say(TRY_IT.format(sogdia=sogdia, folder=place))
            _wait_for_an_interrupt()
    finally:
        if (place / "network.json").exists():
            local.down(place, say=lambda _line: None)
        if scratch is not None:
            shutil.rmtree(scratch, ignore_errors=True)


def set_up(place: Path) -> tuple[Plan, Stage]:
    """Make the network; who trades on it, and who pays for whom, is there from the start."""
    keys = {name: key_files.generate() for name in TRADERS}
    parties: tuple[dict[str, Any], ...] = tuple(
        {
            "reference": name,
            "kind": int(kind),
            "country": country,
            "public": keys[name].public.hex(),
            "roles": roles,
            "sponsor": ROLES["registrar"],
        }
        for name, (kind, country, roles) in ((name, CAST[name]) for name in TRADERS)
    )
    wanted = Wanted(
        name="sogdia-network-demo",
        organisations=tuple(read_organisations(ORGANISATIONS)),
        port=PORT,
        timing=TIMING,
        sections={
            "money": {"currencies": currencies({"USD": ROLES["bank"], "KES": "pesa"}, "auditor")},
            "exchange": {"lock_margin": LOCK_MARGIN},
            "market": {"windows": WINDOWS},
        },
        parties=parties,
    )
    plan = create(place, wanted)
    for name, organisation in ROLES.items():
        pair = key_files.load(place / PEOPLE / f"{organisation}.key", "").keypair
        if isinstance(pair, key_files.KeyPair):
            keys[name] = pair
    return plan, Stage(place / "kz-bank", bytes.fromhex(plan.network), keys, ROLES)


def _tell(place: Path, stage: Stage, say: Callable[[str], None]) -> None:
    """Tell the story through the bank's node, while another node loses its power and comes back."""

    def between(chapter: int) -> None:
        if chapter == LOSES_POWER_AFTER:
            local.cut_power(place / LOSES_POWER)
            say(f"    ({LOSES_POWER} loses its power. Three of four go on.)")
        elif chapter == COMES_BACK_AFTER:
            local.up(place, [LOSES_POWER], wait=False, say=lambda _line: None)
            say(f"    ({LOSES_POWER} has power again, and catches up by itself.)")

    with stage.connect() as connection:
        Story(stage, connection, say).tell(between)


def _compare(place: Path, say: Callable[[str], None]) -> None:
    """Wait until all four stand at the same height with the same state, and say so."""
    until = time.monotonic() + AGREE_SECONDS
    while True:
        found = local.states(place)
        stands = {(each.height, each.status.state_root if each.status else b"") for each in found}
        if len(stands) == 1 and all(each.status for each in found):
            break
        if time.monotonic() > until:
            message = f"the four do not agree: {[(each.node.organisation, each.height) for each in found]}"
            raise DemoFailedError(message)
        time.sleep(LOOK_SECONDS)
    ((height, root),) = stands
    say("")
    say(f"At height {height} all four have the same state: {root.hex()}")


def _wait_for_an_interrupt() -> None:
    try:
        while True:
            time.sleep(IDLE_SECONDS)
    except KeyboardInterrupt:
        return
