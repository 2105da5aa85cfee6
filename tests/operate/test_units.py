"""The units for systemd: read by the real program, and as closed as it can tell."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import click
import pytest

from sogdia.cli.running import sogdia

UNITS = Path(__file__).parent.parent.parent / "deploy" / "systemd"
NAMES = sorted(path.name for path in UNITS.glob("*.service"))
EXPOSURE_MAX = 15
"""In tenths, of 100: what systemd itself calls OK ends at 40."""


@pytest.fixture
def units(tmp_path):
    """Copy the units, with a program in place of the installed one."""
    analyze = shutil.which("systemd-analyze")
    if analyze is None:
        pytest.skip("systemd-analyze is not installed")
    for name in NAMES:
        text = (UNITS / name).read_text("utf-8").replace("/opt/sogdia/bin/sogdia", "/bin/true")
        (tmp_path / name.replace("@", "@house")).write_text(text, "utf-8")
    return tmp_path


@pytest.mark.real("systemd-analyze")
def test_systemd_understands_every_line(units):
    command = ["systemd-analyze", "verify", "--man=no", "--recursive-errors=no"]

    said = subprocess.run([*command, *map(str, units.glob("*.service"))], capture_output=True, text=True, check=False)

    assert (said.returncode, said.stderr) == (0, "")


@pytest.mark.real("systemd-analyze")
@pytest.mark.parametrize("name", NAMES)
def test_a_service_can_do_little_but_its_work(units, name):
    path = units / name.replace("@", "@house")

    said = subprocess.run(
        ["systemd-analyze", "security", "--offline=yes", f"--threshold={EXPOSURE_MAX}", "--no-pager", str(path)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert said.returncode == 0, said.stdout.splitlines()[-1]


@pytest.mark.real("systemd-analyze")
def test_an_open_service_and_a_wrong_line_are_noticed(units):
    path = units / "sogdia-node@house.service"
    text = path.read_text("utf-8")
    path.write_text(text.replace("ProtectSystem=strict", "ProtectSistem=strict").replace("User=sogdia", ""), "utf-8")

    verified = subprocess.run(["systemd-analyze", "verify", str(path)], capture_output=True, text=True, check=False)
    judged = subprocess.run(
        ["systemd-analyze", "security", "--offline=yes", f"--threshold={EXPOSURE_MAX}", "--no-pager", str(path)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert "ProtectSistem" in verified.stderr
    assert judged.returncode != 0


@pytest.mark.parametrize("name", NAMES)
def test_every_unit_reads_the_one_file_of_settings(name):
    text = (UNITS / name).read_text("utf-8")

    assert "--config /etc/sogdia/%i.toml" in text


@pytest.mark.parametrize("name", NAMES)
def test_a_unit_starts_a_command_that_there_is_with_options_that_it_has(name):
    (line,) = (each for each in (UNITS / name).read_text("utf-8").splitlines() if each.startswith("ExecStart="))
    words = line.split()[1:]
    command: click.Command = sogdia
    while isinstance(command, click.Group):
        found = command.get_command(click.Context(command), words.pop(0))
        assert found is not None
        command = found

    options = {each for param in command.params if isinstance(param, click.Option) for each in param.opts}
    assert {word for word in words if word.startswith("--")} <= options
