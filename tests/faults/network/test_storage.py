"""A node whose disk is full, and one whose stored state has a flipped bit: each says why it stops, the others go on."""

from __future__ import annotations

import json
import shutil
from base64 import b64decode
from contextlib import contextmanager
from typing import TYPE_CHECKING

import msgspec
import pytest

from sogdia import node
from sogdia.engine.cometbft.home import CONFIG, VALIDATOR_KEY_FILE
from sogdia.engine.cometbft.places import home
from sogdia.engine.storage.block_log import NAME as LOG
from sogdia.engine.storage.ledger_file import DATA
from sogdia.engine.storage.witness import NAME as WITNESS
from sogdia.kernel.genesis import genesis_type
from sogdia.modules import ALL
from sogdia.network import local
from sogdia.network.creating import BLINDING, GENESIS
from tests.faults.disk import harness
from tests.faults.disk.harness import SmallDisk, small_disk
from tests.faults.flips.pages import PAGE_BYTES, DataFile, Kind
from tests.faults.network.hurting import RETURN_SECONDS
from tests.network.running import FOUR, Load

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.faults.network.hurting import HurtNetwork

HURT, THROUGH = FOUR[2], FOUR[0]
DISK_BYTES = 160 << 20
NOTICE_SECONDS = 40.0


@contextmanager
def on_a_small_disk(place: Path, scratch: Path) -> Iterator[SmallDisk]:
    """Put a node's folder on a small disk at the same path; its log stays where there is room."""
    shutil.copytree(place, scratch / "copy", ignore=shutil.ignore_patterns("*.sock", "*-lock"))
    with small_disk(place, DISK_BYTES) as disk:
        shutil.copytree(scratch / "copy", place, dirs_exist_ok=True)
        (place / local.NODE_LOG).symlink_to(scratch / "node.log")
        yield disk


@pytest.mark.slow
@pytest.mark.takes_turns
@pytest.mark.real("small disk (tmpfs, root)")
def test_a_node_on_a_full_disk_says_so_and_comes_back_when_there_is_room(
    make_network: Callable[..., HurtNetwork], tmp_path: Path
):
    reason = harness.missing()
    if reason:
        pytest.skip(reason)
    network = make_network()
    with on_a_small_disk(network.place(HURT), tmp_path) as disk:
        network.up()
        load = Load(network, THROUGH)
        network.until(lambda: bool(load.acknowledged), "nothing was acknowledged")

        disk.fill()
        network.until(lambda: network.said_by(HURT, "is full:") > 0, "it does not say so", NOTICE_SECONDS)
        height = network.height(THROUGH)
        network.until(lambda: network.height(THROUGH) > height + 5, "the others do not go on")
        disk.free()

        network.stands(load, back=RETURN_SECONDS)
        network.close()  # before the disk is taken away


@pytest.mark.slow
@pytest.mark.takes_turns
def test_a_flipped_bit_in_the_stored_state_stops_that_node_which_says_why(four: HurtNetwork):
    load = Load(four, THROUGH)
    four.until(lambda: bool(load.acknowledged), "nothing was acknowledged")
    four.down(HURT)
    place = four.place(HURT)
    flip_a_bit_of_a_record(place / DATA, validator_of(place))

    four.start(HURT)
    four.until(lambda: not four.is_up(HURT), "it goes on with a damaged state")

    assert four.said_by(HURT, "the stored record under the key ") >= 1
    assert four.said_by(HURT, " is damaged: it does not match its hash") >= 1
    assert four.said_by(HURT, "make a new one from a backup or an export") >= 1
    height = four.height(THROUGH)
    four.until(lambda: four.height(THROUGH) > height + 5, "the others do not go on")
    make_ledger_anew(four.folder, place)
    four.up(HURT)
    four.stands(load, back=RETURN_SECONDS)


def validator_of(place: Path) -> bytes:
    """Give a node's validator key: it stands in records of the state, and in no block."""
    key = json.loads((home(place) / CONFIG / VALIDATOR_KEY_FILE).read_text())["pub_key"]["value"]
    return b64decode(key)


def flip_a_bit_of_a_record(file: Path, field: bytes) -> None:
    """Flip the lowest bit of a field wherever it stands on a page that is in use."""
    content = bytearray(file.read_bytes())
    pages = [page for page in DataFile(bytes(content)).pages() if page.kind in (Kind.LEAF, Kind.OVERFLOW)]
    used = [
        (page.number * PAGE_BYTES + start, page.number * PAGE_BYTES + end)
        for page in pages
        for start, end in page.ranges
    ]
    found = 0
    at = content.find(field)
    while at >= 0:
        if any(start <= at < end for start, end in used):
            content[at] ^= 1
            found += 1
        at = content.find(field, at + 1)
    assert found, "the record stands nowhere"
    file.write_bytes(content)


def make_ledger_anew(network: Path, place: Path) -> None:
    """Do what an operator does after damage: make the ledger anew; the engine has all blocks and brings them again."""
    for name in (DATA, f"{DATA}-lock", LOG, WITNESS):
        (place / name).unlink(missing_ok=True)
    genesis = msgspec.json.decode((place / GENESIS).read_bytes(), type=genesis_type(ALL))
    node.create(place, genesis, secret=(network / BLINDING).read_bytes())
