"""`sogdia network`: what is made, and what is said when something does not fit. No engine is needed for this."""

import json

import pytest

from sogdia.cli.exits import Exit
from sogdia.network.creating import read_plan


@pytest.mark.parametrize(
    ("names", "why"),
    [
        ("xx-bank", "no country of ISO 3166"),
        ("kz-smith", "nothing is known of the trade 'smith'"),
        ("KZ-bank", "no name of an organisation"),
        ("kz-bank,kz-bank", "is named twice"),
        ("", "0 are named"),
        ("kz-bank-of-the-whole-steppe", "at most 16 small letters"),
    ],
)
def test_names_that_say_nothing_are_refused_with_what_would_do(sogdia, tmp_path, names, why):
    done = sogdia("network", "create", "--organisations", names, tmp_path / "house")

    assert done.status == Exit.USAGE
    assert why in done.err
    assert not (tmp_path / "house").exists()


def test_each_organisation_gets_a_folder_keys_and_the_same_genesis(sogdia, tmp_path):
    house = tmp_path / "house"

    done = sogdia("network", "create", "--organisations", "kz-bank,uz-post", house, "--json")

    assert done.status == Exit.DONE
    plan = read_plan(house)
    assert done.document["network"] == plan.network
    assert [each.organisation for each in plan.nodes] == ["kz-bank", "uz-post"]
    engines = [json.loads((house / name / "engine/config/genesis.json").read_text()) for name in ("kz-bank", "uz-post")]
    assert engines[0] == engines[1]
    keys = [(house / name / "engine/config/priv_validator_key.json") for name in ("kz-bank", "uz-post")]
    assert keys[0].read_bytes() != keys[1].read_bytes()
    assert {path.stat().st_mode & 0o777 for path in keys} == {0o600}
    assert 'laddr = "unix://' in (house / "kz-bank/engine/config/config.toml").read_text()


def test_nothing_is_ever_overwritten(sogdia, tmp_path):
    (tmp_path / "house").mkdir()
    (tmp_path / "house" / "letter").write_text("mine")

    done = sogdia("network", "create", "--organisations", "kz-bank", tmp_path / "house")

    assert done.status == Exit.USAGE
    assert "is not empty" in done.err
    assert [each.name for each in (tmp_path / "house").iterdir()] == ["letter"]


def test_one_host_is_named_for_each_organisation(sogdia, tmp_path):
    done = sogdia("network", "create", "--organisations", "kz-bank,uz-post", "--hosts", "one.kz", tmp_path / "house")

    assert done.status == Exit.USAGE
    assert "2 organisations and 1 hosts" in done.err


def test_a_node_is_added_once(sogdia, tmp_path):
    house = tmp_path / "house"
    sogdia("network", "create", "--organisations", "kz-bank", house)

    first = sogdia("network", "add-node", house, "tz-reader")
    again = sogdia("network", "add-node", house, "tz-reader")

    assert (first.status, again.status) == (Exit.DONE, Exit.USAGE)
    assert "has a node 'tz-reader' already" in again.err
    assert [each.validates for each in read_plan(house).nodes] == [True, False]


def test_a_network_that_does_not_run_says_how_to_start_it(sogdia, tmp_path):
    house = tmp_path / "house"
    sogdia("network", "create", "--organisations", "kz-bank", house)

    status = sogdia("network", "status", house)
    missing = sogdia("network", "status", tmp_path / "nothing")

    assert status.status == Exit.UNREACHABLE
    assert "does not run" in status.out
    assert missing.status == Exit.USAGE
    assert "sogdia network create" in missing.err


def test_without_the_engine_it_is_said_how_to_get_it(sogdia, tmp_path, monkeypatch):
    house = tmp_path / "house"
    sogdia("network", "create", "--organisations", "kz-bank", house)
    monkeypatch.setenv("SOGDIA_COMETBFT", str(tmp_path / "nothing"))

    done = sogdia("network", "up", house)

    assert done.status == Exit.USAGE
    assert "go install github.com/cometbft/cometbft/cmd/cometbft@" in done.err
