"""Several operations in one envelope, read from a JSON file: all of them are applied, or none.

    [{"operation": "open-listing", "fields": {"reference": "tea", …}},
     {"operation": "add-variant", "by": "seller", "mandate": "@bukhara/shop", "fields": {…}}]

Fields are written as in `sogdia tx … --fields`. `by` names one of the keys that sign; without it the first one asks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from sogdia.cli.exits import Stopped, usage
from sogdia.cli.operations import Given
from sogdia.client.declared import operations
from sogdia.kernel.envelope import OPERATIONS_MAX

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sogdia.kernel.operation import Operation

PARTS = frozenset(("operation", "fields", "by", "mandate"))
FORM = 'Write it like {"operation": "transfer", "fields": {…}}, with "by" and "mandate" where they are needed.'


class Asked(NamedTuple):
    """An operation that is asked for: what was said about its fields, who asks, and under which mandate."""

    declared: type[Operation]
    given: Given
    signer: int
    mandate: str | None


def read_batch(found: Any, signers: Sequence[str]) -> list[Asked]:  # noqa: ANN401 - JSON
    """Read the operations of a batch; `signers` are the keys that sign, in their order."""
    if not isinstance(found, list) or not 1 <= len(found) <= OPERATIONS_MAX:
        raise usage(f"A batch is a JSON list of 1 to {OPERATIONS_MAX} operations.", FORM)
    return [_read_asked(each, place, signers) for place, each in enumerate(found, start=1)]


def _read_asked(found: Any, place: int, signers: Sequence[str]) -> Asked:  # noqa: ANN401 - JSON
    where = f"Operation {place} of the batch"
    if not isinstance(found, dict) or not found.keys() <= PARTS:
        raise usage(f"{where} is none that can be read.", FORM)
    declared = operations().get(str(found.get("operation")))
    if declared is None:
        raise usage(f"{where}: there is no operation {found.get('operation')!r}.", "'sogdia tx --help' names them.")
    fields, by, mandate = found.get("fields", {}), found.get("by"), found.get("mandate")
    if not isinstance(fields, dict) or not isinstance(by, str | None) or not isinstance(mandate, str | None):
        raise usage(f"{where} is none that can be read.", FORM)
    known = [each.partition("=")[0] for each in signers]
    if by is not None and by not in known:
        raise usage(f"{where} is asked by {by!r}, which does not sign.", "Name it by --from or --also-signed-by.")
    return Asked(declared, Given({}, fields), 0 if by is None else known.index(by), mandate)


def placed(stopped: Stopped, place: int) -> Stopped:
    """Say of a fault in which operation of a batch it is."""
    return Stopped(stopped.status, f"Operation {place} of the batch: {stopped.message}", stopped.way_out)
