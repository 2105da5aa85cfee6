"""A disk that is too small: a temporary file system of a few megabytes, filled to the last byte and freed again."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

BALLAST = "ballast"
PIECE_BYTES = 1 << 16


@cache
def missing() -> str | None:
    """Why no small disk can be mounted here, or nothing; finds out by mounting one."""
    if os.geteuid() != 0:
        return "mounting a small tmpfs needs root"
    if not shutil.which("mount") or not shutil.which("umount"):
        return "there is no mount or no umount program"
    with tempfile.TemporaryDirectory() as folder:
        refusal = _mounted(Path(folder), 1 << 16)
        if refusal is None:
            _unmount(Path(folder))
    return refusal


def _mounted(folder: Path, size_bytes: int) -> str | None:
    """Mount a tmpfs; gives the words of a refusal."""
    argv = ["mount", "-t", "tmpfs", "-o", f"size={size_bytes},mode=0700", "tmpfs", str(folder)]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    return None if done.returncode == 0 else f"no tmpfs may be mounted here: {done.stderr.strip()}"


def _unmount(folder: Path) -> None:
    """Take the mount away, if need be while a killed program still lets go of it."""
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


class SmallDisk:
    """A mounted disk of known size."""

    def __init__(self, folder: Path) -> None:
        """The disk that is mounted at `folder`."""
        self.folder = folder

    @property
    def left_bytes(self) -> int:
        """The room that is left."""
        numbers = os.statvfs(self.folder)
        return numbers.f_bavail * numbers.f_frsize

    def fill(self, leave_bytes: int = 0) -> None:
        """Take up all room but `leave_bytes`, however fast other programs free or take some meanwhile."""
        with (self.folder / BALLAST).open("ab", buffering=0) as ballast:
            while (room := self.left_bytes - leave_bytes) > 0:
                try:
                    ballast.write(bytes(min(PIECE_BYTES, room)))
                except OSError:
                    return

    def free(self) -> None:
        """Give back what `fill` took."""
        (self.folder / BALLAST).unlink(missing_ok=True)


@contextmanager
def small_disk(folder: Path, size_bytes: int) -> Iterator[SmallDisk]:
    """Mount a disk of `size_bytes` at `folder` for as long as the block runs."""
    folder.mkdir(parents=True, exist_ok=True)
    refusal = missing() or _mounted(folder, size_bytes)
    if refusal is not None:
        raise PermissionError(refusal)
    try:
        yield SmallDisk(folder)
    finally:
        _unmount(folder)
