"""Power cuts: a program runs with the shim underneath, and its files are put back as a disk would hold them.

    run = PowerRun(argv, environment, [data_file], library, scratch)
    whole = run.run()                                    # how many sync points there are, and what was acknowledged
    cut = run.run(Cut(7, Mode.TORN, seed=3))             # the power fails at the seventh
    run.restore(cut, folder)                             # what a restart would find

`shim.c` says what is durable and what isn't. Files of the folder that aren't named count as durable.
"""

import random
import shutil
import subprocess
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from tests.faults.commands import SECONDS_MAX, Ended, Running

SOURCES = (Path(__file__).parent / "shim.c", Path(__file__).parent / "image.c")
COMPILE = ("-Wall", "-Wextra", "-Werror", "-O2", "-U_FORTIFY_SOURCE", "-shared", "-fPIC")
# With this status the shim says that it couldn't follow the program, so that nothing it kept means anything.
CANNOT_FOLLOW = 98
KILLED = -9


def missing() -> str | None:
    """Why no power can be cut here, or nothing."""
    return None if _compiler() else "no C compiler (gcc or cc) to build the power shim with"


def _compiler() -> str | None:
    return shutil.which("gcc") or shutil.which("cc")


def compile_shim(folder: Path) -> Path:
    """Build the shim in `folder`; a warning is an error."""
    library = folder / "power_shim.so"
    compiler = _compiler()
    if compiler is None:
        raise ShimError(str(missing()))
    sources = [str(source) for source in SOURCES]
    built = subprocess.run(
        [compiler, *COMPILE, "-o", str(library), *sources, "-ldl", "-lpthread"],
        capture_output=True,
        text=True,
        check=False,
    )
    if built.returncode != 0:
        raise ShimError(f"the power shim could not be built:\n{built.stderr}")
    return library


class ShimError(Exception):
    """The shim could not be built, or could not follow the program."""


class Mode(StrEnum):
    """What happens at the chosen sync point."""

    BEFORE = "before"  # the power fails; nothing of the sync has reached the disk
    AFTER = "after"  # the power fails; all of it has, but the program was never told
    TORN = "torn"  # the power fails; some of it has, chosen by the seed
    FAIL = "fail"  # the disk reports an error and has lost it; the program goes on


@dataclass(frozen=True, slots=True)
class Cut:
    """One sync point, what happens there, and the seed of a torn one."""

    number: int
    mode: Mode
    seed: int = 0

    def __str__(self) -> str:
        """The cut in words, to be said again by whoever reads a failure."""
        return f"sync point {self.number}, {self.mode}" + (f", seed {self.seed}" if self.mode == Mode.TORN else "")


@dataclass(frozen=True, slots=True)
class SyncPoint:
    """A moment at which a program made bytes durable: its call, and what was held until then."""

    number: int
    call: str
    held_writes: int
    held_bytes: int
    file: int
    """Which of the watched files was synced, from 0."""


@dataclass(frozen=True, slots=True)
class PowerEnd:
    """What a run under the shim came to."""

    cut: Cut | None
    ended: Ended
    images: tuple[Path, ...]
    sync_points: tuple[SyncPoint, ...]
    synced_directories: frozenset[Path]

    @property
    def image(self) -> Path:
        """The image of the first file."""
        return self.images[0]

    @property
    def acknowledged(self) -> tuple[str, ...]:
        """The lines that had left the program when the power failed."""
        return self.ended.lines

    @property
    def happened(self) -> bool:
        """Whether the program got as far as the chosen sync point."""
        return self.cut is not None and len(self.sync_points) >= self.cut.number


