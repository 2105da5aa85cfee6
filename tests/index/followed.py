"""A ledger whose index is written and compared with it after every block."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

from sogdia.index.writer import IndexWriter
from tests.index.recorder import RecordingLedger
from tests.index.test_projections import assert_same_orders

if TYPE_CHECKING:
    from pathlib import Path

    from sogdia.client.envelopes import Signed
    from sogdia.kernel.receipt import Receipt
    from sogdia.kernel.refusal import Refused


class Followed(RecordingLedger):
    """A ledger whose index is compared with it after every block."""

    folder: Path | None = None
    compared = 0

    def block(self, *signed: Signed | bytes, at: int | None = None) -> list[Receipt | Refused]:
        """Build a block, write it into the index, and look."""
        answers = super().block(*signed, at=at)
        if self.folder is not None:
            url = f"sqlite:///{self.folder / 'index.sqlite'}"
            with closing(IndexWriter(url, self.genesis_json())) as writer:
                writer.write(self.raws[writer.stand.height :])
            assert_same_orders(url, self.state)
            self.compared += 1
        return answers
