"""PostgreSQL doing the work of the ledger without signatures: what a user would take instead on one machine.

An order lives through five steps (place, accept, ship, deliver, settle). Each step is one call of a function in the
database and one transaction; the tables are those of the ledger (`sql/schema.sql`), the rules are checked in the
functions (`sql/steps.sql`). The client is pgbench, which comes with PostgreSQL and costs little time of its own.

A throw-away cluster is made with the settings of the Debian package, so commits are durable. It listens to a Unix
socket only and is gone at the end. With many requests in flight, fewer connections than requests serve PostgreSQL
better, as every user of a connection pool knows: several pool sizes are tried and the best one counts.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, NoReturn

import click
import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterator

SQL = Path(__file__).parent / "sql"
DEBIAN_PROGRAMS = "/usr/lib/postgresql"
PROGRAMS = ("initdb", "pg_ctl", "psql", "pgbench")
SERVER_USER = "postgres"
"""PostgreSQL refuses to run as root; the Debian package makes this user for it."""

POOL_SIZES = (16, 32, 64)
"""How many connections are tried for more requests in flight than the smallest of them."""

CONNECTIONS_BY_DEFAULT = 90
"""Up to here the default limit of 100 connections does; some of them are kept for the superuser."""

LINES = 3
IN_FLIGHT_MAX = 900


class PeerError(Exception):
    """PostgreSQL could not be measured: it is missing, it failed, or its tables are wrong afterwards."""


class PeerResult(msgspec.Struct, frozen=True):
    """What PostgreSQL reached, with the number of connections that served it best."""

    steps_per_second: float
    in_flight: int
    connections: int
    postgres: str
    sponsors: int
    steps_per_second_by_connections: dict[int, float]


@dataclass(frozen=True)
class Trade:
    """Who takes part and what is on sale. Roles are ranges of party numbers, in the order of the fields."""

    parties: int
    listings: int
    sponsors: int

    def __post_init__(self) -> None:
        """Refuse a trade that is too small for every role to be filled."""
        if self.parties < 100 or self.listings < LINES or not 1 <= self.sponsors <= self.parties:  # noqa: PLR2004
            raise PeerError(
                f"{self.parties} parties, {self.listings} listings, {self.sponsors} sponsors: "
                f"at least 100 parties, {LINES} listings, and from 1 sponsor to one a party are needed"
            )

    def settings(self) -> dict[str, int]:
        """Give the variables that the SQL files and the script of the client use."""
        merchants = min(self.parties // 10, self.listings // LINES)
        first_platform = merchants + 1 + self.parties // 10
        return {
            "parties": self.parties,
            "sponsors": self.sponsors,
            "merchants": merchants,
            "listings_each": self.listings // merchants,
            "first_carrier": merchants + 1,
            "first_platform": first_platform,
            "first_buyer": first_platform + self.parties // 100,
        }


class Script(NamedTuple):
    """What pgbench plays: a file, and how many steps, each a transaction, one pass through it is."""

    file: str
    steps: int


ORDERS = Script("life_cycle.pgbench", 5)
TRANSFERS = Script("transfer.pgbench", 1)


@dataclass(frozen=True)
class Cluster:
    """A PostgreSQL server of our own, in a folder of its own."""

    programs: Path
    folder: Path
    socket: Path
    user: str | None

    def run(self, program: str, *arguments: str, text: str = "") -> str:
        """Run one of PostgreSQL's programs as the user of the server and give what it printed, errors included."""
        command = [str(self.programs / program), *arguments]
        if self.user is not None:
            command = ["runuser", "-u", self.user, "--", *command]
        # Settings of the caller's own PostgreSQL (PGHOST, PGUSER, …) must not reach this one.
        environment = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
        environment |= {"LC_ALL": "C", "PGHOST": str(self.socket), "PGDATABASE": "postgres"}
        done = subprocess.run(
            command,
            input=text,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=environment,
            cwd=self.folder,
            check=False,
        )
        if done.returncode != 0:
            raise PeerError(f"{program} ended with {done.returncode}:\n{done.stdout[-2000:]}")
        return done.stdout

    def start(self, connections: int) -> None:
        """Make the data folder and start the server on the Unix socket, for so many connections."""
        self.run("initdb", "-D", "data", "--auth=peer", "--locale=C", "--encoding=UTF8")
        options = f"-c listen_addresses='' -c unix_socket_directories='{self.socket}'"
        if connections > CONNECTIONS_BY_DEFAULT:
            options += f" -c max_connections={connections + 10}"
        try:
            self.run("pg_ctl", "-D", "data", "-l", "log", "-w", "-o", options, "start")
        except PeerError as error:
            log = self.folder / "log"
            raise PeerError(f"{error}{log.read_text()[-2000:] if log.exists() else ''}") from error

    def stop(self) -> None:
        """Stop the server if it runs. What it holds is thrown away, so nothing is written out first."""
        if (self.folder / "data" / "postmaster.pid").exists():
            self.run("pg_ctl", "-D", "data", "-m", "immediate", "-w", "stop")

    def sql(self, text: str, settings: dict[str, int] | None = None) -> list[str]:
        """Run statements and give the rows they return, one line each."""
        variables = [f"--set={name}={value}" for name, value in (settings or {}).items()]
        printed = self.run(
            "psql",
            "--quiet",
            "--no-psqlrc",
            "--tuples-only",
            "--no-align",
            "--set=ON_ERROR_STOP=1",
            *variables,
            text=text,
        )
        return printed.splitlines()

    def load(self, trade: Trade) -> None:
        """Make the tables and the steps, and fill in the parties, the listings and the money."""
        text = "\n".join((SQL / name).read_text() for name in ("schema.sql", "steps.sql", "transfer.sql", "load.sql"))
        self.sql(text, trade.settings())

    def broken_rules(self) -> list[str]:
        """Give the sentences about money, states and lines that should hold of the tables and don't."""
        return self.sql((SQL / "broken_rules.sql").read_text())

    def play(self, trade: Trade, connections: int, seconds: int, run: int, script: Script = ORDERS) -> float:
        """Play a script over so many connections and give the steps a second. `run` keeps its numbers apart."""
        # A new connection compiles and plans every function first, which a long-lived one has behind it. With 256 of
        # them on two cores this takes 10 seconds; the seconds before the speed is steady don't count.
        warm_up = 2 + connections // 20
        settings = trade.settings() | {"number": 0, "run": run}
        printed = self.run(
            "pgbench",
            "--no-vacuum",
            "--protocol=prepared",
            f"--client={connections}",
            f"--jobs={min(2, connections)}",
            f"--time={warm_up + seconds + 1}",
            "--progress=1",
            *(f"--define={name}={value}" for name, value in settings.items()),
            "--file=-",
            text=(SQL / script.file).read_text(),
        )
        if "number of failed transactions: 0 " not in printed:
            raise PeerError(f"pgbench reports failed transactions:\n{printed[-2000:]}")
        progress = re.findall(r"^progress: ([0-9.]+) s, ([0-9.]+) tps", printed, re.MULTILINE)
        rates = [float(rate) for time, rate in progress if warm_up < round(float(time)) <= warm_up + seconds]
        if not rates:
            raise PeerError(f"pgbench reported no progress in {seconds} s:\n{printed[-2000:]}")
        return script.steps * sum(rates) / len(rates)


