"""Four organisations, one ledger: the real engine, real processes, on loopback."""

import pytest

from sogdia.client.connection import Connection
from tests.network.running import Load

FOUR = ("cn-platform", "kz-bank", "uz-post", "ke-customs")


def test_what_one_node_acknowledges_all_nodes_have(four):
    load = Load(four, "uz-post")
    four.until(lambda: len(load.acknowledged) >= 20, "too little was acknowledged")
    load.stop()

    height = four.agrees()

    assert load.check() >= 20
    assert height >= 2


@pytest.mark.parametrize("version", ["engine_before"])
def test_the_line_before_works_the_same(make_network, request, version):
    network = make_network(request.getfixturevalue(version))
    network.up()
    load = Load(network, "cn-platform")
    network.until(lambda: len(load.acknowledged) >= 10, "too little was acknowledged")
    load.stop()

    network.agrees()

    assert load.check() >= 10


def test_a_node_that_was_away_catches_up(four):
    four.kill("ke-customs", "pair", "engine", "application")
    load = Load(four, "kz-bank")
    before = four.height("kz-bank")
    four.until(lambda: four.height("kz-bank") >= before + 10, "three of four do not go on")
    four.up("ke-customs")
    load.stop()

    four.agrees()

    assert load.check() > 0


def test_two_of_four_do_not_decide_and_four_go_on(four):
    four.down("uz-post", "ke-customs")
    height = four.height("kz-bank")
    with Connection(four.place("kz-bank")) as connection:
        status = connection.status()

    assert status.durable_height - height <= 1
    four.up("uz-post", "ke-customs")
    four.goes_on()
    four.agrees()


@pytest.mark.parametrize("part", ["application", "engine"])
def test_either_part_takes_the_other_along_and_both_come_back(four, part):
    before = four.processes("uz-post")
    load = Load(four, "cn-platform")

    four.kill("uz-post", part)
    four.until(
        lambda: not set(before.values()) - {before["pair"]} & set(four.processes("uz-post").values()),
        "the two have not begun anew",
    )
    four.goes_on()
    load.stop()

    four.agrees()
    assert load.check() > 0
