"""A real sandbox in a process of its own, for all tests of the sandbox."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from sogdia.client.envelopes import EnvelopeMaker, Sender
from sogdia.client.keys import KeyPair, derive

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sogdia.client.envelopes import Signed
    from sogdia.kernel.operation import Operation

SECONDS = 30.0


class Said(NamedTuple):
    """An answer: its status, headers and body."""

    status: int
    headers: dict[str, str]
    raw: bytes

    @property
    def document(self) -> Any:  # noqa: ANN401 - JSON
        """The body as JSON."""
        return json.loads(self.raw)


class Trial:
    """A running sandbox: its folder, and the addresses of its API and its explorer."""

    def __init__(self, folder: Path, api: str, explorer: str) -> None:
        """Ask at an address."""
        self.folder = folder
        self.api = api
        self.explorer = explorer
        self.maker = EnvelopeMaker(bytes.fromhex(self.ask("/v1/status").document["network"]))

    def ask(self, path: str, body: Any = None, **headers: str) -> Said:  # noqa: ANN401 - bytes, or what becomes JSON
        """Ask the API, or whatever is at a whole address."""
        raw = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        kind = "application/octet-stream" if isinstance(body, bytes) else "application/json"
        named = {"content-type": kind} | {name.replace("_", "-"): value for name, value in headers.items()}
        address = path if "://" in path else self.api + path
        try:
            with urlopen(Request(address, raw, named), timeout=SECONDS) as answer:  # noqa: S310 - our own server
                return Said(answer.status, dict(answer.headers.items()), answer.read())
        except HTTPError as error:
            with error:
                return Said(error.code, dict(error.headers.items()), error.read())

    def account(self, name: str) -> bytes:
        """Give the account of somebody who is there from the start."""
        return bytes.fromhex(self.ask("/sandbox/v1").document["accounts"][name])

    def admit(self, reference: str) -> Sender:
        """Be admitted with a key derived from the reference."""
        keys: KeyPair = derive(b"sogdia sandbox tests", reference)
        said = self.ask("/sandbox/v1/admit", {"reference": reference, "public": keys.public.hex(), "country": "KE"})
        assert said.status == 201, said.raw
        return Sender(bytes.fromhex(said.document["account"]), keys)

    def fund(self, account: bytes, units: int, currency: str = "USD") -> Said:
        """Ask for money."""
        return self.ask("/sandbox/v1/fund", {"account": account.hex(), "currency": currency, "units": str(units)})

    def now(self) -> int:
        """Give the network's time."""
        return int(self.ask("/v1/status").document["time"])

    def sign(self, sender: Sender, *operations: Operation) -> Signed:
        """Sign operations."""
        return self.maker.make([sender], operations, expiry=self.now() + 80_000)

    def send(self, signed: Signed) -> Said:
        """Send an envelope."""
        return self.ask("/v1/envelopes", signed.raw)

    def token(self, who: Sender) -> str:
        """Obtain a token."""
        given = self.ask("/v1/challenges", {"account": who.account.hex()}).document
        signature = who.keys.sign(given["line"].encode()).hex()
        signed = {"line": given["line"], "signature": signature}
        return f"Bearer {self.ask('/v1/tokens', signed).document['token']}"


@contextmanager
def running_in(folder: Path, *pages: str) -> Iterator[Trial]:
    """Run the sandbox of a folder until Ctrl-C."""
    environment = {**os.environ, "HOME": str(folder.parent)}
    command = [sys.executable, "-m", "sogdia.cli.main", "sandbox", "start", str(folder)]
    command += ["--listen", "127.0.0.1:0", *(pages or ("--explorer", "127.0.0.1:0"))]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        lines: list[str] = []
        while not lines or (lines[-1] and "Ctrl-C" not in lines[-1]):
            lines.append(process.stdout.readline())
        found = re.findall(r"at (http://[0-9.:]+)", "".join(lines))
        assert len(found) == (2 if pages else 3), lines
        try:
            yield Trial(folder, found[0], found[-1])
        finally:
            process.send_signal(signal.SIGINT)
            rest = process.stdout.read()
    assert process.returncode == 0
    assert rest == "The sandbox stops.\n"


@pytest.fixture(scope="session")
def trial(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trial]:
    """Start a sandbox."""
    with running_in(tmp_path_factory.mktemp("sandbox") / "trial") as found:
        yield found
