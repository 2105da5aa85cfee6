"""The explorer as a process: started by its command with an index of its own, below a path, and without its sources."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from html import unescape
from threading import Thread
from typing import TYPE_CHECKING

import pytest
import uvicorn
from msgspec.structs import replace
from starlette.applications import Starlette
from starlette.routing import Mount

from sogdia.client import keys as key_files
from sogdia.demo.play import beside_the_demo
from sogdia.demo.stage import running, set_up
from sogdia.kernel.signature import ED25519, verify
from sogdia.settings.sections import ExplorerSettings
from sogdia.testing.ledger import keys_of
from sogdia.web.explorer import explorer
from sogdia.web.explorer.serving import CannotListenError, own_names, serving
from tests.web.playing import ROOT, Played
from tests.web.visiting import Site

if TYPE_CHECKING:
    from pathlib import Path

SOGDIA = (sys.executable, "-m", "sogdia")
SOMEWHERE = ExplorerSettings(listen="127.0.0.1:0")


def environment(home: Path) -> dict[str, str]:
    known = {name: value for name, value in os.environ.items() if not name.startswith("SOGDIA_")}
    return {**known, "PYTHONPATH": str(ROOT / "src"), "HOME": str(home)}


def test_the_command_serves_the_pages_and_keeps_their_index(played, tmp_path):
    (played.folder / "index.sqlite").rename(tmp_path / "index.sqlite")  # it has to make one of its own
    command = [*SOGDIA, "explorer", "start", str(played.folder), "--listen", "127.0.0.1:0"]
    process = subprocess.Popen(
        command, env=environment(tmp_path), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        address = process.stdout.readline().strip().rpartition(" ")[2]
        words = waited_for(Site(address, played), "All is well")
        assert "Approve return" in words
    finally:
        process.send_signal(signal.SIGTERM)
        _out, err = process.communicate(timeout=30)
        for each in played.folder.glob("index.sqlite*"):
            each.unlink()
        (tmp_path / "index.sqlite").rename(played.folder / "index.sqlite")

    assert process.returncode == 0
    assert err.endswith("The explorer has stopped.\n")


def waited_for(site: Site, words: str) -> str:
    said, until = "", time.monotonic() + 20
    while time.monotonic() < until:
        said = site.get("/").words
        if words in said:
            return said
        time.sleep(0.1)
    raise AssertionError(said)


@pytest.mark.parametrize("listen", ["8081", "localhost:", "127.0.0.1:99999", "a b:1"])
def test_a_place_to_listen_that_is_none_is_named_as_such(tmp_path, listen):
    done = subprocess.run(
        [*SOGDIA, "explorer", "start", str(tmp_path), "--listen", listen],
        env=environment(tmp_path), capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip

    assert done.returncode == 2
    assert "explorer.listen" in done.stderr
    assert "host and port" in done.stderr


def test_a_place_that_is_taken_is_named_as_such(played):
    with serving(played.folder, played.database, SOMEWHERE) as address:
        taken = ExplorerSettings(listen=address.removeprefix("http://"))
        with (
            pytest.raises(CannotListenError, match="cannot be listened on"),
            serving(played.folder, played.database, taken),
        ):
            pass


@pytest.mark.parametrize("name", ["a b", "https://ledger.example", "x/y"])
def test_a_name_of_the_site_that_is_none_is_named_as_such(tmp_path, name):
    done = subprocess.run(
        [*SOGDIA, "explorer", "start", str(tmp_path), "--host", name],
        env=environment(tmp_path), capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip

    assert done.returncode == 2
    assert "explorer.hosts" in done.stderr


@pytest.mark.parametrize(
    ("host", "address", "port", "names"),
    [
        ("127.0.0.1", "127.0.0.1", 8_081, ("127.0.0.1:8081", "localhost:8081")),
        ("localhost", "127.0.0.1", 80, ("localhost", "127.0.0.1")),
        ("::1", "::1", 9_000, ("[::1]:9000", "localhost:9000")),
        ("192.0.2.7", "192.0.2.7", 8_081, ("192.0.2.7:8081",)),
        ("0.0.0.0", "0.0.0.0", 8_081, ("localhost:8081",)),  # noqa: S104 - a place to listen
    ],
)
def test_a_site_that_is_told_no_names_goes_by_its_address(host, address, port, names):
    assert own_names(host, address, port) == names


def test_a_site_makes_and_takes_lines_under_its_own_names_alone(played):
    settings = replace(SOMEWHERE, hosts=("Ledger.example",))
    with serving(played.folder, played.database, settings) as address:
        site = Site(address, played)
        path = f"/enter?account={site.account('nairobi')}"
        other, own = site.get(path), site.get(path, host="LEDGER.example")
        page, foreign = site.get("/", host="evil.example"), site.get(path, host="evil.example")
        taken = site.post("/enter", {"challenge": "", "signature": "00" * 64}, host="evil.example")

    assert "sogdia login to ledger.example network" in own.words
    for answer in (other, foreign, taken):
        assert answer.status == 421
        assert "none of its own" in answer.words
        assert "sogdia login" not in answer.words
    assert page.status == 200


def test_behind_a_web_server_that_speaks_https_people_sign_in_and_get_a_secure_cookie(played):
    settings = replace(SOMEWHERE, hosts=("ledger.example",))
    with serving(played.folder, played.database, settings) as address:
        site = Site(address, played)
        page = site.get(f"/enter?account={site.account('nairobi')}", host="ledger.example").text
        line = unescape(page.partition('name="challenge" value="')[2].partition('"')[0])
        form = {"challenge": line, "signature": keys_of("nairobi").sign(line.encode()).hex()}
        answer = site.post("/enter", form, host="ledger.example", origin="https://ledger.example")

    assert answer.status == 303
    assert "; Secure" in answer.headers["set-cookie"]


def test_the_pages_can_stand_below_a_path_of_another_application(played):
    pages = explorer(played.folder, played.database, ExplorerSettings())
    below = Starlette(routes=[Mount("/explorer", pages)])
    server = uvicorn.Server(uvicorn.Config(below, port=0, log_config=None))
    thread = Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.02)
    try:
        port = server.servers[0].sockets[0].getsockname()[1]
        site = Site(f"http://127.0.0.1:{port}", played)
        waiting = ["/explorer/", "/explorer/find?q=3", f"/explorer/check/party/{site.account('bank')}"]
        seen: set[str] = set()
        while waiting and len(seen) < 40:
            path = waiting.pop()
            seen.add(path)
            answer = site.get(path)
            assert answer.status in (200, 303, 405), path
            if not answer.headers.get("content-type", "").startswith("text/html"):
                continue
            found = [each for each in answer.links if each.startswith("/")]
            assert all(each.startswith("/explorer") for each in found), path
            waiting += [each for each in found if each not in seen]
        assert 'aria-current="page"' in site.get("/explorer/blocks").text
        assert 'data-proof="/explorer/proofs/party/' in site.get(f"/explorer/check/party/{site.account('bank')}").text
    finally:
        server.should_exit = True
        thread.join(10)
        pages.state.sources.close()


def test_the_demo_serves_its_network_also_where_the_usual_port_is_taken(tmp_path):
    stage = set_up(tmp_path / "node")
    with socket.socket() as taken, running(stage):
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        with suppress(OSError):
            taken.bind(("127.0.0.1", 8_081))
            taken.listen()
        with beside_the_demo(stage) as address:
            words = waited_for(Site(address, None), "All is well")

    assert not address.endswith(":8081")
    assert "Trades of the network sogdia-demo" in words


def test_without_a_node_lists_are_shown_and_the_rest_says_when_to_come_again(tmp_path):
    played = Played(tmp_path / "node")
    with played.running():
        played.send_mint()
        played.index()
    with serving(played.folder, played.database, SOMEWHERE) as address:
        site = Site(address, played)
        home, health, party = site.get("/"), site.get("/health"), site.get(f"/parties/{site.account('bank')}")
        transaction = site.get(site.transaction("mint"))
        line = site.get(f"/enter?account={site.account('bank')}")

    assert "The node does not answer" in home.words
    assert "Mint applied" in home.words
    assert "State does not answer" in health.words
    assert party.status == 200
    for answer in (transaction, line):
        assert answer.status == 503
        assert answer.headers["retry-after"] == "5"
        assert "The node does not answer" in answer.words


def test_without_an_index_health_says_so_and_the_rest_says_when_to_come_again(played, tmp_path):
    for database in (f"sqlite:///{tmp_path / 'none.sqlite'}", f"sqlite:///{tmp_path}", "nonsense"):
        with serving(played.folder, database, SOMEWHERE) as address:
            site = Site(address, played)
            home, health = site.get("/"), site.get("/health")

        assert home.status == 503
        assert "The index behind the lists does not answer" in home.words
        assert health.status == 200
        assert "index does not answer" in health.words
    assert not (tmp_path / "none.sqlite").exists()


def test_a_node_that_comes_back_is_found_again(tmp_path):
    played = Played(tmp_path / "node")
    with serving(played.folder, played.database, SOMEWHERE) as address:
        site = Site(address, played)
        for _time in range(2):
            with played.running():
                assert "answers" in site.get("/health").words
                assert site.get("/genesis.json").status == 200
            assert "does not answer" in site.get("/health").words


# ------------------------------------------------------------------------------------------------- signing on the line


def signed_by(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [*SOGDIA, "keys", "sign-challenge", *words, "--keys", str(folder)]
    return subprocess.run(command, env=environment(folder), capture_output=True, text=True, timeout=60, check=False)


def test_the_command_signs_the_line_of_a_site(site, tmp_path):
    key_files.save(tmp_path / "nairobi.key", keys_of("nairobi"), "", unprotected=True)
    line = site.challenge("nairobi")

    done = signed_by(tmp_path, "nairobi", line)
    answer = site.post("/enter", {"challenge": line, "signature": done.stdout})

    assert answer.status == 303
    assert verify(ED25519, keys_of("nairobi").public, line.encode(), bytes.fromhex(done.stdout))


@pytest.mark.parametrize("text", ["x" * 32, "send all my money", ""])
def test_the_command_signs_nothing_else(tmp_path, text):
    key_files.save(tmp_path / "nairobi.key", keys_of("nairobi"), "", unprotected=True)

    done = signed_by(tmp_path, "nairobi", text)

    assert done.returncode == 2
    assert "no line to sign in with" in done.stderr
    assert done.stdout == ""
