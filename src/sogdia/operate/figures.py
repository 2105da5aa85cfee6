"""The figures of a running node for Prometheus: each declared once, read when somebody asks, on the node's own loop.

Nothing is counted twice: what the node knows anyway is read from it. Only blocks are watched as they are made.
"""

from __future__ import annotations

import shutil
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from prometheus_client import CollectorRegistry, Histogram
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import generate_latest
from prometheus_client.process_collector import ProcessCollector
from prometheus_client.registry import Collector

from sogdia.engine.storage.versions import release

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from sogdia.engine.ledger.sealing import SealedBlock
    from sogdia.engine.serving.service import Service

EXECUTION_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
BLOCK_ENVELOPES = (0, 1, 5, 10, 50, 100, 200, 300, 400, 500)
GAUGE = GaugeMetricFamily
COUNTER = CounterMetricFamily
CODE_AT = 1
"""A receipt is a short array, so that its second byte begins its code; 0 means applied."""

CODE_IN_TWO_BYTES = 0xCD


class Seen:
    """What is counted while blocks are made."""

    def __init__(self) -> None:
        """Begin with nothing seen."""
        self.exits = 0
        self.refused: Counter[int] = Counter()
        self.registry = CollectorRegistry(auto_describe=False)
        self.execution = Histogram(
            "sogdia_block_execution_seconds", EXECUTION_HELP, registry=self.registry, buckets=EXECUTION_SECONDS
        )
        self.envelopes = Histogram(
            "sogdia_block_envelopes", ENVELOPES_HELP, registry=self.registry, buckets=BLOCK_ENVELOPES
        )

    def block(self, block: SealedBlock, seconds: float) -> None:
        """Take note of an executed block."""
        self.execution.observe(seconds)
        self.envelopes.observe(len(block.results))
        self.exits += len(block.exits)
        for result in block.results:
            if result.receipt[CODE_AT]:
                self.refused[_code_of(result.receipt)] += 1


def _code_of(receipt: bytes) -> int:
    """Read a receipt's code without decoding the rest."""
    first = receipt[CODE_AT]
    return int.from_bytes(receipt[CODE_AT + 1 : CODE_AT + 3], "big") if first == CODE_IN_TWO_BYTES else first


class Figure(NamedTuple):
    """One figure: its name by Prometheus' custom, what it says, its labels, and where it is read."""

    name: str
    kind: type[GaugeMetricFamily | CounterMetricFamily]
    help: str
    read: Callable[[Service, Seen], Iterable[tuple[tuple[str, ...], float]]]
    labels: tuple[str, ...] = ()


def _one(read: Callable[[Service], float]) -> Callable[[Service, Seen], Iterable[tuple[tuple[str, ...], float]]]:
    return lambda service, _seen: [((), read(service))]


def _refusals(service: Service, seen: Seen) -> Iterator[tuple[tuple[str, ...], float]]:
    for number, count in sorted(service.producer.refusals.items()):
        yield (str(number), "turned_away"), count
    for number, count in sorted(seen.refused.items()):
        yield (str(number), "receipt"), count


def _overdue_seconds(service: Service) -> float:
    due = service.ledger.earliest_due()
    return 0 if due is None else max(0, service.ledger.tip.time - due[0])


def _earliest_due(service: Service, _seen: Seen) -> list[tuple[tuple[str, ...], float]]:
    due = service.ledger.earliest_due()
    return [] if due is None else [((), due[0])]


def verifier_is_up(service: Service) -> bool:
    """Tell whether signatures are checked beside the node, where that is wanted."""
    verifier = service.producer.verifier
    return verifier is None or verifier.is_ready()


def _waiting(service: Service, _seen: Seen) -> list[tuple[tuple[str, ...], float]]:
    producer = service.producer
    return [(("clock",), producer.waits_for_clock()), (("disk",), producer.waits_for_disk())]


def _waits(service: Service, _seen: Seen) -> list[tuple[tuple[str, ...], float]]:
    return [((reason,), service.producer.waits[reason]) for reason in ("clock", "disk")]


def _info(service: Service, _seen: Seen) -> list[tuple[tuple[str, ...], float]]:
    return [((release(), service.ledger.machine.network.hex(), service.ledger.genesis.name), 1)]


