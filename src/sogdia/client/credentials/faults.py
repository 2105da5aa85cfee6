"""Why a credential, a disclosure or a signature is not accepted."""

from __future__ import annotations


class CheckFailed(Exception):  # noqa: N818 - reads as what it says
    """Something was checked and is not what it claims to be."""


class CannotBeUsed(Exception):  # noqa: N818 - reads as what it says
    """What was given makes no credential: a wrong check digit, a missing field, a file of another kind."""


class NationalAlgorithm(CheckFailed):
    """A signature by a national algorithm, which only tools of that country can check."""
