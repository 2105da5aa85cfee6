"""`make bench`: the figures that the project promises, as ratios of things measured in the same run.

    python -m bench [--quick] [--only PART,PART,…] [--json FILE]

Parts: limit, postgres, transfers, growth, ids, replay, passkeys, index, vault, http, light, network, sync, calls,
netting, payments, statements.

Absolute figures belong to the machine; ratios are what is promised. `--quick` takes shorter runs and a million records.
"""

from __future__ import annotations

import argparse
import platform
import signal
import statistics
import subprocess
import sys
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import msgspec

from bench import growth, ids, light, node_load, passkeys, statements
from bench import vault as sealing
from bench.replaying import measure as measure_replay
from bench.work import Maker

if TYPE_CHECKING:
    from collections.abc import Callable

RECORDS_SMALL = 50_000
RECORDS_LARGE = 5_000_000
RECORDS_QUICK = 1_000_000
IN_FLIGHT_WIDE = 1_024
CLIENTS = 8
ROUNDS = 3

Row = dict[str, Any]


class Promise(msgspec.Struct, frozen=True, kw_only=True):
    """One promised figure: what was measured, what was promised, and whether it is kept."""

    name: str
    measured: float
    promised: str
    kept: bool


def at_least(name: str, measured: float, bound: float) -> Promise:
    """Compare with a lower bound."""
    return Promise(name=name, measured=round(measured, 3), promised=f"≥ {bound:g}", kept=measured >= bound)


def at_most(name: str, measured: float, bound: float) -> Promise:
    """Compare with an upper bound."""
    return Promise(name=name, measured=round(measured, 3), promised=f"≤ {bound:g}", kept=measured <= bound)


