"""A validator's next key: it waits beside the present one until its first block is next, and is then taken over.

    engine/config/priv_validator_key.json        what the engine signs with
    engine/config/priv_validator_key.next.json   made for the organisation's `RotateNodeKey`, and waiting
    engine/config/priv_validator_key.old.json    the one before

The engine reads its key when it begins. So the node ends after the last block that the old key signs, and begins anew
with the new one; until then the old one goes on voting, or a network that misses another node would stand still. The
record of votes stays: the new key has never voted on the heights that it holds.
"""

from __future__ import annotations

import json
import logging
import os
from base64 import b64decode
from typing import TYPE_CHECKING

from sogdia.engine.cometbft.home import CONFIG, VALIDATOR_KEY_FILE
from sogdia.engine.cometbft.places import home
from sogdia.kernel.header import validators_at
from sogdia.kernel.state import State

if TYPE_CHECKING:
    from pathlib import Path

    from sogdia.engine.ledger.ledger import Ledger

NEXT_KEY_FILE = "priv_validator_key.next.json"
OLD_KEY_FILE = "priv_validator_key.old.json"

_log = logging.getLogger(__name__)


def public_in(path: Path) -> bytes:
    """Read the public key, 32 bytes, in a file of the engine's; raises `OSError` or `ValueError`."""
    try:
        return b64decode(json.loads(path.read_bytes())["pub_key"]["value"], validate=True)
    except (KeyError, TypeError) as error:
        raise ValueError(f"{path} is no key file of CometBFT's") from error


def next_key_is_due(folder: Path, ledger: Ledger) -> bool:
    """Tell whether a next key waits and signs the block after the ledger's last one."""
    following = home(folder) / CONFIG / NEXT_KEY_FILE
    if not following.exists():
        return False
    public = public_in(following)
    return any(each.public == public for each in validators_at(State(ledger.base), ledger.tip.height + 1))


def take_over_next_key(folder: Path, ledger: Ledger) -> bool:
    """Put the next key in the place of the present one if it is due; tell whether it was done."""
    if not next_key_is_due(folder, ledger):
        return False
    config = home(folder) / CONFIG
    present, following, old = config / VALIDATOR_KEY_FILE, config / NEXT_KEY_FILE, config / OLD_KEY_FILE
    old.unlink(missing_ok=True)
    os.link(present, old)  # whenever this ends, there is a whole present key
    following.replace(present)
    _log.warning("from now on the node votes with its next validator key, %s", public_in(present).hex())
    return True
