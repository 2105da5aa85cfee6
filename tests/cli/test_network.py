"""`sogdia network`: what is made, and what is said when something does not fit. No engine is needed for this."""

import json
from base64 import b64encode

import pytest

from sogdia.cli.exits import Exit
from sogdia.client.codes import account_code
from sogdia.kernel.signature import ED25519, verify
from sogdia.kernel.values import NO_ACCOUNT, account_of
from sogdia.modules.identity.node_keys import possession_message, rotation_message
from sogdia.network.creating import add_node, read_plan


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


@pytest.fixture
def house(sogdia, tmp_path):
    """A network's folder with one node more."""
    sogdia("network", "create", "--organisations", "kz-bank,uz-post", tmp_path / "house")
    add_node(tmp_path / "house", "ug-carrier")
    return tmp_path / "house"


def test_a_validator_key_is_shown_to_be_held_for_an_organisation(sogdia, house, tmp_path):
    network = bytes.fromhex(read_plan(house).network)
    account = account_of(network, account_of(network, NO_ACCOUNT, "uz-post"), "ug-carrier")

    words = ("network", "prove-key", house / "ug-carrier", "@uz-post/ug-carrier", "--keys", tmp_path)
    said, told = sogdia(*words), sogdia(*words, "--json").document

    public, possession = bytes.fromhex(told["public"]), bytes.fromhex(told["possession"])
    assert bytes.fromhex(told["account"]) == account
    assert verify(ED25519, public, possession_message(network, account, public), possession)
    assert f"propose-admission --account {account_code(account)} --public {public.hex()}" in said.out


def test_the_next_key_is_made_once_and_both_keys_sign_for_it(sogdia, house):
    network = bytes.fromhex(read_plan(house).network)

    told = sogdia("network", "change-key", house / "ug-carrier", "--json").document
    again = sogdia("network", "change-key", house / "ug-carrier", "--json").document

    old, new, endorsement, acceptance = (
        bytes.fromhex(told[each]) for each in ("old", "new", "endorsement", "acceptance")
    )
    message = rotation_message(network, old, new)
    assert verify(ED25519, old, message, endorsement)
    assert verify(ED25519, new, message, acceptance)
    assert told == again
    assert (house / "ug-carrier/engine/config/priv_validator_key.next.json").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("harm", "why"),
    [
        (lambda key: key.unlink(), "no validator key that can be read"),
        (lambda key: key.write_text("{}"), "no validator key that can be read"),
        (lambda key: key.write_text('{"priv_key": {"value": "AAAA"}}'), "no validator key that can be read"),
        (
            lambda key: key.write_text(json.dumps({"priv_key": {"value": b64encode(bytes(64)).decode()}})),
            "do not belong together",
        ),
    ],
)
def test_a_key_file_that_is_none_is_refused_and_nothing_is_made(sogdia, house, harm, why):
    config = house / "ug-carrier/engine/config"
    harm(config / "priv_validator_key.json")

    said = sogdia("network", "change-key", house / "ug-carrier")

    assert said.status == Exit.USAGE
    assert why in said.err
    assert not (config / "priv_validator_key.next.json").exists()