class PowerRun:
    """A command, the files whose power is cut, and a place for what is kept of them."""

    def __init__(
        self, argv: Sequence[str], additions: Mapping[str, str], files: Sequence[Path], library: Path, scratch: Path
    ) -> None:
        """`files` are what the command will write; what their folder holds now is where every run begins."""
        self._argv = tuple(argv)
        self._additions = dict(additions)
        self._files = tuple(file.absolute() for file in files)
        (self._folder,) = {file.parent for file in self._files}
        self._library = library
        self._scratch = scratch
        self._begin = scratch / "begin"
        scratch.mkdir(parents=True, exist_ok=True)
        if self._folder.exists():
            shutil.copytree(self._folder, self._begin)
        else:
            self._begin.mkdir()

    @property
    def images(self) -> tuple[Path, ...]:
        """The files that hold what is durable of each."""
        return tuple(self._scratch / f"image-{number}" for number in range(len(self._files)))

    @property
    def _log(self) -> Path:
        return self._scratch / "sync-points"

    def environment(self, cut: Cut | None = None, *, syncs: bool = True) -> dict[str, str]:
        """What to add to the environment of a program that is started by other means than `start`."""
        chosen = (
            {}
            if cut is None
            else {
                "SOGDIA_POWER_CUT": str(cut.number),
                "SOGDIA_POWER_MODE": cut.mode.value,
                "SOGDIA_POWER_SEED": str(cut.seed),
            }
        )
        return {
            **self._additions,
            **chosen,
            "LD_PRELOAD": str(self._library),
            "SOGDIA_POWER_FILE": ":".join(str(file.resolve()) for file in self._files),
            "SOGDIA_POWER_IMAGE": ":".join(str(image) for image in self.images),
            "SOGDIA_POWER_LOG": str(self._log),
            "SOGDIA_POWER_NOSYNC": "0" if syncs else "1",
        }

    def prepare(self) -> None:
        """Put the folder back as it was at first, and take that for durable."""
        shutil.rmtree(self._folder, ignore_errors=True)
        shutil.copytree(self._begin, self._folder)
        self._log.unlink(missing_ok=True)
        for file, image in zip(self._files, self.images, strict=True):
            image.write_bytes(file.read_bytes() if file.exists() else b"")

    def start(self, cut: Cut | None = None, *, syncs: bool = True) -> Running:
        """Start the command on a fresh folder; for a node that is driven from outside and whose receipts go elsewhere.

        Call `finish` once it has ended.
        """
        self.prepare()
        return Running(self._argv, self.environment(cut, syncs=syncs), self._scratch / "errors")

    def finish(self, cut: Cut | None, ended: Ended) -> PowerEnd:
        """Read what the shim has noted; refuse a run that it couldn't follow or that hung."""
        if ended.status == CANNOT_FOLLOW:
            raise ShimError(ended.errors)
        if ended.out_of_time:
            raise ShimError(f"the command didn't end in time ({cut or 'no cut'}): {ended.errors}")
        noted = self._log.read_text().splitlines() if self._log.exists() else []
        directories = (line.removeprefix("directory ") for line in noted if line.startswith("directory "))
        points = tuple(_sync_point(line) for line in noted if not line.startswith("directory "))
        return PowerEnd(cut, ended, self.images, points, frozenset(map(Path, directories)))

    def run(self, cut: Cut | None = None, *, syncs: bool = True, seconds_max: float = SECONDS_MAX) -> PowerEnd:
        """Run the command to its end or to the cut; with `syncs=False` its syncs are swallowed."""
        end = self.finish(cut, self.start(cut, syncs=syncs).end(seconds_max))
        died = end.ended.status == KILLED
        should_have_died = end.happened and cut is not None and cut.mode != Mode.FAIL
        if died != should_have_died:
            raise ShimError(f"status {end.ended.status} ({cut or 'no cut'}): {end.ended.errors}")
        return end

    def restore(self, end: PowerEnd, folder: Path) -> Path:
        """Make `folder` as a restart would find it, and give its first file.

        Lock files and sockets aren't taken along: they tell of readers, writers and listeners, all of whom are gone.
        """
        shutil.rmtree(folder, ignore_errors=True)
        names = [file.name for file in self._files]
        locks = [lock for name in names for lock in (name.replace("data", "lock"), f"{name}-lock")]
        shutil.copytree(self._folder, folder, ignore=shutil.ignore_patterns(*names, *locks, "*.sock"))
        for name, image in zip(names, end.images, strict=True):
            shutil.copyfile(image, folder / name)
        return folder / names[0]


def _sync_point(line: str) -> SyncPoint:
    number, call, held_writes, held_bytes, file = line.split(" ")
    return SyncPoint(int(number), call, int(held_writes), int(held_bytes), int(file))


def every_cut(points: int, torn_seeds: Iterable[int]) -> Iterator[Cut]:
    """Every mode at every sync point, the torn one once a seed."""
    seeds = tuple(torn_seeds)
    for number in range(1, points + 1):
        yield Cut(number, Mode.BEFORE)
        yield Cut(number, Mode.AFTER)
        yield Cut(number, Mode.FAIL)
        for seed in seeds:
            yield Cut(number, Mode.TORN, seed)


def some_cuts(points: int, count: int, seed: int) -> list[Cut]:
    """A slice of `every_cut`, with the first and last sync point and every mode in it."""
    everything = list(every_cut(points, (seed, seed + 1)))
    always = [cut for cut in everything if cut.number in {1, points} and cut.mode != Mode.FAIL]
    others = [cut for cut in everything if cut not in always]
    drawn = random.Random(seed).sample(others, min(len(others), max(0, count - len(always))))
    return sorted(always + drawn, key=lambda cut: (cut.number, cut.mode, cut.seed))
