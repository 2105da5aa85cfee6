"""The guide for operators says what is there: its commands, its figures, its alarms."""

from __future__ import annotations

import re
from pathlib import Path

import click
import pytest

from sogdia.cli.running import sogdia
from sogdia.operate.figures import FIGURES
from sogdia.settings.sources import gather

ROOT = Path(__file__).parent.parent.parent
GUIDE = (ROOT / "docs" / "guides" / "operate.md").read_text("utf-8")
ALERTS = (ROOT / "deploy" / "prometheus" / "alerts.yml").read_text("utf-8")
COMMANDS = sorted({line.strip() for line in GUIDE.splitlines() if line.startswith("    sogdia ")})


def test_every_alarm_stands_in_the_table_and_the_other_way_round():
    named = set(re.findall(r"- alert: (\w+)", ALERTS))

    assert named == set(re.findall(r"^\| (Sogdia\w+) \|", GUIDE, re.MULTILINE))


def test_alarms_speak_of_declared_figures():
    figures = {figure.name for figure in FIGURES}

    assert set(re.findall(r"sogdia_\w+", ALERTS)) <= figures


@pytest.mark.parametrize("line", COMMANDS)
def test_a_command_of_the_guide_has_these_options(line):
    words = line.partition("#")[0].split()[1:]
    command: click.Command = sogdia
    while isinstance(command, click.Group):
        found = command.get_command(click.Context(command), words.pop(0))
        assert found is not None
        command = found
    options = {name for param in command.params if isinstance(param, click.Option) for name in param.opts}

    assert {word for word in words if word.startswith("--")} <= options


def test_the_guides_settings_are_right(tmp_path):
    blocks = re.findall(r"(?:^    .*\n|^\n)+", GUIDE, re.MULTILINE)
    settings = [block for block in blocks if re.search(r"^    \[\w+\]$", block, re.MULTILINE)]
    path = tmp_path / "house.toml"
    path.write_text("\n".join(line.strip() for block in settings for line in block.splitlines()), "utf-8")

    found = gather(path)

    assert found.settings.metrics.listen == "127.0.0.1:9464"
    assert found.settings.notices.smtp_host == "mail.example.org"
