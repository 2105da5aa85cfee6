"""The index beside the engine: what following costs, how far it lags, how fast it is made anew, how fast it finds.

The follower is the product's own process, `sogdia index run`, on a database of its own: a SQLite file, or a fresh
PostgreSQL server with the settings of the Debian package.
"""

from __future__ import annotations

import itertools
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from bench.node_load import VALIDITY_SECONDS, Node, play, processor_seconds
from bench.postgres_peer import cluster
from bench.work import Maker, genesis
from sogdia.client.connection import Connection, Durable
from sogdia.index import following
from sogdia.index.database import open_engine, told
from sogdia.index.errors import IndexStoppedError, IndexUnreachableError, IndexUnusableError
from sogdia.index.projections.market import LISTINGS
from sogdia.index.reading.stand import stand
from sogdia.index.reading.trade import complete_title, search_listings
from sogdia.index.search import LISTING_WORDS, enter_document
from sogdia.index.sources import FolderSource
from sogdia.index.writer import IndexWriter

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sogdia.index.batch import Batch

IN_FLIGHT = 256
SAMPLE_SECONDS = 0.1
CATCH_UP_SECONDS = 120.0
DOCUMENTS_A_BATCH = 5_000
SEED = 20_261_122

Sample = tuple[float, int, int]


class Following(msgspec.Struct, frozen=True, kw_only=True):
    """The engine with the index beside it, then the index made anew; rates in envelopes a second."""

    database: str
    together_per_second: float
    lag_seconds_max: float
    index_microseconds: float
    """What an envelope costs of the index's processor time, without the database server's."""

    rebuild_per_second: float
    envelopes: int
    database_bytes: int


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """Searches over many listings, in milliseconds; and what entering the listings took."""

    database: str
    listings: int
    entered_per_second: float
    searches: int
    p50: float
    p99: float
    most: float
    complete_p99: float
    processor_p99: float
    """Of the searching process alone: with SQLite that is all, with PostgreSQL the server's part is missing."""


@contextmanager
def database(kind: str) -> Iterator[tuple[str, Path]]:
    """Give the URL of an empty database, and the folder that it fills."""
    if kind == "sqlite":
        with tempfile.TemporaryDirectory(prefix="bench-index-", dir=Path.cwd()) as folder:
            yield f"sqlite:///{folder}/index.sqlite", Path(folder)
        return
    with cluster() as server:
        (server.folder / "data" / "pg_hba.conf").write_text("local all all trust\n", encoding="ascii")
        server.run("pg_ctl", "-D", "data", "reload")
        server.sql("CREATE DATABASE sogdia;")
        yield f"postgresql://{server.user or ''}@/sogdia?host={server.socket}", server.folder / "data"


def follow(kind: str, orders: int) -> Following:
    """Run life cycles through a node that is followed, then make the index of its folder anew."""
    with database(kind) as (url, place):
        node = Node(verifier=True)
        try:
            maker = Maker(node.network, int(time.time()) + VALIDITY_SECONDS)
            preparations = list(maker.preparations())
            lives = [maker.life(number) for number in range(orders)]
            with (
                _follower(node.folder, url) as index,
                closing(Watch(url)) as watch,
                Connection(node.folder) as connection,
            ):
                for outcome in connection.submit_many(preparations):
                    if not isinstance(outcome, Durable):
                        message = f"the bench could not be set up: {outcome}"
                        raise RuntimeError(message)  # noqa: TRY004 - not a matter of types
                watch.wait_until(connection.height())
                used = processor_seconds(index)
                rate, samples = _play_and_watch(node.folder, watch, connection, lives)
                used = processor_seconds(index) - used
            node.stop()
            with closing(FolderSource(node.folder)) as source:
                rebuilt = _rebuild(source, kind)
            size = sum(file.stat().st_size for file in place.rglob("*") if file.is_file())
        finally:
            node.close()
    return Following(
        database=kind,
        together_per_second=rate,
        lag_seconds_max=_lag(samples),
        index_microseconds=1e6 * used / (5 * orders),
        rebuild_per_second=rebuilt,
        envelopes=len(preparations) + 5 * orders,
        database_bytes=size,
    )


@contextmanager
def _follower(folder: Path, url: str) -> Iterator[int]:
    """Run the product's own follower; gives its process."""
    command = [sys.executable, "-m", "sogdia", "index", "run", "--node", str(folder), "--database", url]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    process = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)
    try:
        yield process.pid
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=60)


class Watch:
    """The index's height, read over one kept connection: opening one each time would take from what is measured."""

    def __init__(self, url: str) -> None:
        """Watch the index of a database."""
        self._engine = open_engine(url)

    def height(self) -> int:
        """Give the height of the index, 0 while there is none."""
        try:
            with told(self._engine), self._engine.connect() as connection:
                return stand(connection).height
        except (IndexStoppedError, IndexUnreachableError, IndexUnusableError):
            return 0

    def wait_until(self, height: int) -> None:
        """Wait until the index has come to a height."""
        until = time.monotonic() + CATCH_UP_SECONDS
        while self.height() < height:
            if time.monotonic() > until:
                message = f"the index has come to {self.height()}, not to {height}"
                raise RuntimeError(message)
            time.sleep(SAMPLE_SECONDS)

    def close(self) -> None:
        """Let the database go."""
        self._engine.dispose()


