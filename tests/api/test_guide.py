"""The guide for newcomers, followed literally: its commands are run as they stand, with the real curl and openssl."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys

import pytest

from tests.tidy.repository import ROOT

GUIDE = ROOT / "docs" / "guides" / "http.md"
PROGRAMS = ("curl", "openssl", "xxd", "sh")
SECONDS = 60


@pytest.mark.real("curl and openssl")
def test_a_newcomer_trades_with_curl_and_openssl(tmp_path):
    missing = [each for each in PROGRAMS if shutil.which(each) is None]
    if missing:
        pytest.skip(f"{', '.join(missing)} is not installed")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    blocks = re.findall(r"```sh\n(.*?)```", GUIDE.read_text("utf-8"), re.DOTALL)
    command = tmp_path / "bin" / "sogdia"
    command.parent.mkdir()
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m sogdia.cli.main "$@"\n', "utf-8")
    command.chmod(0o755)
    script = "set -eu\ntrap 'kill $(jobs -p) 2>/dev/null; wait' EXIT\n" + "\n".join(blocks).replace("8080", str(port))
    (tmp_path / "guide.sh").write_text(script, "utf-8")
    path = f"{command.parent}:{os.environ['PATH']}"
    environment = {**os.environ, "HOME": str(tmp_path), "PATH": path, "PYTHONPATH": str(ROOT / "src")}

    with (tmp_path / "said").open("w+") as said:
        status = subprocess.run(
            ["bash", "guide.sh"], cwd=tmp_path, env=environment, stdout=said, stderr=said, timeout=SECONDS, check=False
        ).returncode
    words = (tmp_path / "said").read_text("utf-8")

    assert status == 0, words[-3_000:]
    assert '"event":"OrderPlaced"' in words
    assert '"whole":false' in words
    assert "The proof is right." in words
