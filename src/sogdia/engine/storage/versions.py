"""What wrote a file: the release of this program, and the format of the LMDB library at hand."""

from __future__ import annotations

from importlib import metadata

import lmdb


def lmdb_format() -> str:
    """Name the file format of the LMDB library at hand: its first two numbers decide."""
    return ".".join(str(number) for number in lmdb.version()[:2])


def release() -> str:
    """Name the release of this program; one that runs without having been installed has none."""
    try:
        return metadata.version("sogdia")
    except metadata.PackageNotFoundError:
        return "unreleased"
