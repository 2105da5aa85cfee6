"""Writes src/sogdia/engine/cometbft/abci_pb2.py and its types from abci.proto.

    python tools/abci_messages.py

The compiler comes with grpcio-tools 1.73, which is not part of the environment: make one for it, and run this with
that environment's Python. Its code needs protobuf 6.31 or newer at run time and works with 7.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

SOURCE = Path(__file__).resolve().parent.parent / "src"
PROTO = "sogdia/engine/cometbft/abci.proto"
TYPES = SOURCE / PROTO.replace(".proto", "_pb2.pyi")


def main() -> int:
    """Compile, and put right what the compiler leaves out of the types."""
    command = [sys.executable, "-m", "grpc_tools.protoc", "-I.", "--python_out=.", "--pyi_out=.", PROTO]
    done = subprocess.run(command, cwd=SOURCE, check=False)
    if done.returncode:
        return done.returncode
    text = TYPES.read_text(encoding="utf-8")
    if "import datetime" not in text:
        TYPES.write_text(f"import datetime\n{text}", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