def _play_and_watch(
    folder: Path, watch: Watch, connection: Connection, lives: list[tuple[bytes, ...]]
) -> tuple[float, list[Sample]]:
    """Play; give the steps a second until the index has the last of them, and the two heights over time."""
    samples: list[Sample] = []
    over = threading.Event()

    def sample() -> None:
        with Connection(folder) as asking:
            while not over.is_set():
                samples.append((time.perf_counter(), asking.height(), watch.height()))
                over.wait(SAMPLE_SECONDS)

    sampling = threading.Thread(target=sample)
    sampling.start()
    started = time.perf_counter()
    try:
        steps = play(connection, iter(lives), IN_FLIGHT)
        watch.wait_until(connection.height())
        seconds = time.perf_counter() - started
        time.sleep(2 * SAMPLE_SECONDS)
    finally:
        over.set()
        sampling.join()
    return steps / seconds, samples


def _lag(samples: list[Sample]) -> float:
    """Give how long a height that was durable was not in the index yet, at most, to the next sample."""
    most = 0.0
    for at, durable, _indexed in samples:
        reached = next((when for when, _height, indexed in samples if when >= at and indexed >= durable), None)
        most = max(most, (samples[-1][0] if reached is None else reached) - at)
    return most


def _rebuild(source: FolderSource, kind: str) -> float:
    with database(kind) as (url, _place):
        started = time.perf_counter()
        following.build(source, url)
        seconds = time.perf_counter() - started
        engine = open_engine(url)
        with engine.connect() as connection:
            done = connection.exec_driver_sql("SELECT sum(envelopes) FROM blocks").scalar()
        engine.dispose()
    return int(done or 0) / seconds


# ------------------------------------------------------------------------------------------------------------ finding

GOODS = (
    "silk шёлк ипек ipek حرير ابریشم 丝绸 シルク ไหม tea чай چای 茶叶 绿茶 ceramic керамика 陶瓷 leather кожа جلد 皮革"
    " carpet ковёр кілем سجاد 地毯"
    " lamp лампа مصباح 灯具 bowl пиала كاسة 瓷碗 knife нож سكين 菜刀 batik kikoi cotton хлопок"
).split()
KINDS = (
    "red blue large small hand-woven antique ручной большой красный классический يدوي كبير 手工 大号 新款 ukubwa besar"
).split()


def titles(number: int) -> Iterator[str]:
    """Make titles: a few words that many share, and a rare one, in the scripts of the region."""
    chance = random.Random(SEED)  # noqa: S311 - titles, the same in every run
    for at in range(number):
        yield f"{chance.choice(GOODS)} {chance.choice(KINDS)} {chance.choice(GOODS)} №{at % 9_973}"


def questions(number: int) -> list[str]:
    """Make questions: one frequent word, two, a frequent and a rare one, a rare one, one that nothing has."""
    chance = random.Random(SEED + 1)  # noqa: S311 - as above
    made = []
    for at in range(number):
        goods, kind, rare = chance.choice(GOODS), chance.choice(KINDS), str(chance.randrange(9_973))
        made.append((goods, f"{goods} {kind}", f"{goods} {rare}", rare, f"{goods} missing")[at % 5])
    return made


def find(kind: str, listings: int, searches: int) -> Finding:
    """Enter listings by the product's own way, then search them."""
    with database(kind) as (url, _place):
        made = genesis(int(time.time()))
        with closing(IndexWriter(url, msgspec.json.encode(made))) as writer:
            started = time.perf_counter()
            source = titles(listings)
            while chunk := list(itertools.islice(source, DOCUMENTS_A_BATCH)):
                _enter(writer, chunk)
            entering = time.perf_counter() - started
            if kind != "sqlite":
                with writer.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                    connection.exec_driver_sql("ANALYZE")
        engine = open_engine(url)
        with engine.connect() as connection:
            taken, completed, used = [], [], []
            for question in questions(searches):
                started, before = time.perf_counter(), time.process_time()
                search_listings(connection, question)
                taken.append(time.perf_counter() - started)
                used.append(time.process_time() - before)
                started = time.perf_counter()
                complete_title(connection, question[:2])
                completed.append(time.perf_counter() - started)
        engine.dispose()
    for each in (taken, completed, used):
        each.sort()
    return Finding(
        database=kind,
        listings=listings,
        entered_per_second=listings / entering,
        searches=searches,
        p50=1_000 * taken[searches // 2],
        p99=1_000 * taken[searches * 99 // 100],
        most=1_000 * taken[-1],
        complete_p99=1_000 * completed[searches * 99 // 100],
        processor_p99=1_000 * used[searches * 99 // 100],
    )


def _enter(writer: IndexWriter, chunk: list[str]) -> None:
    batch: Batch = writer.batch
    with writer.engine.begin() as connection:
        batch.begin(connection)
        for title in chunk:
            number = enter_document(batch, LISTING_WORDS, title)
            row = dict.fromkeys(LISTINGS.columns.keys(), "") | {
                "listing": number.to_bytes(21, "big"),
                "number": number,
                "merchant": bytes(20),
                "terms": bytes(21),
                "asset": bytes(23),
                "title": title,
                "open": True,
                "opened_at": 0,
                "closed_at": None,
            }
            batch.rows(LISTINGS).put(row)
        batch.write()