def find_programs() -> Path:
    """Give the folder of PostgreSQL's programs: the newest of the Debian packages, else the one on the search path."""
    versions = sorted(Path(DEBIAN_PROGRAMS).glob("*/bin"), key=lambda folder: folder.parent.name.zfill(4), reverse=True)
    on_path = shutil.which("initdb")
    folders = [*versions, *([Path(on_path).resolve().parent] if on_path else [])]
    for folder in folders:
        if all((folder / program).exists() for program in PROGRAMS):
            return folder
    raise PeerError(
        f"PostgreSQL is not installed: no folder in {DEBIAN_PROGRAMS}/*/bin or on PATH has {', '.join(PROGRAMS)}. "
        "On Debian: apt-get install postgresql"
    )


def _server_user() -> str | None:
    """Give the user that the server must run as when we are root, else none: it runs as we do."""
    if os.geteuid() != 0:
        return None
    if shutil.which("runuser") is None:
        raise PeerError("PostgreSQL doesn't run as root, and runuser is missing. On Debian: apt-get install util-linux")
    return SERVER_USER


def _parent_on_this_disk() -> str:
    """Give a place for the data on the disk that the current folder is on, so that both sides of the bench sync alike.

    The folder for temporary files often lies in memory, where a sync costs nothing.
    """
    temporary = tempfile.gettempdir()
    return temporary if Path(temporary).stat().st_dev == Path.cwd().stat().st_dev else str(Path.cwd())