FIGURES: tuple[Figure, ...] = (
    Figure("sogdia_node_info", GAUGE, "Always 1; the labels say which release and network.", _info,
           ("release", "network", "name")),
    Figure("sogdia_height", GAUGE, "The last executed block.", _one(lambda node: node.ledger.tip.height)),
    Figure("sogdia_durable_height", GAUGE, "The last block that is safe on the disk.",
           _one(lambda node: node.ledger.writer.durable_height)),
    Figure("sogdia_block_timestamp_seconds", GAUGE, "The time of the last block, since 1970.",
           _one(lambda node: node.ledger.tip.time)),
    Figure("sogdia_last_write_seconds", GAUGE, "How long the last write to the disk took.",
           _one(lambda node: node.ledger.writer.last_seconds())),
    Figure("sogdia_envelopes_included_total", COUNTER, "Envelopes durably in a block since the start.",
           _one(lambda node: node.producer.applied)),
    Figure("sogdia_refusals_total", COUNTER,
           "Refusals since the start by number: in a `receipt`, or `turned_away` before any block.", _refusals,
           ("number", "where")),
    Figure("sogdia_deadline_exits_total", COUNTER, "Steps that deadlines caused since the start.",
           lambda _node, seen: [((), seen.exits)]),
    Figure("sogdia_backlog_envelopes", GAUGE, "Envelopes that wait for their block.",
           _one(lambda node: node.producer.backlog())),
    Figure("sogdia_live_ids", GAUGE, "Ids of used envelopes that are remembered.",
           _one(lambda node: node.ledger.ids.live())),
    Figure("sogdia_records", GAUGE, "Records in the state.", _one(lambda node: node.ledger.tree.count)),
    Figure("sogdia_file_bytes", GAUGE, "How much of the ledger's file is used.",
           _one(lambda node: node.ledger.file.used_bytes())),
    Figure("sogdia_disk_free_bytes", GAUGE, "Room on the ledger's disk.",
           _one(lambda node: shutil.disk_usage(node.ledger.folder).free)),
    Figure("sogdia_verifier_up", GAUGE, "1 when signatures are checked beside the node, or need not be.",
           _one(verifier_is_up)),
    Figure("sogdia_scrub_rounds_total", COUNTER, "Complete rounds of looking through everything stored.",
           _one(lambda node: node.producer.scrub.rounds)),
    Figure("sogdia_scrub_blocks_total", COUNTER, "Blocks looked at by the scrub.",
           _one(lambda node: node.producer.scrub.blocks)),
    Figure("sogdia_earliest_due_timestamp_seconds", GAUGE, "The next deadline, since 1970; absent without one.",
           _earliest_due),
    Figure("sogdia_overdue_seconds", GAUGE, "How far the last block's time lies past the next deadline.",
           _one(_overdue_seconds)),
    Figure("sogdia_waiting", GAUGE, "1 while the node waits for its clock, or for room on the disk.", _waiting,
           ("reason",)),
    Figure("sogdia_waits_total", COUNTER, "How often the node began to wait.", _waits, ("reason",)),
    Figure("sogdia_connections", GAUGE, "Connections to the local socket.",
           _one(lambda node: len(node.server.connections))),
)  # fmt: skip

EXECUTION_HELP = "How long executing a block took."
ENVELOPES_HELP = "How many envelopes a block holds."
HISTOGRAMS = (("sogdia_block_execution_seconds", EXECUTION_HELP), ("sogdia_block_envelopes", ENVELOPES_HELP))


class NodeFigures(Collector):
    """Reads all figures of a node."""

    def __init__(self, service: Service) -> None:
        """Read from `service`, and watch its blocks."""
        self._service = service
        self.seen = Seen()
        service.producer.on_block = self.seen.block
        self.seen.registry.register(self)
        ProcessCollector(registry=self.seen.registry)

    def describe(self) -> Iterable[Metric]:
        """Give nothing ahead: the figures are read when they are asked for."""
        return ()

    def collect(self) -> Iterator[Metric]:
        """Read them."""
        for figure in FIGURES:
            family = figure.kind(figure.name, figure.help, labels=figure.labels)
            for labels, value in figure.read(self._service, self.seen):
                family.add_metric(list(labels), value)
            yield family

    def exposition(self) -> bytes:
        """Write them in Prometheus' text format."""
        return generate_latest(self.seen.registry)
