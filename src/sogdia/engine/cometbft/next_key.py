"""A validator's next key: it waits beside the present one until the ledger names it, and is taken over at a start.

    engine/config/priv_validator_key.json        what the engine signs with
    engine/config/priv_validator_key.next.json   made for the organisation's `RotateNodeKey`, and waiting
    engine/config/priv_validator_key.old.json    the one before

The application looks before the engine begins, so the engine never sees its key change while it runs. The record of
votes stays: the new key has never voted below the heights that it holds.
"""

from __future__ import annotations

import json
import logging
import os
from base64 import b64decode
from typing import TYPE_CHECKING

from sogdia.engine.cometbft.home import CONFIG, VALIDATOR_KEY_FILE
from sogdia.engine.cometbft.places import home
from sogdia.kernel.members import members_of
from sogdia.kernel.state import State

if TYPE_CHECKING:
    from pathlib import Path

    from sogdia.engine.solo.ledger import Ledger

NEXT_KEY_FILE = "priv_validator_key.next.json"
OLD_KEY_FILE = "priv_validator_key.old.json"

_log = logging.getLogger(__name__)


def public_in(path: Path) -> bytes:
    """Read the public key, 32 bytes, in a file of the engine's; raises `OSError` or `ValueError`."""
    try:
        return b64decode(json.loads(path.read_bytes())["pub_key"]["value"], validate=True)
    except (KeyError, TypeError) as error:
        raise ValueError(f"{path} is no key file of CometBFT's") from error


def take_over_next_key(folder: Path, ledger: Ledger) -> bool:
    """Put the next key in the place of the present one if a member's validator has it now; tell whether it was done."""
    config = home(folder) / CONFIG
    following = config / NEXT_KEY_FILE
    if not following.exists():
        return False
    public = public_in(following)
    if all(member.public != public for member in members_of(State(ledger.base))):
        _log.info("the next validator key, %s, waits until the ledger names it", public.hex())
        return False
    present, old = config / VALIDATOR_KEY_FILE, config / OLD_KEY_FILE
    old.unlink(missing_ok=True)
    os.link(present, old)  # whenever this ends, there is a whole present key
    following.replace(present)
    _log.warning("the node votes with its next validator key, %s, from now on", public.hex())
    return True
