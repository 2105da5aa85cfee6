"""CometBFT's own light client as a judge: `python -m tests.client.light.oracle` records its verdict on every case.

It needs Go. The program is built from `oracle.go` against the pinned version; cases are made in `cases.py`. Beside
them, thousands of light blocks altered at random are judged by both; the run fails when ours takes what it refuses.
"""

from __future__ import annotations

import base64
import json
import random
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from sogdia.client.light.verify import LightWrong, read_light_block, trust_in, verify_next
from sogdia.kernel.codec import encode
from sogdia.kernel.comet import NANOSECONDS, BlockId, LightBlock, address_of
from tools import light_cases as given
from tools.light_made import RECORDED

if TYPE_CHECKING:
    from collections.abc import Iterator

VERSION = "v0.40.0"
VERDICTS = RECORDED / "verdicts.json"
ALTERED = 20_000
MODULE = f"module oracle\n\ngo 1.25.0\n\nrequire github.com/cometbft/cometbft {VERSION}\n"


class Oracle:
    """The running program."""

    def __init__(self, into: IO[str], out: IO[str]) -> None:
        """Hold its pipes."""
        self._into, self._out = into, out

    def judge(self, case: given.Case) -> str:
        """Give what CometBFT says of a case; nothing when it holds."""
        question = {
            "trusted": written(case.trusted),
            "new": written(case.new),
            "now": case.now,
            "period": case.bounds.trusting_period,
            "drift": case.bounds.clock_drift,
        }
        self._into.write(json.dumps(question) + "\n")
        self._into.flush()
        return self._out.readline().rstrip("\n")


@contextmanager
def oracle() -> Iterator[Oracle]:
    """Build the program and run it for as long as the block runs."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        (folder / "main.go").write_text((Path(__file__).parent / "oracle.go").read_text("utf-8"), "utf-8")
        (folder / "go.mod").write_text(MODULE, "ascii")
        subprocess.run(["go", "build", "-mod=mod", "-o", "oracle", "."], cwd=folder, check=True)
        program = [str(folder / "oracle")]
        pipe = subprocess.PIPE
        with subprocess.Popen(program, stdin=pipe, stdout=pipe, text=True) as process:
            if process.stdin is None or process.stdout is None:
                raise RuntimeError("the program was started without pipes")
            yield Oracle(process.stdin, process.stdout)
            process.stdin.close()


# ------------------------------------------------------------------------------------------------------------ writing


def moment(nanoseconds: int) -> str:
    """Write a moment as CometBFT does."""
    seconds, rest = divmod(nanoseconds, NANOSECONDS)
    days, second = divmod(seconds, 86_400)
    year, day = 1970, days
    lengths = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
    while day >= (length := 366 if year % 4 == 0 and (year % 100 or year % 400 == 0) else 365):
        year, day = year + 1, day - length
    month = 0
    while day >= (length := lengths[month] + (month == 1 and year % 4 == 0 and (year % 100 != 0 or year % 400 == 0))):
        month, day = month + 1, day - length
    clock = f"{second // 3_600:02}:{second // 60 % 60:02}:{second % 60:02}"
    return f"{year:04}-{month + 1:02}-{day + 1:02}T{clock}" + (f".{rest:09}".rstrip("0") if rest else "") + "Z"


def base(row: bytes) -> str:
    """Write bytes in base64."""
    return base64.b64encode(row).decode()


def block_id(value: BlockId | None) -> dict[str, Any]:
    """Write a block id."""
    if value is None:
        return {"hash": "", "parts": {"total": 0, "hash": ""}}
    return {"hash": value.hash.hex().upper(), "parts": {"total": value.parts, "hash": value.parts_hash.hex().upper()}}


def written(block: LightBlock) -> dict[str, Any]:
    """Write a light block in CometBFT's JSON."""
    header, commit = block.header, block.commit
    hashes = (
        "last_commit_hash data_hash validators_hash next_validators_hash consensus_hash app_hash last_results_hash"
        " evidence_hash proposer_address"
    )
    keys = [each.public for each in block.validators]
    # An entry beyond the validators has no address; CometBFT counts before it looks.
    addresses = [address_of(each) for each in keys] + [bytes(20)] * len(commit.votes)
    return {
        "signed_header": {
            "header": {
                "version": {"block": str(header.version.block), "app": str(header.version.app)},
                "chain_id": header.chain_id,
                "height": str(header.height),
                "time": moment(header.time),
                "last_block_id": block_id(header.last_block_id),
                **{name: getattr(header, name).hex().upper() for name in hashes.split()},
            },
            "commit": {
                "height": str(commit.height),
                "round": commit.round,
                "block_id": block_id(commit.block_id),
                "signatures": [
                    {
                        "block_id_flag": 1 if vote is None else vote.flag,
                        "validator_address": "" if vote is None else address.hex().upper(),
                        "timestamp": "0001-01-01T00:00:00Z" if vote is None else moment(vote.time),
                        "signature": None if vote is None else base(vote.signature),
                    }
                    for vote, address in zip(commit.votes, addresses, strict=False)
                ],
            },
        },
        "validators": [
            {
                "address": address_of(each.public).hex().upper(),
                "pub_key": {"type": "tendermint/PubKeyEd25519", "value": base(each.public)},
                "voting_power": str(each.power),
                "proposer_priority": "0",
            }
            for each in block.validators
        ],
    }


# ------------------------------------------------------------------------------------------------------------ judging


def ours(case: given.Case) -> str:
    """Give our own verdict on a case: the fault, or nothing when it holds."""
    try:
        verify_next(trust_in(case.trusted), case.new, case.now, case.bounds)
    except LightWrong as wrong:
        return str(wrong.fault)
    return ""


def altered(chance: random.Random, whole: list[given.Case]) -> given.Case | None:
    """Give a case with one to three bytes of the new light block altered, or none when it has no form any more."""
    case = chance.choice(whole)
    row = bytearray(encode(case.new))
    for _ in range(chance.randrange(1, 4)):
        row[chance.randrange(len(row))] = chance.randrange(256)
    try:
        return case._replace(name="altered", new=read_light_block(bytes(row)))
    except LightWrong:
        return None


def main() -> int:
    """Record the verdicts, then compare on altered light blocks."""
    made = given.cases()
    chance = random.Random(1)
    with oracle() as judge:
        verdicts = {case.name: judge.judge(case) for case in made}
        VERDICTS.write_text(json.dumps({"cometbft": VERSION, "verdicts": verdicts}, indent=1) + "\n", "utf-8")
        kept = [case for case in made if not ours(case)]
        counts = {"both refuse": 0, "both accept": 0, "only CometBFT accepts": 0}
        for _ in range(ALTERED):
            case = altered(chance, kept)
            if case is None:
                continue
            mine, its = ours(case), judge.judge(case)
            if not mine and its:
                sys.stderr.write(f"WE ACCEPT WHAT COMETBFT REFUSES ({its}): {encode(case.new).hex()}\n")
                return 1
            counts["only CometBFT accepts" if not its and mine else "both refuse" if mine else "both accept"] += 1
    sys.stdout.write(f"{len(verdicts)} verdicts; altered light blocks: {counts}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