@contextmanager
def cluster(connections: int = CONNECTIONS_BY_DEFAULT) -> Iterator[Cluster]:
    """Run a fresh server for so many connections, and stop and remove it at the end, however that comes."""
    programs, user = find_programs(), _server_user()
    with (
        tempfile.TemporaryDirectory(prefix="postgres-peer-", dir=_parent_on_this_disk()) as folder,
        # Apart from the data, because the path of a socket may not be longer than 107 bytes.
        tempfile.TemporaryDirectory(prefix="postgres-peer-") as socket,
    ):
        if user is not None:
            try:
                shutil.chown(folder, user)
                shutil.chown(socket, user)
            except LookupError as error:
                raise PeerError(f"there is no user {user!r}. On Debian: apt-get install postgresql") from error
        server = Cluster(programs, Path(folder), Path(socket), user)
        try:
            server.start(connections)
            yield server
        finally:
            server.stop()


def pool_sizes(in_flight: int) -> list[int]:
    """Give the numbers of connections that are worth trying for so many requests in flight."""
    if not 1 <= in_flight <= IN_FLIGHT_MAX:
        raise PeerError(f"{in_flight} requests in flight: from 1 to {IN_FLIGHT_MAX} can be measured")
    sizes = [size for size in POOL_SIZES if size < in_flight]
    return [*sizes, in_flight] if in_flight <= POOL_SIZES[-1] else sizes


def measure_pools(
    trade: Trade, in_flight: int, seconds: float, sizes: list[int], script: Script = ORDERS
) -> PeerResult:
    """Measure a script with each number of connections for `seconds` after its warm-up, and tell which is best."""
    with cluster(max(sizes)) as server:
        server.load(trade)
        rates = {
            size: round(server.play(trade, size, max(1, round(seconds)), run, script), 1)
            for run, size in enumerate(sizes, start=1)
        }
        broken = server.broken_rules()
        version = server.sql("SHOW server_version")[0]
    if broken:
        raise PeerError(f"the tables are wrong after the run: {'; '.join(broken)}")
    best = max(rates, key=lambda size: rates[size])
    return PeerResult(rates[best], in_flight, best, version, trade.sponsors, rates)


def measure(
    in_flight: int, seconds: float, listings: int = 1000, parties: int = 1000, sponsors: int | None = None
) -> PeerResult:
    """Measure PostgreSQL's best with so many requests in flight, every pool size for `seconds` after its warm-up.

    A pool of fewer connections is driven without a break, as it is when requests wait for it. There is one sponsor for
    ten parties unless told; with few of them, steps wait for each other's quota row.
    """
    trade = Trade(parties, listings, max(1, parties // 10) if sponsors is None else sponsors)
    return measure_pools(trade, in_flight, seconds, pool_sizes(in_flight))


def measure_transfers(in_flight: int, seconds: float) -> PeerResult:
    """Measure PostgreSQL's plain transfers, with as many connections as there are clients."""
    return measure_pools(Trade(1_000, 1_000, 100), in_flight, seconds, [in_flight], TRANSFERS)


def _end(signal_number: int, _frame: object) -> NoReturn:
    """End by way of the clean-up, which a signal would otherwise skip."""
    raise SystemExit(128 + signal_number)


@click.command()
@click.option(
    "--in-flight", type=click.IntRange(1, IN_FLIGHT_MAX), default=8, show_default=True, help="Requests in flight."
)
@click.option("--seconds", type=float, default=10, show_default=True, help="Measured time of each pool size.")
@click.option("--sponsors", type=int, default=100, show_default=True, help="Sponsors, each with one quota row.")
@click.option(
    "--connections",
    type=click.IntRange(1, IN_FLIGHT_MAX),
    help="Try this many connections alone.  [default: several, the best counts]",
)
@click.option("--json", "as_json", is_flag=True, help="Print the result as one JSON object.")
def main(in_flight: int, seconds: float, sponsors: int, connections: int | None, *, as_json: bool) -> None:
    """Measure PostgreSQL doing the work of the ledger without signatures."""
    signal.signal(signal.SIGTERM, _end)
    if connections is not None and connections > in_flight:
        raise click.UsageError(f"{connections} connections can't be kept busy by {in_flight} requests in flight")
    try:
        sizes = pool_sizes(in_flight) if connections is None else [connections]
        result = measure_pools(Trade(1000, 1000, sponsors), in_flight, seconds, sizes)
    except PeerError as error:
        raise click.ClickException(str(error)) from error
    if as_json:
        click.echo(msgspec.json.encode(result))
        return
    click.echo(f"PostgreSQL {result.postgres}, {in_flight} in flight, {result.sponsors} sponsors:")
    for size, rate in result.steps_per_second_by_connections.items():
        click.echo(f"  {size:4} connections {rate:10,.1f} steps/s{'  best' if size == result.connections else ''}")


if __name__ == "__main__":
    main()
