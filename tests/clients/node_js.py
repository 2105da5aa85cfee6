"""The JavaScript module in a real Node.js: one process that answers questions, a line of JSON each."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from types import TracebackType

ROOT = Path(__file__).parent.parent.parent
FOLDER = ROOT / "clients" / "javascript"
SOURCE = FOLDER / "src" / "sogdia.js"
BUNDLE = FOLDER / "sogdia.min.js"
JUDGE = Path(__file__).parent / "judge.js"
LIGHT_SOURCE = FOLDER / "src" / "sogdia-light.js"
LIGHT_BUNDLE = FOLDER / "sogdia-light.min.js"
LIGHT_JUDGE = Path(__file__).parent / "light_judge.js"
VOUCHER_SOURCE = FOLDER / "src" / "sogdia-vouchers.js"
VOUCHER_JUDGE = Path(__file__).parent / "voucher_judge.js"
VERSION_MIN = 20


def missing() -> str | None:
    """Say why Node.js can't be used here, or None when it can."""
    program = shutil.which("node")
    if program is None:
        return "there is no program `node`"
    answer = subprocess.run([program, "--version"], capture_output=True, text=True, check=True)
    version = answer.stdout.strip()
    if int(version.removeprefix("v").partition(".")[0]) < VERSION_MIN:
        return f"Node.js is {version}, and at least {VERSION_MIN} is needed"
    return None


class Wrong(Exception):  # noqa: N818 - reads as what it says
    """What the module threw: its name, its fault, the place and the words."""

    def __init__(self, error: dict[str, Any]) -> None:
        """Hold the parts."""
        super().__init__(f"{error['error']}: {error['message']}")
        self.name: str = error["error"]
        self.fault: str | None = error["fault"]
        self.where: int | None = error["where"]
        self.message: str = error["message"]


class Judge:
    """A running Node.js with the module."""

    def __init__(self, node: str, module: Path, judge: Path = JUDGE, *more: str) -> None:
        """Start it."""
        self._process = subprocess.Popen(
            [node, str(judge), str(module), *more], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._process.communicate()

    def ask(self, question: str, **parts: Any) -> Any:  # noqa: ANN401 - answers have many shapes
        """Ask one question; raises `Wrong` when the module throws."""
        if self._process.stdin is None or self._process.stdout is None:
            raise RuntimeError("Node.js was started without pipes.")
        self._process.stdin.write(json.dumps({"question": question, **parts}) + "\n")
        line = self._process.stdout.readline()
        if not line:
            message = f"Node.js ended with status {self._process.wait()}."
            raise RuntimeError(message)
        answer = json.loads(line)
        if "error" in answer:
            raise Wrong(answer)
        return answer["answer"]


def given(value: Any) -> Any:  # noqa: ANN401 - any value of the wire
    """Read an answer, in which integers and bytes are text; members of objects stay as they are."""
    if isinstance(value, list):
        return [given(part) for part in value]
    if not isinstance(value, dict):
        return value
    if value.keys() == {"number"}:
        return int(value["number"])
    if value.keys() == {"bytes"}:
        return bytes.fromhex(value["bytes"])
    if value.keys() == {"map"}:
        return {name: given(member) for name, member in value["map"]}
    return {name: given(member) for name, member in value.items()}
