"""`sogdia simulate payments` as somebody at a terminal meets it."""

from __future__ import annotations

import json

import pytest

from sogdia.cli.exits import Exit
from sogdia.cli.running import run
from sogdia.simulate.payments import sources
from sogdia.simulate.payments.promises import PromiseBroken
from sogdia.simulate.payments.replay import Player

OWN = "date,base,quote,rate\n" + "".join(f"2026-03-{day:02},CNY,XAF,{84 + day % 3}.{day:02}\n" for day in range(1, 29))
"""Four weeks of a money without minor units."""

SHILLING = "KES, February 2024: China-Kenya"


@pytest.fixture
def said(capfd):
    def call(*words: object) -> tuple[int, str, str]:
        status = int(run(["simulate", "payments", *(str(word) for word in words)]))
        out, err = capfd.readouterr()
        return status, out, err

    return call


@pytest.fixture
def own(tmp_path):
    path = tmp_path / "own.csv"
    path.write_text(OWN, "utf-8")
    return path


def test_a_file_of_ones_own_is_replayed_instead(said, own):
    status, out, _err = said("--rates", own, "--orders", 3, "--json")

    document = json.loads(out)
    assert status == Exit.DONE
    assert [(each["name"], each["kind"]) for each in document["replays"]] == [("CNY bought with XAF", "own")]
    played = document["replays"][0]
    assert played["orders"] >= 1
    assert played["orders"] + played["not_placed"] == 3
    assert document["left_out"] == {"CNY bought with XAF, returns": "too short for the returns of whole orders"}
    assert document["replays"][0]["last"] <= "2026-03-28"
    assert document["tables"][0]["title"] == "Series of your own: who bears the rate"


@pytest.mark.parametrize("ending", ["md", "html", "json"])
def test_the_report_has_the_form_that_its_files_ending_asks_for(said, own, tmp_path, ending):
    report = tmp_path / f"report.{ending}"

    status, out, _err = said("--rates", own, "--orders", 2, "--report", report)

    assert status == Exit.DONE
    assert "SERIES OF YOUR OWN" in out
    words = report.read_text("utf-8")
    assert {"md": words[:2] == "# ", "html": words.startswith("<!doctype html>"), "json": words[0] == "{"}[ending]
    assert "CNY bought with XAF" in words


def test_another_ending_is_refused_before_anything_is_played(said, tmp_path):
    status, _out, err = said("--report", tmp_path / "report.docx")

    assert status == Exit.USAGE
    assert "ends in no form of a report" in err
    assert not (tmp_path / "report.docx").exists()


def test_a_malformed_file_is_refused_with_its_line(said, tmp_path):
    path = tmp_path / "wrong.csv"
    path.write_text(OWN.replace("2026-03-09", "2026-03-08"), "utf-8")

    status, _out, err = said("--rates", path)

    assert status == Exit.USAGE
    assert "wrong.csv, line 10: CNY to XAF stands there twice for 2026-03-08." in err


def test_a_file_too_short_for_dealers_to_know_a_past_is_refused(said, tmp_path):
    path = tmp_path / "short.csv"
    path.write_text("".join(OWN.splitlines(keepends=True)[:6]), "utf-8")

    status, _out, err = said("--rates", path)

    assert status == Exit.USAGE
    assert "no replay: is left, too short for the returns of whole orders; without a rate on the chosen days" in err


def test_days_cut_the_replays(said):
    status, out, _err = said("--from", "2024-03-04", "--to", "2024-03-08", "--orders", 2, "--json")

    document = json.loads(out)
    assert status == Exit.DONE
    assert [each["name"] for each in document["replays"]] == [SHILLING, f"{SHILLING}, returns"]
    assert {(each["first"], each["last"]) for each in document["replays"]} == {("2024-03-04", "2024-03-06")}
    assert len(document["left_out"]) == 16


def test_without_the_package_what_needs_it_is_left_out_with_the_way_to_have_it(said, monkeypatch):
    def missing(name: str) -> None:
        raise ImportError(name)

    monkeypatch.setattr(sources, "import_module", missing)
    sources._ecb_table.cache_clear()
    try:
        status, out, _err = said("--from", "2021-11-08", "--to", "2024-03-08", "--orders", 1, "--json")
    finally:
        sources._ecb_table.cache_clear()

    document = json.loads(out)
    assert status == Exit.DONE
    assert {each["pays"] for each in document["replays"]} == {"PKR", "AED", "KES"}
    lacking = [name for name, reason in document["left_out"].items() if "pip install 'sogdia[simulate]'" in reason]
    names = ["TRY, autumn 2021: China-Turkiye", "RUB, February and March 2022: China-Russia"]
    assert lacking == [*names, *(f"{name}, returns" for name in names)]


def test_a_broken_promise_fails_loudly(said, own, monkeypatch):
    def broken(_player: object, _tell: object) -> None:
        raise PromiseBroken("order o7: the buyer lost 1 by the rate, and must lose nothing")

    monkeypatch.setattr(Player, "play", broken)

    status, _out, err = said("--rates", own)

    assert status == Exit.DAMAGED
    assert "order o7: the buyer lost 1" in err