def limit(*, quick: bool) -> tuple[list[Promise], Row]:
    """Measure the node against bare verification of the same signatures by the same library on one core."""
    orders = 2_000 if quick else 6_000
    ratios, one_core, rows = [], [], []
    for _round in range(1 if quick else ROUNDS):
        bare = node_load.bare_verifications_per_second()
        two = node_load.measure(IN_FLIGHT_WIDE, orders)
        one = node_load.measure(IN_FLIGHT_WIDE, orders // 2, verifier=False)
        ratios.append(two.steps_per_second / bare)
        one_core.append(one.steps / one.node_cpu_seconds / bare)
        rows.append({"bare_verifications_per_second": bare, "both_cores": two, "one_core": one})
    promises = [at_least("node, both cores / bare verification on one core", statistics.median(ratios), 0.50)]
    return promises, {"one_core_ratio": statistics.median(one_core), "rounds": rows}


def postgres(*, quick: bool) -> tuple[list[Promise], Row]:
    """Measure the node against PostgreSQL doing the same steps without signatures."""
    from bench.postgres_peer import measure  # noqa: PLC0415 - needs the server's programs

    seconds = 4.0 if quick else 10.0
    promises, rows = [], {}
    for in_flight, orders in ((8, 1_000 if quick else 3_000), (256, 3_000 if quick else 8_000)):
        peer = measure(in_flight, seconds)
        own = node_load.measure(in_flight, orders)
        ratio = own.steps_per_second / peer.steps_per_second
        promises.append(at_least(f"node / PostgreSQL, {in_flight} in flight", ratio, 1.0))
        rows[str(in_flight)] = {"node": own, "postgres": peer}
    return promises, rows


def transfers(*, quick: bool) -> tuple[list[Promise], Row]:
    """Measure plain transfers, each signed, checked and part of a state that can be proven, against PostgreSQL's."""
    from bench.postgres_peer import measure_transfers  # noqa: PLC0415 - needs the server's programs

    ratios, rows = [], []
    for _round in range(1 if quick else ROUNDS):
        peer = measure_transfers(CLIENTS, 4.0 if quick else 10.0)
        own = node_load.measure(CLIENTS, 4_000 if quick else 15_000, of=Maker.one_transfer)
        ratios.append(own.steps_per_second / peer.steps_per_second)
        rows.append({"node": own, "postgres": peer})
    promise = at_least(f"plain transfers, node / PostgreSQL, {CLIENTS} clients", statistics.median(ratios), 1.0)
    return [promise], {"rounds": rows}


def grown(*, quick: bool) -> tuple[list[Promise], Row]:
    """Measure what millions of records cost."""
    small = growth.measure(RECORDS_SMALL)
    large = growth.measure(RECORDS_QUICK if quick else RECORDS_LARGE)
    promises = [
        at_most("time a step, large / small", large.microseconds_a_step / small.microseconds_a_step, 1.5),
        at_most("private memory, megabytes", large.private_megabytes, 1_024),
        at_most("start, seconds", large.start_seconds, 10),
        at_most("a proof made, microseconds", large.proof_made_microseconds, 1_000),
        at_most("a proof checked, microseconds", large.proof_checked_microseconds, 1_000),
        at_most("a proof, bytes at most", large.proof_bytes_max, 4_000),
    ]
    return promises, {"small": small, "large": large}


def remembered(*, quick: bool) -> tuple[list[Promise], Row]:
    """Measure the used ids at their cap."""
    return [], {"ids": ids.measure(ids.CAP // 10 if quick else ids.CAP)}


def replayed(*, quick: bool) -> tuple[list[Promise], Row]:
    """Measure replay, every signature verified again, against live speed."""
    rounds = [measure_replay(400 if quick else 2_000) for _round in range(1 if quick else ROUNDS)]
    ratio = statistics.median(each.ratio for each in rounds)
    return [at_least("replay / live speed", ratio, 1.0)], {"rounds": rounds}


def passkeys_verified(*, quick: bool) -> tuple[list[Promise], Row]:
    """Measure passkeys against bare P-256 verification by the same library."""
    rates = passkeys.measure(500 if quick else 2_000)
    promises = [at_least("passkeys / bare P-256 verification", rates.webauthn / rates.bare_p256, 0.6)]
    return promises, {"rates": rates}


def indexed(*, quick: bool) -> tuple[list[Promise], Row]:
    """Measure the index beside the engine, made anew, and asked, on SQLite and on PostgreSQL."""
    from bench import index_load  # noqa: PLC0415 - needs the database's library and the server's programs

    orders = 1_000 if quick else 6_000
    listings, searches = (100_000, 500) if quick else (1_000_000, 2_000)
    promises: list[Promise] = []
    rows: Row = {}
    for kind in ("sqlite", "postgresql"):
        alone = node_load.measure(index_load.IN_FLIGHT, orders).steps_per_second
        beside = index_load.follow(kind, orders)
        found = index_load.find(kind, listings, searches)
        together = beside.together_per_second
        promises += [
            at_least(f"engine and index / engine alone, {kind}", together / alone, 0.5),
            at_most(f"lag of the index, seconds, {kind}", beside.lag_seconds_max, 2),
            at_least(f"index made anew / engine and index, {kind}", beside.rebuild_per_second / together, 2),
            at_most(f"search over {listings:,} listings, p99 ms, {kind}", found.p99, 50),
        ]
        rows[kind] = {"engine_alone_per_second": alone, "following": beside, "finding": found}
    return promises, rows


def stated(*, quick: bool) -> tuple[list[Promise], Row]:
    """Measure one day's statement of an account: from all blocks, and from the index."""
    result = statements.measure(1_500 if quick else 6_000)
    promises = [
        at_least("one day's statement, from all blocks / from the index", result.ratio, 20),
        at_most(
            "index without movements / with them, blocks of payments alone",
            result.index_without_blocks_per_second / result.index_blocks_per_second,
            3,
        ),
    ]
    return promises, {"statements": result}


def vault(*, quick: bool) -> tuple[list[Promise], Row]:
    """Measure content keys wrapped for readers, beside the library's own bare seal."""
    result = sealing.measure(5_000 if quick else 20_000)
    promises = [
        at_least("keys wrapped a second, one core", result.wraps_per_second, 5_000),
        at_least("keys wrapped / bare seals of the library", result.ratio, 0.75),
    ]
    return promises, {"vault": result}


def http(*, quick: bool) -> tuple[list[Promise], Row]:
    """Measure the HTTP API beside the node that it serves."""
    from bench.http_load import measure  # noqa: PLC0415 - needs the API's libraries

    found = measure(800 if quick else 3_200, 1 if quick else ROUNDS)
    promises = [at_least("HTTP batches of 100 / engine", found.batches_a_second / found.engine_a_second, 0.6)]
    for each in found.single:
        at_once, awaited = each.at_once.a_second / each.empty.a_second, each.awaited.a_second / each.empty.a_second
        promises += [
            at_least(f"HTTP single, answered at once / empty, {each.in_flight:,}", at_once, 0.8),
            at_least(f"HTTP single, receipt awaited / empty, {each.in_flight:,}", awaited, 0.8),
        ]
    promises += [
        at_most("order with proof, p99 milliseconds", found.read_p99_milliseconds, 10),
        at_least("batches with 100 idle listeners / without", found.listened_ratio, 0.95),
    ]
    return promises, {"http": found}


def light_client(*, quick: bool) -> tuple[list[Promise], Row]:
    """Measure the light client against bare verification of the same signatures."""
    rates = light.measure(300 if quick else 1_000)
    promises = [
        at_least("headers a second, one core, four validators", rates.headers_per_second, 1_000),
        at_least("headers / bare verification of their signatures", rates.ratio, 0.65),
    ]
    return promises, {"rates": rates}


def networked(*, quick: bool) -> tuple[list[Promise], Row]:
    """Measure networks of one and of four validators beside the same engine with an application that does nothing."""
    from bench import network  # noqa: PLC0415 - needs the engine's program

    rounds, seconds, latencies = (1, 3.0, 20) if quick else (ROUNDS, 10.0, 60)
    orders = 6_000 if quick else 24_000
    one = network.compare(network.Plan(validators=1, orders=orders, seconds=seconds), rounds)
    plan = network.Plan(
        validators=4, orders=orders, batched_orders=orders, seconds=seconds, latencies=latencies, catch_up=True
    )
    four = network.compare(plan, rounds)
    promises = [
        at_least("network of four / engine that does nothing", four.throughput, 0.5),
        at_least("network of one / engine that does nothing", one.throughput, 0.4),
        at_least("network of four, in batches of 100 / single", four.batches, 2.0),
        at_most("network of four, latency / engine that does nothing", four.latency, 1.5),
        at_most("network of four, latency p50, milliseconds", four.latency_ms, 500),
        at_least("catching up / live, network of four", four.catch_up, 3.0),
    ]
    return promises, {"one": one, "four": four, "processor_ratio": {"one": one.processor, "four": four.processor}}


def synced(*, quick: bool) -> tuple[list[Promise], Row]:
    """Measure how long a node takes to join by a snapshot."""
    from bench import state_sync  # noqa: PLC0415 - needs the engine's program

    found = state_sync.measure(state_sync.RECORDS // 10 if quick else state_sync.RECORDS)
    return [at_most(f"state sync of {found.records:,} records, seconds", found.seconds, 60)], {"state_sync": found}


def application_by_call(*, quick: bool) -> tuple[list[Promise], Row]:
    """Measure what each of the engine's calls costs the application. Nothing is promised: it says where to look."""
    from bench import network_app  # noqa: PLC0415 - needs the engine's messages

    return [], {"application_by_call": network_app.measure(2_000 if quick else 6_000)}


def payments(*, quick: bool) -> tuple[list[Promise], Row]:
    """Measure orders in two monies, the book, and path quotes."""
    from bench import payments as paying  # noqa: PLC0415 - beside its use

    lives = paying.lives(256 if quick else 1_024, 1 if quick else 5)
    rounds, operations = (16, 256) if quick else (64, 256)
    sizes = (1_000, 10_000, 20_000) if quick else (1_000, 100_000, 1_000_000)
    small, middle, large = paying.books(sizes, operations, rounds)
    found = paying.paths(10_000 if quick else 100_000, 200 if quick else 1_000)
    promises = [
        at_least("orders in two monies / in one", statistics.median(lives.ratios), 0.6),
        at_least(f"book of {middle.offers:,} offers / plain transfers", statistics.median(middle.ratios), 0.5),
        at_most(f"book, {small.offers:,} / {large.offers:,} offers", statistics.median(large.slower), 1.3),
        at_most(f"path quote, {found.monies} monies, {found.offers:,} offers, p99 ms", found.p99, 50),
    ]
    return promises, {"lives": lives, "books": (small, middle, large), "paths": found}


def netted(*, quick: bool) -> tuple[list[Promise], Row]:
    """Measure the check of a large netting, obligation by obligation, and a smaller one through the state machine."""
    from bench import netting  # noqa: PLC0415 - needs OR-Tools

    checked = netting.measure(1_000, 27_000) if quick else netting.measure(10_000, 270_000)
    played = netting.measure_ledger(50, 500) if quick else netting.measure_ledger(500, 10_000)
    promises = [
        at_most(
            f"netting {checked.obligations} obligations: the ledger's check of every one, in seconds",
            checked.verify_seconds,
            1.0,
        )
    ]
    return promises, {"checked": checked, "ledger": played}


PARTS: dict[str, Callable[..., tuple[list[Promise], Row]]] = {
    "limit": limit,
    "postgres": postgres,
    "transfers": transfers,
    "growth": grown,
    "ids": remembered,
    "replay": replayed,
    "passkeys": passkeys_verified,
    "index": indexed,
    "vault": vault,
    "http": http,
    "light": light_client,
    "network": networked,
    "sync": synced,
    "calls": application_by_call,
    "netting": netted,
    "payments": payments,
    "statements": stated,
}


def commit() -> str:
    """Name the commit that is measured."""
    found = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False)
    return found.stdout.strip() or "unknown"


def main() -> int:
    """Measure, print the table, write the JSON; the exit status says whether every promise is kept."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="shorter runs, a million records")
    parser.add_argument("--only", default=",".join(PARTS), help="parts to measure, by name")
    parser.add_argument("--json", type=Path, default=Path("bench-results.json"), help="where the figures go")
    chosen = parser.parse_args()
    signal.signal(signal.SIGTERM, _end)
    names = chosen.only.split(",")
    for name in names:
        if name not in PARTS:
            parser.error(f"there is no part {name}; there are {', '.join(PARTS)}")
    promises: list[Promise] = []
    figures: Row = {}
    failed = []
    for name in names:
        sys.stderr.write(f"measuring {name} …\n")
        try:
            made, figures[name] = PARTS[name](quick=chosen.quick)
        except Exception:  # noqa: BLE001 - what the other parts found is not lost with one
            traceback.print_exc()
            failed.append(name)
            continue
        promises += made
        _show(made)
        _keep(chosen.json, quick=chosen.quick, promises=promises, figures=figures)
    sys.stdout.write(f"All figures: {chosen.json}\n")
    for name in failed:
        sys.stdout.write(f"FAILED {name}: see above\n")
    return 0 if not failed and all(promise.kept for promise in promises) else 1


def _show(promises: list[Promise]) -> None:
    for promise in promises:
        mark = "kept " if promise.kept else "SHORT"
        sys.stdout.write(f"{mark}  {promise.name:<52} {promise.measured:>10}   {promise.promised}\n")
    sys.stdout.flush()


def _keep(place: Path, *, quick: bool, promises: list[Promise], figures: Row) -> None:
    """Write what has been found so far."""
    document = {
        "commit": commit(),
        "python": platform.python_version(),
        "quick": quick,
        "promises": promises,
        "figures": figures,
    }
    place.write_bytes(msgspec.json.format(msgspec.json.encode(document)) + b"\n")


def _end(_signal: int, _frame: object) -> NoReturn:
    """Let an order to stop end the run in order, so that servers and folders are cleared away."""
    raise SystemExit(143)


if __name__ == "__main__":
    sys.exit(main())
