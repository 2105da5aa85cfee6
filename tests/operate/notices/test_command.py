"""`sogdia notices` as people run it: consent, mails from a process of its own, a kill in the middle, and forgetting."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time

import pytest

from sogdia.cli.running import run
from sogdia.client.codes import account_code
from tests.modules.market.shop import MERCHANT, place
from tests.operate.notices.receivers import Mailbox, mail_server
from tests.operate.notices.trade_node import trading

SECONDS_MAX = 20.0
ADDRESS = "zarina@example.org"


def until(condition):
    end = time.monotonic() + SECONDS_MAX
    while not condition():
        assert time.monotonic() < end, "it did not come true in time"
        time.sleep(0.05)


@pytest.fixture
def box():
    return Mailbox()


@pytest.fixture
def settings(tmp_path, box):
    with mail_server(box) as port:
        path = tmp_path / "house.toml"
        lines = (
            "[notices]",
            f'folder = "{tmp_path / "notices"}"',
            "poll_seconds = 1",
            "retry_seconds = 1",
            'smtp_host = "127.0.0.1"',
            f"smtp_port = {port}",
            'smtp_security = "none"',
            'mail_from = "notices@example.org"',
            "[log]",
            'format = "json"',
        )
        path.write_text("\n".join(lines), "utf-8")
        yield path


def notices(node, settings, log):
    command = [sys.executable, "-m", "sogdia", "notices", "run", "--node", str(node), "--config", str(settings)]
    with log.open("ab") as stream:
        return subprocess.Popen(command, stderr=stream)


def test_who_agrees_is_told_by_mail_and_who_says_stop_is_forgotten(tmp_path, box, settings, capfd):
    log = tmp_path / "log"
    with trading(tmp_path / "node") as trade:
        account = account_code(trade.account(MERCHANT))
        words = [account, "--config", str(settings)]
        assert run(["notices", "subscribe", *words, "--channel", "mail", "--address", ADDRESS, "--language", "uz"]) == 0
        process = notices(tmp_path / "node", settings, log)
        try:
            until(lambda: len(box.mails) == 1)
            code = re.search(r"kodingiz: (\w{8})", box.mails[0].get_content())
            assert code is not None
            place(trade)
            assert run(["notices", "confirm", account, "wrong", "--config", str(settings)]) == 1
            assert run(["notices", "confirm", account, code.group(1), "--config", str(settings)]) == 0
            place(trade, reference="o2")
            until(lambda: len(box.mails) >= 2)
            assert box.mails[1]["Subject"] == "Buyurtma yangiligi"
            assert run(["notices", "forget", *words]) == 0
            place(trade, reference="o3")
            until(lambda: trade.client.height() > 0)
            time.sleep(2)
            told = len(box.mails)
        finally:
            process.send_signal(signal.SIGTERM)
            assert process.wait(SECONDS_MAX) == 0
    assert told <= 3
    assert run(["notices", "status", "--config", str(settings)]) == 0
    said = capfd.readouterr().out
    assert "subscriptions   0" in said
    assert "Erased 1 subscriptions." in said
    assert ADDRESS not in log.read_text("utf-8")


def test_killed_the_moment_a_mail_was_taken_it_tells_again_under_the_same_id_and_loses_nothing(tmp_path, box, settings):
    log = tmp_path / "log"
    with trading(tmp_path / "node") as trade:
        account = account_code(trade.account(MERCHANT))
        words = ["--channel", "mail", "--address", ADDRESS, "--consented", "--config", str(settings)]
        assert run(["notices", "subscribe", account, *words]) == 0
        process = notices(tmp_path / "node", settings, log)
        box.on_mail = lambda: os.kill(process.pid, signal.SIGKILL)
        place(trade)
        assert process.wait(SECONDS_MAX) == -signal.SIGKILL
        box.on_mail = lambda: None

        process = notices(tmp_path / "node", settings, log)
        try:
            until(lambda: len(box.mails) == 2)
            place(trade, reference="o2")
            until(lambda: len(box.mails) == 3)
            time.sleep(1.5)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(SECONDS_MAX)

    ids = [mail["Message-ID"] for mail in box.mails]
    assert len(ids) == 3
    assert ids[0] == ids[1] != ids[2]


def test_a_node_that_is_away_is_waited_for(tmp_path, box, settings):
    log = tmp_path / "log"
    process = notices(tmp_path / "node", settings, log)
    try:
        until(lambda: "the node is waited for" in log.read_text("utf-8"))
        with trading(tmp_path / "node") as trade:
            account = account_code(trade.account(MERCHANT))
            words = ["--channel", "mail", "--address", ADDRESS, "--consented", "--config", str(settings)]
            assert run(["notices", "subscribe", account, *words]) == 0
            place(trade)
            until(lambda: len(box.mails) == 1)
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(SECONDS_MAX) == 0


@pytest.mark.parametrize(
    "words",
    [
        ("--channel", "mail", "--address", "zarina"),
        ("--channel", "sms", "--address", "+254712345678", "--language", "tlh"),
        ("--channel", "push", "--address", "{}"),
    ],
)
def test_what_cannot_be_told_is_refused_in_words(settings, words, capfd):
    status = run(["notices", "subscribe", account_code(bytes(20)), *words, "--config", str(settings)])

    assert status == 2
    assert "Traceback" not in capfd.readouterr().err


def test_without_a_folder_there_are_no_notices(capfd, monkeypatch):
    monkeypatch.delenv("SOGDIA_NOTICES_FOLDER", raising=False)

    assert run(["notices", "status"]) == 2
    assert "notices.folder" in capfd.readouterr().err


def test_a_secret_that_cannot_be_read_is_told_at_the_start(tmp_path, settings):
    lines = ['smtp_security = "starttls"', 'smtp_user = "sogdia"', f'smtp_password_file = "{tmp_path / "gone"}"']
    text = settings.read_text("utf-8").replace('smtp_security = "none"', "\n".join(lines))
    settings.write_text(text, "utf-8")

    process = notices(tmp_path / "node", settings, tmp_path / "log")

    assert process.wait(SECONDS_MAX) != 0
    assert "gone" in (tmp_path / "log").read_text("utf-8")
