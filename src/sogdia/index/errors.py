"""Why an index cannot go on: each error says what was found, with which values, and what to do next."""

from __future__ import annotations


class IndexStoppedError(Exception):
    """The index cannot go on by itself; a person has to decide something."""


class IndexForeignError(IndexStoppedError):
    """The blocks and the index do not belong together: another network, or a ledger that was rolled back."""


class IndexUnusableError(IndexStoppedError):
    """The database is no index of ours, or one of another release, or damaged."""


class IndexFullError(IndexStoppedError):
    """The database has no more room."""


class IndexUnreachableError(Exception):
    """The database does not answer now; it may answer later."""


class IndexAwayError(Exception):
    """For a reader: the index does not answer, with why."""


class IndexAbsentError(IndexAwayError):
    """For a reader: there is no index in the database yet."""
